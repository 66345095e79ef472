"""Problems in files that people write: where one is, what is wrong, what would be right; one line each."""

import difflib
import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""The way to a value from the root of a file: keys, and positions in lists from 0."""

SHOWN = 80
_PLAIN = re.compile("[A-Za-z0-9_.-]{1,63}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or a hint, printed as `FILE:LINE: rule NAME: message`.

    `line` counts from 1; None where a file could not be read at all. `rule` is None where no rule is at hand.
    `noun` is what the name is of, where that is no rule.
    """

    filename: str
    line: int | None
    rule: str | None
    message: str
    noun: str = "rule"

    def __str__(self) -> str:
        filename = self.filename if self.filename.isprintable() else quoted(self.filename)
        place = filename if self.line is None else f"{filename}:{self.line}"
        who = [] if self.rule is None else [f"{self.noun} {plain(self.rule)}"]
        return ": ".join([place, *who, self.message])


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the value at `path`, before it is known which file and line that is."""

    path: Path
    message: str


def by_line(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort the problems of one file; one without a line comes first."""
    return tuple(sorted(problems, key=lambda problem: problem.line or 0))


def within(path: Path, places: Set[Path]) -> bool:
    """Tell whether a path leads to one of several places or further in."""
    return any(path[:length] in places for length in range(len(path) + 1))


def keyed(path: Path, message: str) -> str:
    """Put the key before a message: `guards.budget.max: must be …`; the root of the file has none."""
    key = "".join(f"[{step}]" if isinstance(step, int) else f".{plain(step)}" for step in path)
    return f"{key.removeprefix('.')}: {message}" if key else message


def plain(text: str) -> str:
    """Return a key or name as it is when it is a harmless word, else quoted."""
    return text if _PLAIN.fullmatch(text) else quoted(text)


def quoted(text: str) -> str:
    """Quote hostile text for people: ASCII only, no control character, at most 80 characters of it."""
    return ascii(text[:SHOWN]) + ("…" if len(text) > SHOWN else "")


def shown(value: object) -> str:
    """Say what stands in a file where something else should: `'text'`, `5`, `true`, `a list`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case int():
            return str(value)
        case list():
            return "a list"
    return "a mapping"


def listed(names: Sequence[str], *, most: int) -> str:
    """Name the first ones, and how many more there are: `a, b, c and 4 more`."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def advice(word: str, known: Iterable[str]) -> str:
    """Return what to write instead of an unknown word: the nearest known one, or all of them."""
    words = list(known)
    nearest = difflib.get_close_matches(word[:SHOWN], words, n=1)
    return f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(words)}"
