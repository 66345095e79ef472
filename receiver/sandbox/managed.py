"""metadata.managedFields: which writer set which field, and when it last did.

As the real server keeps it for updates; server-side apply is not served. A writer loses a field when another
one changes or removes it, and its entry once nothing is left. A write that only removes leaves no entry.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from receiver.sandbox import clock, structs
from receiver.sandbox.resources import Resource

Object = dict[str, Any]
Path = tuple[str, ...]
Fields = dict[Path, Any]
"""The value at each path; None for what has parts of its own."""
Type = str | Mapping[str, Any]
"""A struct's name or a list's type (see `structs`) or, for a custom kind, its schema."""
IDENTITY = (
    *("name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields"),
    *("resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds"),
)


def record(
    resource: Resource, new: Object, old: Object | None, *, manager: str, subresource: str, now: datetime
) -> list[Object]:
    """Return the entries after a write. `old` is None for a new object."""
    type_: Type = resource.kind if resource.custom is None else _schema(resource.custom)
    nothing = {} if resource.custom else structs.empty(resource.kind)
    before = _fields(nothing if old is None else old, type_)
    after = _fields(new, type_)
    if not subresource and "status" in resource.subresources:
        before, after = _without_status(before), _without_status(after)
    taken = {path for path, value in after.items() if path not in before or before[path] != value}
    gone = set(before) - set(after)
    entries = [] if old is None else old["metadata"].get("managedFields") or []
    if not taken and not gone:
        return list(entries)
    own = {"manager": manager, "operation": "Update", "apiVersion": resource.api_version}
    if subresource:
        own["subresource"] = subresource
    return sorted(_shared(entries, own, taken=taken, gone=gone, now=now), key=_order)


def _without_status(fields: Fields) -> Fields:
    return {path: value for path, value in fields.items() if path[0] != "f:status"}


def _shared(
    entries: list[Object], own: Mapping[str, str], *, taken: set[Path], gone: set[Path], now: datetime
) -> Iterator[Object]:
    """Yield the entries, where the writer has what it took and nobody has what is gone."""
    mine: set[Path] = set()
    for entry in entries:
        held = set(_read(entry.get("fieldsV1") or {}))
        if _writer(entry) == _writer(own):
            mine = held - gone
            if not taken and mine:
                yield _with_fields(entry, mine)
        elif held - taken - gone:
            yield _with_fields(entry, held - taken - gone)
    if taken:
        # The scale subresource's entry has no time in the real one either.
        time = {} if own.get("subresource") == "scale" else {"time": clock.stamp(now)}
        yield _with_fields({**own, **time, "fieldsType": "FieldsV1"}, mine | taken)


def _writer(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(entry.get(key) for key in ("manager", "operation", "apiVersion", "subresource"))


def _order(entry: Object) -> tuple[Any, ...]:
    since = clock.parse(entry["time"]) if entry.get("time") else datetime.fromtimestamp(0, UTC)
    return entry["operation"], since, entry["manager"], entry["apiVersion"], entry.get("subresource", "")


def _fields(obj: Object, type_: Type) -> Fields:
    """Return the object's fields, without those that nobody owns."""
    shown = {key: value for key, value in obj.items() if key not in {"apiVersion", "kind", "metadata"}}
    metadata = {key: value for key, value in obj.get("metadata", {}).items() if key not in IDENTITY}
    found = dict(_walk(shown, type_, ()))
    found.update(_walk(metadata, "ObjectMeta", ("f:metadata",)))
    return {path: value for path, value in found.items() if path and path != ("f:metadata",)}


def _walk(value: Any, type_: Type, path: Path) -> Iterator[tuple[Path, Any]]:
    keys = _keys(type_)
    if isinstance(value, dict) and not _is_leaf(type_):
        yield path, None
        for key, item in value.items():
            yield from _walk(item, _child(type_, key), (*path, f"f:{key}"))
    elif isinstance(value, list) and keys == ("set",):
        yield path, None
        for item in value:
            yield (*path, f"v:{json.dumps(item)}"), item
    elif isinstance(value, list) and keys:
        yield path, None
        for item in value:
            name = json.dumps({key: item[key] for key in sorted(keys) if key in item}, separators=(",", ":"))
            yield from _walk(item, _child(type_, ""), (*path, f"k:{name}"))
    else:
        yield path, value


def _is_leaf(type_: Type) -> bool:
    plain = structs.bare(type_) if isinstance(type_, str) else ""
    return plain == "any" or structs.atomic(plain)


def _keys(type_: Type) -> tuple[str, ...]:
    if isinstance(type_, str):
        return structs.list_keys(type_)
    if type_.get("x-kubernetes-list-type") == "set":
        return ("set",)
    return tuple(type_.get("x-kubernetes-list-map-keys") or ())


def _child(type_: Type, key: str) -> Type:
    """Return the type of a field, or of an item."""
    if isinstance(type_, str):
        plain = structs.bare(type_)
        inside = structs.element(plain) if plain.startswith(("map", "[")) else ""
        return inside or structs.fields(plain).get(key, "any")
    found = (
        type_.get("items") or (type_.get("properties") or {}).get(key) or type_.get("additionalProperties")
    )
    return found if isinstance(found, dict) else {}


def _schema(version: Mapping[str, Any]) -> Mapping[str, Any]:
    return (version.get("schema") or {}).get("openAPIV3Schema") or {}


def _read(fields: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    """Yield the paths that a fieldsV1 holds."""
    if path and (not fields or "." in fields):
        yield path
    for key, inner in fields.items():
        if key != ".":
            yield from _read(inner, (*path, key))


def _with_fields(entry: Object, paths: set[Path]) -> Object:
    """Return the entry with a fieldsV1 that holds the paths."""
    found: Object = {}
    for path in sorted(paths):
        place = found
        for part in path:
            place = place.setdefault(part, {})
        place["."] = {}
    fields = {key: _shortened(value) for key, value in found.items()}
    moved = {"fieldsV1": fields}
    if "subresource" in entry:
        moved["subresource"] = entry["subresource"]
    return {**{key: value for key, value in entry.items() if key not in moved}, **moved}


def _shortened(fields: Object) -> Object:
    if set(fields) == {"."}:
        return {}
    return {key: {} if key == "." else _shortened(value) for key, value in fields.items()}
