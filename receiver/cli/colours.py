"""Colours for a terminal; click leaves them out elsewhere, and main where NO_COLOR is set.

They are laid on a text that is laid out already, so that no width changes.
"""

from collections.abc import Mapping

import click

from receiver.cli.tables import GAP
from receiver.policy.chronicle import Standing
from receiver.policy.record import Phase

Colours = Mapping[str, str]
PHASES: Colours = {
    Phase.SUCCEEDED: "green",
    Phase.NOT_CURED: "red",
    Phase.FAILED: "red",
    Phase.AWAITING_APPROVAL: "yellow",
    Phase.PENDING: "cyan",
    Phase.ROLLING_BACK: "cyan",
    Phase.VERIFYING: "cyan",
}
VERDICTS: Colours = {"BLOCK": "red"}
STATES: Colours = {
    Standing.GOOD: "green",
    Standing.BAD: "red",
    Standing.UNPROVEN: "yellow",
    "live": "cyan",
    f"live,{Standing.BAD}": "red",
}
FINDINGS: Colours = {"ok": "green", "FAULT": "red"}


def colour_column(table: str, header: str, colours: Colours) -> str:
    """Colour the words of one column of a table."""
    head, *rows = table.split("\n")
    start = head.index(header)
    return "\n".join([head, *(_coloured(row, start, colours) for row in rows)])


def colour_fact(facts: str, name: str, colours: Colours) -> str:
    """Colour the value of one name among those that `describe` lays out."""
    lines = facts.split("\n")
    label = f"{name}:"
    return "\n".join(
        _coloured(line, len(line) - len(line.removeprefix(label).lstrip()), colours)
        if line.startswith(label)
        else line
        for line in lines
    )


def _coloured(line: str, start: int, colours: Colours) -> str:
    word = line[start:].partition(GAP)[0]
    colour = colours.get(word)
    if colour is None:
        return line
    return line[:start] + click.style(word, fg=colour) + line[start + len(word) :]
