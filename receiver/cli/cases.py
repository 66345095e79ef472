"""Records as cases and orders, for commands that count."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from receiver.policy.report import Order, parse_order
from receiver.policy.score import Case, parse_case

Read = TypeVar("Read", Case, Order)


def readable_case(raw: dict[str, Any]) -> Case | None:
    """Read a record, None where no rule answers for it; one of another version is said to be left out."""
    return _readable(parse_case, raw)


def readable_order(raw: dict[str, Any]) -> Order | None:
    """Read a record, None where no person ordered it; else as `readable_case`."""
    return _readable(parse_order, raw)


def _readable(parse: Callable[[dict[str, Any]], Read | None], raw: dict[str, Any]) -> Read | None:
    try:
        return parse(raw)
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        name = raw["metadata"]["name"]
        click.echo(f"the record {name} is left out: {e!r}; was it made by another version?", err=True)
        return None
