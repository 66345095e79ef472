"""Durations as Prometheus writes them (`1h30m`): units from years to milliseconds, in that order."""

import re
from datetime import timedelta

from receiver.policy.problems import quoted

DURATION_PATTERN = "(?=[0-9])([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?|0"
"""What parse_duration takes, size aside, in the syntax that Python and JSON Schema share; not anchored."""

_MILLISECONDS = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_LONGEST = (2**63 - 1) // 1_000_000
_SHOWN_ONLY_WHEN_EXACT = ("y", "w")
_WHOLE = re.compile(DURATION_PATTERN)
_PART = re.compile("([0-9]+)([a-z]+)")


def parse_duration(text: str) -> timedelta:
    """Read a duration; a year has 365 days, a day 24 hours, and `0` needs no unit.

    Raises:
        ValueError: it is no duration, or longer than about 292 years (Go's limit).

    Source: ParseDuration of prometheus/common, which counts int64 nanoseconds.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{quoted(text)} is not a duration: write it like 90s, 10m or 1h30m")
    milliseconds = sum(_number(digits) * _MILLISECONDS[unit] for digits, unit in _PART.findall(text))
    if milliseconds > _LONGEST:
        raise ValueError(f"{quoted(text)} is too long: a duration is at most 292 years")
    return timedelta(milliseconds=milliseconds)


def format_duration(duration: timedelta) -> str:
    """Write a duration as Prometheus does: `1h30m`, `0s`; what is below a millisecond is left out.

    Years and weeks are written only when nothing is left over: `90d` reads easier than `12w6d`. A negative
    duration, which Prometheus does not have, gets a minus sign.
    """
    rest = abs(duration) // timedelta(milliseconds=1)
    text = "-" if rest and duration < timedelta(0) else ""
    if not rest:
        return "0s"
    for unit, size in _MILLISECONDS.items():
        if unit in _SHOWN_ONLY_WHEN_EXACT and rest % size:
            continue
        count, rest = divmod(rest, size)
        text += f"{count}{unit}" if count else ""
    return text


def _number(digits: str) -> int:
    """Read ASCII digits, however many; what has 20 or more is too long for a duration in any unit."""
    significant = digits.lstrip("0") or "0"
    return int(significant) if len(significant) < 20 else _LONGEST + 1
