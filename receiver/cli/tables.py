"""Tables as kubectl prints them: upper-case headers, columns by the widest, three spaces between."""

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from receiver.logs import printable

GAP = "   "
NARROWEST = 24
"""So wide the last column stays, however wide the others are."""
NO_LIMIT = 1_000_000


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay out rows under headers; what is unprintable is escaped, what is missing stands as `<none>`."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    lines = [
        GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in [headers, *cells]
    ]
    return "\n".join(line.rstrip() for line in lines)


def fitted_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay out rows no wider than the terminal: the text of the last column goes on in the next lines."""
    cells = [[_cell(value) for value in row] for row in rows]
    *columns, _ = zip(headers, *cells, strict=True)
    before = sum(max(map(len, column)) + len(GAP) for column in columns)
    return table(headers, (line for row in cells for line in _wrapped(row, _columns() - before)))


def narrowed_table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, spare: Sequence[str]) -> str:
    """Lay out rows; a terminal that is too narrow goes without the columns of `spare`, in this order."""
    lines: list[Sequence[object]] = [headers, *rows]
    for name in spare:
        if not sys.stdout.isatty() or _widest(_laid_out(lines)) <= _columns():
            break
        at = list(lines[0]).index(name)
        lines = [[*line[:at], *line[at + 1 :]] for line in lines]
    return _laid_out(lines)


def _laid_out(lines: Sequence[Sequence[object]]) -> str:
    return table([str(header) for header in lines[0]], lines[1:])


def _widest(text: str) -> int:
    return max(map(len, text.splitlines()))


def fitted(text: str) -> str:
    """Break a paragraph into lines no wider than the terminal, the further ones indented."""
    return "\n".join(textwrap.wrap(_cell(text), _columns(), subsequent_indent="  ", break_on_hyphens=False))


def _columns() -> int:
    """Return $COLUMNS or the width of the terminal; without either there is no limit, for grep."""
    return shutil.get_terminal_size(fallback=(NO_LIMIT, 0)).columns


def _wrapped(row: Sequence[str], width: int) -> Iterator[Sequence[str]]:
    first, *rest = textwrap.wrap(row[-1], max(NARROWEST, width), break_on_hyphens=False) or [""]
    yield [*row[:-1], first]
    yield from ([" "] * (len(row) - 1) + [line] for line in rest)


def describe(facts: Mapping[str, object]) -> str:
    """Lay out names and values as `kubectl describe` does."""
    width = max(map(len, facts)) + len(":" + GAP)
    return "\n".join(f"{f'{name}:':<{width}}{_cell(value)}" for name, value in facts.items())


def _cell(value: object) -> str:
    return "<none>" if value in {None, ""} else printable(str(value))
