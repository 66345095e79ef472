"""Records as cases, for commands that count."""

from typing import Any

import click

from receiver.policy.score import Case, parse_case


def readable_case(raw: dict[str, Any]) -> Case | None:
    """Read a record, None where no rule answers for it; one of another version is said to be left out."""
    try:
        return parse_case(raw)
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        name = raw["metadata"]["name"]
        click.echo(f"the record {name} is left out: {e!r}; was it made by another version?", err=True)
        return None
