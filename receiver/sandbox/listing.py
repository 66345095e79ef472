"""Lists, whole or in pages, as they are now or as they were at a version. It changes nothing."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from receiver.sandbox import errors, selectors
from receiver.sandbox.paths import Target
from receiver.sandbox.resources import Resource
from receiver.sandbox.store import Store

Object = dict[str, Any]
Query = dict[str, str]
_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new "
    "list without the continue parameter."
)


@dataclass(frozen=True, slots=True)
class Page:
    """Some objects of a kind and the list's own metadata."""

    items: list[Object]
    metadata: Object


def page(store: Store, target: Target, query: Query) -> Page:
    """Return the objects that a query selects, at most `limit` of them.

    Raises:
        ApiError: 400 a parameter cannot be read, 410 the history no longer goes back to that version,
            422 parameters that do not go together, 504 a version that is not there yet.
    """
    check(query, "list")
    chosen = selection(target, query)
    limit, start, at = number(query.get("limit") or "0"), ("", ""), 0
    if query.get("continue"):
        at, start = _read_token(query["continue"])
    elif query.get("resourceVersionMatch") == "Exact":
        at = version_of(query)
    items, version = _objects(store, target, at=at, asked=version_of(query))
    found = [obj for obj in items if _place(obj) > start and chosen(obj)]
    shown = found[:limit] if limit else found
    metadata: Object = {"resourceVersion": str(version)}
    if len(shown) < len(found):
        metadata["continue"] = _token(version, _place(shown[-1]))
        if not (query.get("labelSelector") or query.get("fieldSelector")):
            metadata["remainingItemCount"] = len(found) - len(shown)
    return Page(shown, metadata)


def selection(target: Target, query: Query) -> Callable[[Object], bool]:
    """Return the test for what a query selects of a kind.

    Raises:
        ApiError: 400.
    """
    labelled = selectors.label_test(query.get("labelSelector", ""))
    by_field = selectors.field_test(target.resource, query.get("fieldSelector", ""))
    return lambda obj: labelled(obj) and by_field(obj)


def version_of(query: Query) -> int:
    """Return the version that a query names, 0 without one.

    Raises:
        ApiError: 400 it is no number.
    """
    text = query.get("resourceVersion") or "0"
    if not text.isdecimal():
        why = f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise errors.bad_request(f"invalid resource version: resourceVersion: {why}")
    return int(text)


def number(text: str) -> int:
    """Read a whole number; a negative one is 0.

    Raises:
        ApiError: 400.
    """
    if not text.lstrip("-").isdecimal():
        raise errors.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return max(int(text), 0)


def check(query: Query, verb: str) -> None:
    """Refuse parameters that do not go together, `verb` being list or watch.

    Raises:
        ApiError: 422.
    """
    match = query.get("resourceVersionMatch", "")
    if match not in {"", "Exact", "NotOlderThan"}:
        why = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan", ""'
        raise _invalid("resourceVersionMatch", "FieldValueNotSupported", why)
    if "sendInitialEvents" in query:
        if verb == "list":
            raise _forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")
        if match != "NotOlderThan":
            why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            raise _forbidden("resourceVersionMatch", why)
    elif match and verb == "watch":
        raise _forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch")
    elif match and not query.get("resourceVersion"):
        why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        raise _forbidden("resourceVersionMatch", why)


def _objects(store: Store, target: Target, *, at: int, asked: int) -> tuple[list[Object], int]:
    """Return the objects now, or at version `at` unless that is 0; and the version."""
    with store.changed:
        items, version = store.list(target.resource, target.namespace)
        if max(at, asked) > version:
            raise _too_large(max(at, asked), version)
        if target.name:
            items = [obj for obj in items if obj["metadata"]["name"] == target.name]
        return (_past(store, target, items, at), at) if at else (items, version)


def _past(store: Store, target: Target, items: list[Object], version: int) -> list[Object]:
    """Take back what happened since a version."""
    found = {_place(obj): obj for obj in items}
    try:
        events = [e for e in store.since(version) if _concerns(e.key, e.namespace, target)]
    except errors.ApiError as e:
        raise errors.expired(_TOO_OLD) from e
    for event in reversed(events):
        place = _place(event.obj)
        if event.before is None:
            found.pop(place, None)
        else:
            found[place] = event.before
    return [found[place] for place in sorted(found)]


def _concerns(key: tuple[str, str], namespace: str, target: Target) -> bool:
    return key == target.resource.key and target.namespace in {"", namespace}


def _place(obj: Object) -> tuple[str, str]:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _token(version: int, last: tuple[str, str]) -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": last}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_token(token: str) -> tuple[int, tuple[str, str]]:
    try:
        found = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, name = found["start"]
        return int(found["rv"]), (str(namespace), str(name))
    except (ValueError, KeyError, TypeError) as e:
        raise errors.bad_request(f"invalid continue token: continue key is not valid: {e}") from e


def _forbidden(field: str, why: str) -> errors.ApiError:
    return _invalid(field, "FieldValueForbidden", f"Forbidden: {why}")


def _invalid(field: str, reason: str, message: str) -> errors.ApiError:
    return errors.invalid("meta.k8s.io", "ListOptions", "", [(field, reason, message)])


def _too_large(asked: int, version: int) -> errors.ApiError:
    message = f"Timeout: Too large resource version: {asked}, current: {version}"
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return errors.ApiError(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})


def shown(resource: Resource, obj: Object) -> Object:
    """Return an object as one of the version asked for: a custom kind's versions share what is stored."""
    return {**obj, "kind": resource.kind, "apiVersion": resource.api_version}


def listed(resource: Resource, found: Page) -> Object:
    """Return a list's body; built-in kinds leave the items' kind and apiVersion out."""
    if resource.custom is None:
        items = [{k: v for k, v in obj.items() if k not in {"kind", "apiVersion"}} for obj in found.items]
    else:
        items = [shown(resource, obj) for obj in found.items]
    head = {"kind": resource.list_kind, "apiVersion": resource.api_version}
    return {**head, "metadata": found.metadata, "items": items}
