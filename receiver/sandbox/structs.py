"""The fields of the built-in kinds: what they hold, how lists merge; objects are read as Go structs are.

`structs.json` is the real server's OpenAPI document of Kubernetes 1.37 boiled down to one line a struct, in
nearly Go's words: `*X` may be absent, `X` is always there, `[]X` is replaced as a whole, `[name]X` is merged
by that field (the first is the strategic merge patch's, all of them are the managed fields'), `[set]string`
has no doubles, `!` is required. It knows no rule beyond types: those are in `validation`.
"""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from receiver.sandbox import quantities

Object = dict[str, Any]
ZEROES: Mapping[str, Any] = {"string": "", "bool": False, "int32": 0, "int64": 0, "bytes": ""}
BOUNDS = {"int32": 2**31, "int64": 2**63}
# Fields that are no pointers: there, zero and absent are the same. The OpenAPI document does not tell.
DROPPED_ZEROES = frozenset(
    (
        *("minReadySeconds", "paused", "hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty"),
        *("readOnly", "unschedulable", "hostPort", "publishNotReadyAddresses", "initialDelaySeconds"),
        *("timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold", "observedGeneration"),
        *("updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"),
    )
)


class MistypedError(Exception):
    """A field holds what its type does not allow; the text is what Go's JSON decoder says."""


@functools.cache
def _table() -> Mapping[str, Any]:
    text = Path(__file__).with_name("structs.json").read_text("utf-8")
    table: Mapping[str, Any] = json.loads(text)
    return table


def fields(struct: str) -> Mapping[str, str]:
    """Return the type of each field, none for a struct that is not known."""
    found: Mapping[str, str] = _table()["structs"].get(struct, {})
    return found


def known(struct: str) -> bool:
    """Tell whether there is such a struct."""
    return struct in _table()["structs"]


def atomic(struct: str) -> bool:
    """Tell whether the struct has one owner as a whole, like a selector."""
    return struct in _table()["atomic"]


def bare(type_: str) -> str:
    """Return a type without its marks: the struct's name, or what is no struct."""
    return type_.strip("*!")


def element(type_: str) -> str:
    """Return the type of a list's or a map's elements."""
    return bare(type_).removeprefix("map").partition("]")[2]


def list_keys(type_: str) -> tuple[str, ...]:
    """Return the fields that tell a list's items apart, `("set",)` for a set, none for a list as a whole."""
    inside = type_[1:].partition("]")[0] if type_.startswith("[") else ""
    return tuple(inside.split(",")) if inside else ()


def decode(kind: str, obj: Object) -> Object:
    """Return an object as the real server stores it: unknown fields, nulls and empty options are gone.

    A kind that is not known loses nothing but what its metadata cannot hold.

    Raises:
        MistypedError: a field holds another type than it should.
    """
    if known(kind):
        return _struct(obj, kind, "")
    return {**obj, "metadata": _struct(obj.get("metadata") or {}, "ObjectMeta", "")}


def empty(kind: str) -> Object:
    """Return what an object of the kind has before anything is set: what is always there."""
    found: Object = {}
    for name, type_ in fields(kind).items():
        plain = bare(type_)
        if known(plain) and not type_.startswith("*"):
            found[name] = empty(plain)
        elif type_.endswith("!") and (plain.startswith("[") or plain in ZEROES):
            found[name] = ZEROES.get(plain, [])
    return found


def unknown(kind: str, obj: Object) -> list[str]:
    """Return the paths of the fields that the kind does not have; none for a kind that is not known."""
    return list(_unknown(obj, kind, "")) if known(kind) else []


def _unknown(value: Any, type_: str, path: str) -> list[str]:
    type_ = bare(type_)
    if isinstance(value, list):
        return [p for i, item in enumerate(value) for p in _unknown(item, element(type_), f"{path}[{i}]")]
    if not isinstance(value, dict):
        return []
    if type_.startswith("map"):
        return [p for k, v in value.items() for p in _unknown(v, element(type_), f"{path}.{k}")]
    if not fields(type_):
        return []
    found = []
    for key, item in value.items():
        inner = f"{path}.{key}".lstrip(".")
        found += _unknown(item, fields(type_)[key], inner) if key in fields(type_) else [inner]
    return found


def _struct(value: Any, struct: str, path: str) -> Object:
    if not isinstance(value, dict):
        raise MistypedError(f"json: cannot unmarshal {_said(value)} into Go value of type v1.{struct}")
    found = {}
    for name, type_ in fields(struct).items():
        inner = f"{path}.{name}".lstrip(".")
        item = _value(value.get(name), type_, f"{struct}.{inner}")
        if not _absent(name, type_, item):
            found[name] = item
    return found


def _absent(name: str, type_: str, item: Any) -> bool:
    if item is None or type_.endswith("!"):
        return item is None
    if name in DROPPED_ZEROES and not item:
        return True
    return item in ("", []) or (item == {} and type_.startswith("map"))


def _value(value: Any, type_: str, where: str) -> Any:
    """Return a value as its type has it; `where` is the struct, a dot and the field's path."""
    plain = bare(type_)
    if value is None:
        return _missing(type_, where)
    if plain.startswith("["):
        return [_value(item, element(plain), where) for item in _of(list, value, plain, where)]
    if plain.startswith("map"):
        items = _of(dict, value, plain, where).items()
        zero = ZEROES.get(element(plain))
        return {k: zero if v is None else _value(v, element(plain), where) for k, v in items}
    if known(plain):
        return _struct(_of(dict, value, plain, where), plain, where.partition(".")[2])
    return _scalar(value, plain, where)


def _missing(type_: str, where: str) -> Any:
    plain = bare(type_)
    if known(plain) and not type_.startswith("*") and plain != "ObjectMeta":
        return _struct({}, plain, where.partition(".")[2])
    return ZEROES.get(plain) if type_.endswith("!") else None


def _scalar(value: Any, plain: str, where: str) -> Any:
    if plain in {"string", "time"}:
        return _of(str, value, plain, where)
    if plain == "bytes":
        return _bytes(_of(str, value, plain, where))
    if plain == "bool":
        return _of(bool, value, plain, where)
    if plain in BOUNDS:
        return _integer(value, plain, where)
    if plain == "quantity":
        return _quantity(value)
    if plain == "intstr" and (isinstance(value, bool) or not isinstance(value, int | str)):
        raise _mistyped(value, "int32", where)
    return value


def _bytes(text: str) -> str:
    wrong = re.search(r"[^A-Za-z0-9+/=]", text)
    if wrong or len(text) % 4:
        place = wrong.start() if wrong else len(text)
        raise MistypedError(f"illegal base64 data at input byte {place}")
    return text


def _integer(value: Any, plain: str, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _mistyped(value, plain, where)
    if value != int(value) or not -BOUNDS[plain] <= value < BOUNDS[plain]:
        raise _mistyped(value, plain, where, exact=True)
    return int(value)


def _quantity(value: Any) -> str:
    try:
        return quantities.canonical(str(value))
    except ValueError as e:
        pattern = "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        raise MistypedError(f"quantities must match the regular expression {pattern}") from e


def _of(wanted: type, value: Any, plain: str, where: str) -> Any:
    if not isinstance(value, wanted):
        raise _mistyped(value, plain, where)
    return value


def _mistyped(value: Any, plain: str, where: str, *, exact: bool = False) -> MistypedError:
    said = _said(value) + (f" {value}" if exact else "")
    return MistypedError(f"json: cannot unmarshal {said} into Go struct field {where} of type {_go(plain)}")


def _said(value: Any) -> str:
    names = {str: "string", bool: "bool", list: "array", dict: "object"}
    return names.get(type(value), "number")


def _go(plain: str) -> str:
    if plain.startswith("["):
        return f"[]{_go(element(plain))}"
    if plain.startswith("map"):
        return f"map[string]{_go(element(plain))}"
    scalar = {"bytes": "[]uint8", "quantity": "resource.Quantity", "time": "string"}
    return f"v1.{plain}" if known(plain) else scalar.get(plain, plain)
