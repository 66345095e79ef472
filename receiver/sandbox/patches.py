"""Patches by content type: JSON, merge and strategic merge patches. Server-side apply is not served.

What a patch makes is read by the kind's types here; every other rule is admission's. Nothing that is given is
changed.
"""

import json
from types import MappingProxyType
from typing import Any

import jsonpatch
import jsonpointer

from receiver.sandbox import errors, strategic, structs
from receiver.sandbox.errors import ApiError
from receiver.sandbox.resources import Resource

Object = dict[str, Any]
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
ACCEPTED = (JSON_PATCH, MERGE_PATCH)
MAP = "map[string]interface {}"


def apply(resource: Resource, content_type: str, body: bytes, current: Object) -> Object:
    """Return what a patch makes of an object, which may be a Scale of the resource.

    Raises:
        ApiError: 400 the patch cannot be read, or names another object; 415 no such kind of patch here; 422
            it does not fit the object; 500 a broken strategic merge patch, as the real one.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in ACCEPTED and (kind != STRATEGIC_PATCH or resource.custom):
        raise _unsupported(resource)
    try:
        patch = json.loads(body)
    except ValueError as e:
        raise errors.bad_request("invalid JSON patch") from e
    patched = _patched(kind, patch, current, "" if resource.custom else current.get("kind", resource.kind))
    _same_object(resource, patched, current)
    return patched


def _unsupported(resource: Resource) -> ApiError:
    if resource.custom:
        return errors.unsupported_media_type(ACCEPTED)
    return ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def _patched(kind: str, patch: Any, current: Object, name: str) -> Object:
    if kind == JSON_PATCH:
        return _typed(_json_patch(patch, current), name)
    if kind == MERGE_PATCH:
        return _typed(_merge_patch(patch, current), name)
    return _strategic(patch, current, name)


class _Test(jsonpatch.TestOperation):
    """What is absent is null, and 1 is neither 1.0 nor true: so the real one compares."""

    def apply(self, obj: Any) -> Any:
        found = self.pointer.resolve(obj, None)
        if _exact(found) != _exact(self.operation.get("value")):
            raise jsonpatch.JsonPatchTestFailed(self.operation["path"])
        return obj


class _Replace(jsonpatch.ReplaceOperation):
    """What is absent is set, as long as its parent is there: so the real one replaces."""

    def apply(self, obj: Any) -> Any:
        parent, part = self.pointer.to_last(obj)
        if isinstance(parent, dict) and part is not None:
            parent[part] = self.operation["value"]
            return obj
        return super().apply(obj)


class _Patch(jsonpatch.JsonPatch):
    operations = MappingProxyType({**jsonpatch.JsonPatch.operations, "test": _Test, "replace": _Replace})


def _exact(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _json_patch(patch: Any, current: Object) -> Object:
    if patch is None:
        return current
    into = "[]handlers.jsonPatchOp" if not isinstance(patch, list) else "handlers.jsonPatchOp"
    wrong = [patch] if not isinstance(patch, list) else [op for op in patch if not isinstance(op, dict)]
    if wrong:
        raise errors.bad_request(f"error decoding patch: {_unread(wrong[0], into)}")
    try:
        # An operation without a value sets null, as the real one has it.
        found: Object = _Patch([{"value": None, **op} for op in patch]).apply(current)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError) as e:
        raise errors.failed_patch() from e
    return found


def _merge_patch(patch: Any, current: Object) -> Object:
    if patch is None:
        raise errors.bad_request("Invalid JSON Patch")
    if not isinstance(patch, dict):
        raise errors.bad_request(f"error decoding patch: {_unread(patch, MAP)}")
    found: Object = _merged(patch, current)
    return found


def _merged(patch: Any, current: Any) -> Any:
    """Return what RFC 7386 makes of it."""
    if not isinstance(patch, dict):
        return patch
    kept = dict(current) if isinstance(current, dict) else {}
    for key, value in patch.items():
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = _merged(value, kept.get(key))
    return kept


def _strategic(patch: Any, current: Object, name: str) -> Object:
    if patch is None:
        return current
    if not isinstance(patch, dict):
        raise errors.bad_request(_unread(patch, MAP))
    try:
        merged = strategic.merge(name, current, patch)
        structs.decode(name, merged)
    except strategic.UnfitError as e:
        raise _unfit(strategic.go(patch), str(e)) from e
    except structs.MistypedError as e:
        raise _unfit(strategic.go(patch), f"unrecognized type: {str(e).rpartition(' ')[2]}") from e
    return merged


def _typed(patched: Any, name: str) -> Object:
    """Return the object if its fields hold what their types allow."""
    try:
        if not isinstance(patched, dict):
            raise structs.MistypedError("json: cannot unmarshal into an object")
        structs.decode(name, patched)
    except structs.MistypedError as e:
        raise _unfit(json.dumps(patched, separators=(",", ":")), str(e)) from e
    return patched


def _unfit(shown: str, why: str) -> ApiError:
    said = f"Invalid value: {json.dumps(shown)}: {why}"
    return errors.invalid("", "", "", [("patch", "FieldValueInvalid", said)])


def _unread(value: Any, into: str) -> str:
    names = {str: "string", bool: "bool", list: "array", dict: "object"}
    return f"json: cannot unmarshal {names.get(type(value), 'number')} into Go value of type {into}"


def _same_object(resource: Resource, patched: Object, current: Object) -> None:
    """Refuse what only a patch can get wrong; what an update can is admission's."""
    kind, metadata, own = patched.get("kind"), patched.get("metadata") or {}, current["metadata"]
    if kind and kind != current.get("kind"):
        _other_kind(resource, patched)
    for field in ("uid", "deletionTimestamp"):
        sent = metadata.get(field)
        if sent and sent != own.get(field):
            cause = f"metadata.{field}", "FieldValueInvalid", f'Invalid value: "{sent}": field is immutable'
            raise errors.invalid(resource.group, resource.kind, own["name"], [cause])


def _other_kind(resource: Resource, patched: Object) -> None:
    kind = patched.get("kind", "")
    if resource.custom:
        cause = "kind", "FieldValueInvalid", f'Invalid value: "{kind}": must be {resource.kind}'
        raise errors.invalid(resource.group, kind, patched["metadata"]["name"], [cause])
    why = f'no kind "{kind}" is registered for version "{resource.api_version}" in scheme'
    raise _unfit(json.dumps(patched, separators=(",", ":")), f'{why} "pkg/runtime/scheme.go:111"')
