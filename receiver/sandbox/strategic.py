"""Strategic merge patches, as far as the built-in kinds served here go.

Which lists merge, and by what, is read from `structs`; every other list is replaced. The directives `$patch`
(replace, delete, merge), `$deleteFromPrimitiveList/…`, `$setElementOrder/…` and `$retainKeys` are understood.
It does not check that a patch's own `$setElementOrder` agrees with its list, as the real one does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from receiver.sandbox import structs
from receiver.sandbox.errors import ApiError

Object = dict[str, Any]
DELETE_FROM = "$deleteFromPrimitiveList/"
ORDER = "$setElementOrder/"
RETAIN = "$retainKeys"
DIRECTIVE = "$patch"


class UnfitError(Exception):
    """The patch holds another type than the field; the text is what the real one says."""


def merge(kind: str, current: Object, patch: Object) -> Object:
    """Return what a patch makes of an object of a built-in kind; neither is changed.

    Raises:
        ApiError: 500 an unknown directive, or an item without its list's merge key; so the real one says.
        UnfitError: a list or an object is patched with something else.
    """
    return _merge_map(current, patch, kind)


def _merge_map(current: Mapping[str, Any], patch: Mapping[str, Any], type_: str) -> Object:
    directive = patch.get(DIRECTIVE)
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != DIRECTIVE}
    if directive == "delete":
        return {}
    _known(directive, patch)
    merged = dict(current)
    if RETAIN in patch:
        merged = {key: value for key, value in merged.items() if key in patch[RETAIN]}
    for key, value in patch.items():
        if not key.startswith("$"):
            _merge_field(merged, key, value, _field_type(type_, key))
    for key, value in patch.items():
        _direct(merged, key, value, type_)
    return merged


def _merge_field(merged: Object, key: str, value: Any, type_: str) -> None:
    current = merged.get(key)
    if value is None:
        merged.pop(key, None)
    elif isinstance(value, dict):
        merged[key] = _merge_map(current if isinstance(current, dict) else {}, value, type_)
        if value.get(DIRECTIVE) == "delete":
            del merged[key]
    elif isinstance(value, list):
        merged[key] = _merge_list(current if isinstance(current, list) else [], value, type_)
    else:
        _fits(value, type_)
        merged[key] = value


def _fits(value: Any, type_: str) -> None:
    """Refuse a scalar where something else belongs; the words are the real one's."""
    plain, said = (
        structs.bare(type_),
        {str: "string", bool: "bool", float: "float64"}.get(type(value), "int64"),
    )
    if plain.startswith("["):
        raise UnfitError(f"cannot restore slice from {said}")
    if plain.startswith("map"):
        raise UnfitError(f"cannot restore map from {said}")
    if structs.known(plain):
        raise UnfitError(f"cannot restore struct from: {said}")


def _direct(merged: Object, key: str, value: Any, type_: str) -> None:
    """Follow a directive on the list next to it."""
    prefix, _, field = key.partition("/")
    if field not in merged or not isinstance(merged[field], list):
        return
    if f"{prefix}/" == DELETE_FROM:
        merged[field] = [item for item in merged[field] if item not in value]
    elif f"{prefix}/" == ORDER:
        by = structs.list_keys(_field_type(type_, field))[:1]
        merged[field] = _ordered(merged[field], value, merged[field], by)


def _field_type(type_: str, key: str) -> str:
    plain = structs.bare(type_)
    if plain.startswith("map"):
        return structs.element(plain)
    return structs.bare(structs.fields(plain).get(key, "any"))


def _merge_list(current: Sequence[Any], patch: Sequence[Any], type_: str) -> list[Any]:
    keys = structs.list_keys(type_)
    if not keys:
        return [item for item in patch if not _is_directive(item)]
    if keys == ("set",):
        return _ordered([*current, *(item for item in patch if item not in current)], patch, current, ())
    return _merge_items(current, patch, keys[0], structs.element(type_))


def _merge_items(current: Sequence[Any], patch: Sequence[Any], by: str, struct: str) -> list[Any]:
    if any(_is_directive(item) and item[DIRECTIVE] == "replace" for item in patch):
        return [item for item in patch if not _is_directive(item)]
    merged = list(current)
    for item in patch:
        _known_item(item, by)
        place = next((i for i, other in enumerate(merged) if other.get(by) == item[by]), None)
        if item.get(DIRECTIVE) == "delete":
            merged = [other for other in merged if other.get(by) != item[by]]
        elif place is None:
            merged.append(_merge_map({}, item, struct))
        else:
            merged[place] = _merge_map(merged[place], item, struct)
    return _ordered(merged, patch, current, (by,))


def _ordered(
    items: Sequence[Any], wanted: Sequence[Any], before: Sequence[Any], by: tuple[str, ...]
) -> list[Any]:
    """Return the items in the order of `wanted`; those that it leaves out keep their place in `before`."""
    order, old = [_name(item, by) for item in wanted], [_name(item, by) for item in before]
    named = sorted((i for i in items if _name(i, by) in order), key=lambda i: order.index(_name(i, by)))
    others = [item for item in items if _name(item, by) not in order]
    merged = []
    while named and others:
        left, right = _name(others[0], by), _name(named[0], by)
        first = left in old and right in old and old.index(left) < old.index(right)
        merged.append((others if first else named).pop(0))
    return [*merged, *named, *others]


def _name(item: Any, by: tuple[str, ...]) -> Any:
    return item.get(by[0]) if by and isinstance(item, dict) else item


def _is_directive(item: Any) -> bool:
    """Tell whether an item stands for the whole list."""
    return isinstance(item, dict) and set(item) == {DIRECTIVE}


def _known(directive: Any, patch: Mapping[str, Any]) -> None:
    if directive not in {None, "merge"}:
        raise ApiError(500, "", f"unknown patch type: {directive} in map: {go(patch)}")


def _known_item(item: Any, by: str) -> None:
    if not isinstance(item, dict) or by not in item:
        raise ApiError(500, "", f"map: {go(item)} does not contain declared merge key: {by}")


def go(value: Any) -> str:
    """Write a value as Go's %v does."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{go(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(go(item) for item in value)}]"
    plain = {None: "<nil>", True: "true", False: "false"}
    return plain[value] if value is None or isinstance(value, bool) else str(value)
