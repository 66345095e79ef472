"""The ranges in Alertmanager's time intervals: weekdays, days of the month, months and years.

Read as Alertmanager 0.34 reads them (timeinterval.go): `BEGIN:END` with both ends included, or one of them
alone, words in letters of any size. Stricter in what could only be a slip: a month is 1 to 12, a year has
four digits, no number has a plus or more than one zero before it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from receiver.policy.fields import text, whole
from receiver.policy.problems import advice, quoted

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
"""In the order of Alertmanager's week, counted from 0."""

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
"""In their order, counted from 1."""

_WEEKDAY_NUMBERS = {name: number for number, name in enumerate(WEEKDAYS)}
_MONTH_NUMBERS = {name: number for number, name in enumerate(MONTHS, start=1)}
_SHORTEST_MONTH = 28

_DAY_PATTERN = "-?0?([1-9]|[12][0-9]|3[01])"
_MONTH_PATTERN = "0?([1-9]|1[0-2])"
_YEAR_PATTERN = "[0-9]{4}"


@dataclass(frozen=True, slots=True)
class Span:
    """What lies from `begin` to `end`, both included; `text` is what the file says, in small letters.

    Weekdays count from 0 for sunday, months from 1. Days of the month that are negative count from its end,
    where -1 is the last.
    """

    begin: int
    end: int
    text: str = field(compare=False)

    def __contains__(self, number: int) -> bool:
        return self.begin <= number <= self.end

    def has_day(self, day: int, *, last: int) -> bool:
        """Tell whether a day is in a range of days of the month, in a month of which `last` is the last."""
        begin, end = (limit if limit > 0 else last + 1 + limit for limit in (self.begin, self.end))
        return begin <= day <= end


def weekdays(value: object) -> Span:
    """Return a weekday or a range of them.

    Raises:
        ValueError: it is none, or goes past saturday, on which Alertmanager's week ends.
    """
    span = _span(value, lambda word: _named(word, _WEEKDAY_NUMBERS, "weekday"))
    return _in_order(span, _WEEKDAY_NUMBERS)


def months(value: object) -> Span:
    """Return a month or a range of them, each by name or by number.

    Raises:
        ValueError: it is none, or goes past december.
    """
    return _in_order(_span(value, _month), _MONTH_NUMBERS)


def years(value: object) -> Span:
    """Return a year or a range of them.

    Raises:
        ValueError: it is none, or ends before it begins.
    """
    span = _span(value, _year)
    if span.begin > span.end:
        right = ":".join(reversed(span.text.split(":")))
        raise ValueError(f"{quoted(span.text)} ends before it begins: write {quoted(right)}")
    return span


def days_of_month(value: object) -> Span:
    """Return a day of the month or a range of them, from the month's beginning or from its end.

    Raises:
        ValueError: it is none, or ends before it begins in a short month, as Alertmanager reckons: it takes
            neither 28:-1 nor 29:-1.
    """
    span = _span(value, _day)
    if span.begin < 0 < span.end:
        right = f"'{span.begin}:-1' and '1:{span.end}'"
        raise ValueError(f"{quoted(span.text)} goes over the end of the month: write two, {right}")
    begin, end = (day if day > 0 else _SHORTEST_MONTH + day for day in (span.begin, span.end))
    if begin > end:
        right = "count both from the month's beginning, like '10:31', or both from its end, like '-3:-1'"
        raise ValueError(f"{quoted(span.text)} ends before it begins, at least in a short month: {right}")
    return span


def _span(value: object, number: Callable[[str], int]) -> Span:
    if isinstance(value, Span):
        return value
    bare = isinstance(value, int) and not isinstance(value, bool)
    written = str(value) if bare else text(value)
    ends = written.lower().split(":")
    if len(ends) > 2:
        raise ValueError(f"{quoted(written)} is no range: write it as BEGIN:END")
    return Span(number(ends[0]), number(ends[-1]), ":".join(ends))


def _in_order(span: Span, numbers: Mapping[str, int]) -> Span:
    if span.begin <= span.end:
        return span
    names = {number: name for name, number in numbers.items()}
    halves = ((span.begin, max(names)), (min(names), span.end))
    right = [quoted(names[a] if a == b else f"{names[a]}:{names[b]}") for a, b in halves]
    raise ValueError(f"{quoted(span.text)} ends before it begins: write two, {' and '.join(right)}")


def _named(word: str, numbers: Mapping[str, int], what: str) -> int:
    if word in numbers:
        return numbers[word]
    raise ValueError(f"{quoted(word)} is no {what}: {advice(word, numbers)}")


def _month(word: str) -> int:
    if re.fullmatch(_MONTH_PATTERN, word):
        return int(word)
    if word.lstrip("+-").isdecimal():
        raise ValueError(f"{quoted(word)} is no month: write 1 to 12, or its name")
    return _named(word, _MONTH_NUMBERS, "month")


def _day(word: str) -> int:
    if not re.fullmatch(_DAY_PATTERN, word):
        raise ValueError(f"{quoted(word)} is no day of the month: write 1 to 31, or -1 to -31 from its end")
    return int(word)


def _year(word: str) -> int:
    if not re.fullmatch(_YEAR_PATTERN, word):
        raise ValueError(f"{quoted(word)} is no year: write its four digits")
    return int(word)


def _any_case(names: tuple[str, ...]) -> str:
    """Return a pattern for names in letters of any size; JSON Schema knows no flags."""
    return "|".join("".join(f"[{letter}{letter.upper()}]" for letter in name) for name in names)


def _ranges(member: str, examples: list[str], numbers: Mapping[str, Any] | None = None) -> WithJsonSchema:
    """Return the schema of a range of members; `numbers` bounds those that YAML may take for a number."""
    written = {"type": "string", "pattern": whole(f"({member})(:({member}))?"), "examples": examples}
    return WithJsonSchema(
        written if numbers is None else {"anyOf": [written, {"type": "integer", **numbers}]}
    )


_A_WEEKDAY = _ranges(_any_case(WEEKDAYS), ["monday:friday", "sunday"])
_A_DAY = _ranges(_DAY_PATTERN, ["1:5", "-3:-1"], {"minimum": -31, "maximum": 31, "not": {"const": 0}})
_A_MONTH = _ranges(
    f"{_any_case(MONTHS)}|{_MONTH_PATTERN}", ["january:march", "12"], {"minimum": 1, "maximum": 12}
)
_A_YEAR = _ranges(_YEAR_PATTERN, ["2026:2028"], {"minimum": 1000, "maximum": 9999})

Weekdays = Annotated[Span, PlainValidator(weekdays), _A_WEEKDAY]
DaysOfMonth = Annotated[Span, PlainValidator(days_of_month), _A_DAY]
Months = Annotated[Span, PlainValidator(months), _A_MONTH]
Years = Annotated[Span, PlainValidator(years), _A_YEAR]
