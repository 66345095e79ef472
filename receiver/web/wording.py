"""Words for people: times, durations, and text that somebody else chose, made harmless to read."""

from datetime import datetime, timedelta

from receiver.policy.times import format_age, parse_time

SECONDS_UP_TO = timedelta(seconds=120)
MILLISECONDS_UP_TO = timedelta(seconds=1)
TENTHS_UP_TO = timedelta(seconds=10)


def moment(text: object) -> datetime | None:
    """Read a time of a record; None where there is none, or none that can be read."""
    try:
        return parse_time(text) if isinstance(text, str) else None
    except ValueError:
        return None


def clock(at: datetime, *, now: datetime) -> str:
    """Write a moment as `03:12:44 UTC`, with its date where that is not today's."""
    time = at.strftime("%H:%M:%S UTC")
    return time if at.date() == now.date() else f"{at:%Y-%m-%d} {time}"


def lasting(duration: timedelta) -> str:
    """Write how long something took: `28 ms`, `2.1 s`, `94 s`, `6m12s`."""
    duration = max(duration, timedelta(0))
    if duration >= SECONDS_UP_TO:
        return format_age(duration)
    seconds = duration.total_seconds()
    if duration < MILLISECONDS_UP_TO:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if duration < TENTHS_UP_TO else f"{int(seconds)} s"


def visible(text: object) -> str:
    """Return a text whose every character can be seen: control and direction characters are spelled out.

    Line ends and tabs stay.
    """
    return "".join(
        each if each.isprintable() or each in "\n\t" else f"\\u{ord(each):04x}" for each in str(text)
    )


def web_address(text: object) -> str | None:
    """Return an address that may be linked to: http or https, nothing else; None for all others."""
    if not isinstance(text, str) or not text.isprintable() or " " in text:
        return None
    return text if text.lower().startswith(("http://", "https://")) else None
