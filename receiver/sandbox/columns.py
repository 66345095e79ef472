"""The columns in which kubectl prints each kind, as the real server has them. It only reads objects."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from receiver.sandbox.ages import UNKNOWN, age
from receiver.sandbox.jsonpaths import values_at
from receiver.sandbox.resources import Resource
from receiver.sandbox.scale import written_selector

Object = dict[str, Any]
Cell = Callable[[Object, datetime], Any]
NONE = "<none>"
_FITS: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}


@dataclass(frozen=True, slots=True)
class Column:
    """A column; priority 1 is printed with `-o wide` alone."""

    name: str
    cell: Cell
    type: str = "string"
    format: str = ""
    priority: int = 0


def at(obj: Object, *steps: str) -> Any:
    """Return what is there, None where nothing is."""
    value: Any = obj
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def column(name: str, *steps: str, default: Any = "", **options: Any) -> Column:
    """Return a column that shows a field."""

    def cell(obj: Object, now: datetime) -> Any:  # noqa: ARG001
        found = at(obj, *steps)
        return default if found is None else found

    return Column(name, cell, **options)


def made(name: str, make: Callable[[Object], Any], **options: Any) -> Column:
    """Return a column that shows what is made of an object."""
    return Column(name, lambda obj, _: make(obj), **options)


def count(name: str, *steps: str, **options: Any) -> Column:
    """Return a column that shows a number, 0 where there is none."""
    return column(name, *steps, default=0, **options)


def joined(words: Iterable[Any]) -> str:
    """Return a list as a cell."""
    return ",".join(str(word) for word in words) or NONE


NAME = column("Name", "metadata", "name", format="name")
AGE = Column("Age", lambda obj, now: age(at(obj, "metadata", "creationTimestamp"), now))


def custom(resource: Resource) -> tuple[Column, ...]:
    """Return the columns of a custom kind: its own, or its age."""
    own = (resource.custom or {}).get("additionalPrinterColumns")
    if not own:
        return NAME, AGE
    return NAME, *(_own(each) for each in own)


def _own(given: Object) -> Column:
    def cell(obj: Object, now: datetime) -> Any:
        found = values_at(obj, given["jsonPath"])
        return _printed(found, given["type"], now) if found else None

    return Column(
        given["name"],
        cell,
        type=given["type"],
        format=given.get("format", ""),
        priority=given.get("priority", 0),
    )


def _printed(found: list[Any], type_: str, now: datetime) -> Any:
    first = found[0]
    if type_ == "date":
        try:
            return age(str(first), now)
        except (ValueError, TypeError):
            return "<invalid>"
    if type_ == "string":
        return first if isinstance(first, str) else json.dumps(first, separators=(",", ":"))
    return first if isinstance(first, _FITS[type_]) else None


def images(*, within: tuple[str, ...] = ("spec", "template", "spec", "containers")) -> tuple[Column, ...]:
    """Return the two columns that name a template's containers and images."""
    return (
        made("Containers", lambda o: ",".join(c["name"] for c in at(o, *within) or []), priority=1),
        made("Images", lambda o: ",".join(c.get("image", "") for c in at(o, *within) or []), priority=1),
    )


SELECTOR = made("Selector", lambda o: written_selector(at(o, "spec", "selector") or {}) or NONE, priority=1)


def labels(found: dict[str, str] | None) -> str:
    """Return a map as a cell."""
    return joined(f"{key}={value}" for key, value in sorted((found or {}).items()))


def unknown(found: Any) -> Any:
    """Return a cell for what may not be known."""
    return found or UNKNOWN
