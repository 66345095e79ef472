"""Durations as kubectl prints them (`76s`, `2m7s`, `5h`), two units at most."""

from datetime import datetime

from receiver.sandbox.clock import parse

UNKNOWN = "<unknown>"
MINUTE, HOUR, DAY = 60, 3600, 86400
YEAR = 365 * DAY


def age(stamped: str | None, now: datetime) -> str:
    """Return how long ago a moment was; `<unknown>` without one."""
    return short((now - parse(stamped)).total_seconds()) if stamped else UNKNOWN


def short(seconds_past: float) -> str:
    """Write a duration; the finer unit only while it says something."""
    seconds = int(seconds_past)
    if seconds < -1:
        return "<invalid>"
    for below, unit, big, small, finer in (
        (0, 1, "", "", 0),
        (2 * MINUTE, 1, "s", "", 0),
        (10 * MINUTE, MINUTE, "m", "s", 1),
        (3 * HOUR, MINUTE, "m", "", 0),
        (8 * HOUR, HOUR, "h", "m", MINUTE),
        (2 * DAY, HOUR, "h", "", 0),
        (8 * DAY, DAY, "d", "h", HOUR),
        (2 * YEAR, DAY, "d", "", 0),
        (8 * YEAR, YEAR, "y", "d", DAY),
    ):
        if seconds < below:
            rest = seconds % unit // finer if finer else 0
            return f"{seconds // unit}{big}" + (f"{rest}{small}" if rest else "") if big else "0s"
    return f"{seconds // YEAR}y"
