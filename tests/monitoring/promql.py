"""As much of PromQL as it takes to see which metrics an expression reads, and by which labels.

Whether it is valid is promtool's to say: this reads only what promtool has accepted.
"""

import re
from dataclasses import dataclass

STRING = r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`'
TOKEN = re.compile(
    rf"(?P<string>{STRING})|(?P<range>\[[^\]]*\])|(?P<name>[A-Za-z_:][\w:]*)"
    r"|(?P<number>\d[\w.]*)|(?P<sign>[^\s\w])"
)
OPERATORS = {"and", "or", "unless", "offset", "bool", "group_left", "group_right", "inf", "nan"}
GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}


@dataclass(frozen=True)
class Reads:
    """The metrics that an expression selects, with the labels of each selector, and those it groups by."""

    selectors: tuple[tuple[str, frozenset[str]], ...]
    grouping: frozenset[str]


def reads(expression: str) -> Reads:
    """Take an expression apart."""
    tokens = [(found.lastgroup, found.group()) for found in TOKEN.finditer(expression)]
    selectors: list[tuple[str, frozenset[str]]] = []
    grouping: set[str] = set()
    at = 0
    while at < len(tokens):
        kind, text = tokens[at]
        following = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        at += 1
        if kind != "name":
            continue
        if text in GROUPING and following == "(":
            names, at = _names(tokens, at + 1, ")")
            grouping |= names
        elif following == "{":
            labels, at = _names(tokens, at + 1, "}")
            selectors.append((text, labels))
        elif following not in {"(", "by", "without"} and text not in OPERATORS | GROUPING:
            selectors.append((text, frozenset()))
    return Reads(tuple(selectors), frozenset(grouping))


def _names(tokens: list[tuple[str | None, str]], start: int, end: str) -> tuple[frozenset[str], int]:
    stop = next(at for at in range(start, len(tokens)) if tokens[at][1] == end)
    return frozenset(text for kind, text in tokens[start:stop] if kind == "name"), stop + 1
