"""The bodies of requests, read: JSON, and an object of the kind that the path names. It changes nothing."""

import json
import re
from typing import Any

from receiver.sandbox import errors, protobuf
from receiver.sandbox.exchange import JSON, Request
from receiver.sandbox.resources import Resource, Resources

Object = dict[str, Any]
ACCEPTED = (JSON, protobuf.CONTENT_TYPE)
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_MAY_HAVE_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")
_HEADER = (
    r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'
)
_EXPECTED = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after object key:value pair",
    "Extra data": "after top-level value",
}


def read_json(text: bytes) -> Any:
    """Read a body.

    Raises:
        ValueError: it is not JSON; the message says where, as Go does.
    """
    try:
        value = json.loads(text, parse_constant=_refused)
        return _whole(value) if _MAY_HAVE_HALVES.search(text) else value
    except json.JSONDecodeError as e:
        if e.pos >= len(e.doc) or e.msg not in _EXPECTED:
            raise ValueError("unexpected end of JSON input") from e
        raise ValueError(f"invalid character '{e.doc[e.pos]}' {_EXPECTED[e.msg]}") from e
    except RecursionError as e:
        raise ValueError("exceeded max depth") from e


def _whole(value: Any) -> Any:
    """Replace every half of a surrogate pair that has lost the other one, as Go does when it reads."""
    return json.loads(_HALF_A_CHARACTER.sub("\ufffd", json.dumps(value, ensure_ascii=False)))


def read_object(request: Request, resource: Resource, resources: Resources) -> Object:
    """Return the object that a POST or PUT carries, with apiVersion, kind and metadata.

    Raises:
        ApiError: 400 no object, or one of another kind; 415 neither JSON nor protobuf.
    """
    sent = _sent(request, resource)
    kind, api_version = sent.get("kind") or "", sent.get("apiVersion") or ""
    if not isinstance(kind, str) or not isinstance(api_version, str):
        why = f"json: cannot unmarshal into Go value of type {_HEADER}"
        raise _unrecognized(resource, request.body, why)
    if resource.custom is None:
        kind, api_version = kind or resource.kind, api_version or resource.api_version
        _check_kind(resource, api_version, kind, resources)
    else:
        _check_custom_kind(resource, api_version, kind, request.body)
    metadata = sent.get("metadata") or {}
    if not isinstance(metadata, dict):
        why = f"json: cannot unmarshal {_named(metadata)} into Go struct field {resource.kind}.metadata"
        raise _cannot(resource.kind, resource.version, resource, f"{why} of type v1.ObjectMeta")
    rest = {key: value for key, value in sent.items() if key not in {"kind", "apiVersion", "metadata"}}
    return {"kind": kind, "apiVersion": api_version, "metadata": metadata, **rest}


def unregistered(api_version: str, kind: str) -> str:
    """Say that there is no such kind."""
    return f'no kind "{kind}" is registered for version "{api_version}" in scheme "pkg/runtime/scheme.go:111"'


def _sent(request: Request, resource: Resource) -> Object:
    if request.content_type not in {"", *ACCEPTED}:
        raise errors.unsupported_media_type(ACCEPTED)
    reads = protobuf.read if request.content_type == protobuf.CONTENT_TYPE else read_json
    try:
        sent = reads(request.body)
    except ValueError as e:
        raise _unrecognized(resource, request.body, str(e)) from e
    if sent is None and resource.custom is None:
        return {}
    if not isinstance(sent, dict):
        why = f"json: cannot unmarshal {_named(sent)} into Go value of type {_HEADER}"
        raise _unrecognized(resource, request.body, why)
    return sent


def _check_kind(resource: Resource, api_version: str, kind: str, resources: Resources) -> None:
    if (api_version, kind) == (resource.api_version, resource.kind):
        return
    version = api_version.rpartition("/")[2]
    why = unregistered(api_version, kind)
    if resources.of_kind(api_version, kind) is not None:
        place = resource.group.partition(".")[0] or "core"
        why = f"converting ({version}.{kind}) to ({place}.{resource.kind}): unknown conversion"
    raise _cannot(kind, version, resource, why)


def _check_custom_kind(resource: Resource, api_version: str, kind: str, body: bytes) -> None:
    if not kind:
        text = body.decode(errors="replace")
        said = f"the object provided is unrecognized (must be of type {resource.kind}): "
        raise errors.bad_request(f"{said}Object 'Kind' is missing in '{text}' ({text})")
    for what, held, wanted in (
        ("API version", api_version, resource.api_version),
        ("kind", kind, resource.kind),
    ):
        if held != wanted:
            said = f"the {what} in the data ({held}) does not match the expected {what} ({wanted})"
            raise errors.bad_request(said)


def _refused(constant: str) -> Any:
    raise ValueError(f"invalid character '{constant[0]}' looking for beginning of value")


def _named(value: Any) -> str:
    names = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}
    return names.get(type(value), "object")


def _unrecognized(resource: Resource, body: bytes, why: str) -> errors.ApiError:
    said = f"the object provided is unrecognized (must be of type {resource.kind}): "
    held = body.decode(errors="replace") if body[:1] == b"{" else body.hex()[:64] or "<empty>"
    return errors.bad_request(f"{said}couldn't get version/kind; json parse error: {why} ({held})")


def _cannot(kind: str, version: str, resource: Resource, why: str) -> errors.ApiError:
    return errors.bad_request(f'{kind} in version "{version}" cannot be handled as a {resource.kind}: {why}')
