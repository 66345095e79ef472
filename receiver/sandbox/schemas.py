"""The schema of a custom kind: what it drops, fills in and refuses.

What jsonschema refuses is told in `refusals`. Of the rules in x-kubernetes-validations only
`self == oldSelf` is understood, with its message; every other one is passed over. Each function is given the
version's entry in the definition, and changes nothing of what it is given.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from receiver.sandbox import naming, refusals
from receiver.sandbox.errors import Cause

Object = dict[str, Any]
Schema = Mapping[str, Any]
Path = tuple[str | int, ...]
HEAD = frozenset(("apiVersion", "kind", "metadata"))
PRESERVE = "x-kubernetes-preserve-unknown-fields"
LIST_TYPE = "x-kubernetes-list-type"
RULES = "x-kubernetes-validations"
IMMUTABLE = "self == oldSelf"
BLOCKING = (
    *("FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany"),
    "FieldValueTypeInvalid",
)
UNCHECKED = (
    "Invalid value: null: some validation rules were not checked because the object was invalid; correct the "
    "existing errors to complete validation"
)


def prune(version: Schema, obj: Object) -> Object:
    """Return the object without the fields that the schema does not have, and without nulls it forbids."""
    head = {key: value for key, value in obj.items() if key in HEAD}
    return {**_pruned(obj, _root(version)), **head}


def fill(version: Schema, obj: Object) -> Object:
    """Return the object with the schema's defaults."""
    found: Object = _filled(obj, _root(version))
    return found


def unknown(version: Schema, obj: Object) -> list[str]:
    """Return the paths of the fields that the schema does not have."""
    return list(_unknown({k: v for k, v in obj.items() if k not in HEAD}, _root(version), ""))


def causes(
    version: Schema, new: Object, old: Object | None, *, status: bool, before: Iterable[Cause]
) -> list[Cause]:
    """Return what the schema refuses. `old` is None for a new object.

    `status` says that the status alone is written, which the real one then names without its prefix; `before`
    is what was refused already: with some causes the rules are not looked at.
    """
    root = _root(version)
    checked = {key: value for key, value in new.items() if key not in HEAD}
    found = list(refusals.refusals(root, checked, status=status))
    found += _doubles(checked, root, ())
    if _has_rules(root):
        if any(reason in BLOCKING for _, reason, _ in (*before, *found)):
            found.append(("<nil>", "FieldValueInvalid", UNCHECKED))
        elif old is not None:
            found += _changed(new, old, root, ())
    return found


def _root(version: Schema) -> Schema:
    schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    # The head is not the schema's to describe.
    kept = {key: value for key, value in (schema.get("properties") or {}).items() if key not in HEAD}
    return {
        **schema,
        "properties": kept,
        "required": [k for k in schema.get("required") or [] if k not in HEAD],
    }


def _child(schema: Schema, key: str) -> Schema | None:
    """Return a field's schema; None where the schema says nothing of the field."""
    found = (schema.get("properties") or {}).get(key)
    if found is None and isinstance(schema.get("additionalProperties"), dict):
        found = schema["additionalProperties"]
    return found


def _keeps_all(schema: Schema) -> bool:
    return bool(schema.get(PRESERVE) or schema.get("additionalProperties"))


def _pruned(value: Any, schema: Schema | None) -> Any:
    if schema is None:
        return value
    if isinstance(value, list):
        return [_pruned(item, schema.get("items") or {}) for item in value]
    if isinstance(value, float) and schema.get("type") == "integer" and value.is_integer():
        return int(value)
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, item in value.items():
        inner = _child(schema, key)
        own = schema.get("x-kubernetes-embedded-resource") and key in HEAD
        if inner is None and not own and not _keeps_all(schema):
            continue
        if item is not None or inner is None or inner.get("nullable"):
            kept[key] = _pruned(item, inner)
    return kept


def _unknown(value: Any, schema: Schema | None, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from _unknown(item, (schema or {}).get("items"), f"{path}[{i}]")
    if schema is None or not isinstance(value, dict):
        return
    for key, item in value.items():
        inner, place = _child(schema, key), f"{path}.{key}".lstrip(".")
        if inner is None and not _keeps_all(schema):
            yield place
        else:
            yield from _unknown(item, inner, place)


def _filled(value: Any, schema: Schema | None) -> Any:
    if schema is None:
        return value
    if isinstance(value, list):
        return [_filled(item, schema.get("items")) for item in value]
    if not isinstance(value, dict):
        return value
    missing = {
        key: inner["default"]
        for key, inner in (schema.get("properties") or {}).items()
        if "default" in inner and key not in value
    }
    return {key: _filled(item, _child(schema, key)) for key, item in {**value, **missing}.items()}


def _doubles(value: Any, schema: Schema | None, path: Path) -> Iterator[Cause]:
    """Yield the items that a list holds twice where its items have names."""
    if schema is None:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _doubles(item, _child(schema, key), (*path, key))
    elif isinstance(value, list):
        keys, seen = schema.get("x-kubernetes-list-map-keys") or (), []
        for i, item in enumerate(value):
            name = {key: item.get(key) for key in keys} if keys and isinstance(item, dict) else item
            if schema.get(LIST_TYPE) in {"map", "set"} and name in seen:
                yield naming.duplicate(refusals.written((*path, i)), name)
            seen.append(name)
            yield from _doubles(item, schema.get("items"), (*path, i))


def _has_rules(schema: Any) -> bool:
    if isinstance(schema, dict):
        return bool(schema.get(RULES)) or any(_has_rules(value) for value in schema.values())
    return isinstance(schema, list) and any(_has_rules(item) for item in schema)


def _changed(new: Any, old: Any, schema: Schema | None, path: Path) -> Iterator[Cause]:
    """Yield what must stay as it was and did not."""
    if schema is None:
        return
    for rule in schema.get(RULES) or []:
        if " ".join(rule["rule"].split()) == IMMUTABLE and new != old:
            why = rule.get("message") or f"failed rule: {rule['rule']}"
            shown = "" if isinstance(new, dict | list) else f"{json.dumps(new)}: "
            yield refusals.written(path), "FieldValueInvalid", f"Invalid value: {shown}{why}"
    if isinstance(new, dict) and isinstance(old, dict):
        for key in new.keys() & old.keys():
            yield from _changed(new[key], old[key], _child(schema, key), (*path, key))
