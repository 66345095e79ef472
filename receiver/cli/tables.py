"""Tables as kubectl prints them: upper-case headers, columns by the widest, three spaces between."""

from collections.abc import Iterable, Mapping, Sequence

from receiver.logs import printable

GAP = "   "


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay out rows under headers; what is unprintable is escaped, what is missing stands as `<none>`."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    lines = [
        GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in [headers, *cells]
    ]
    return "\n".join(line.rstrip() for line in lines)


def describe(facts: Mapping[str, object]) -> str:
    """Lay out names and values as `kubectl describe` does."""
    width = max(map(len, facts)) + len(":" + GAP)
    return "\n".join(f"{f'{name}:':<{width}}{_cell(value)}" for name, value in facts.items())


def _cell(value: object) -> str:
    return "<none>" if value in {None, ""} else printable(str(value))
