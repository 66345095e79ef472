"""Times as Kubernetes writes them: RFC3339 in UTC. Inside the program they are aware datetimes in UTC."""

from datetime import UTC, datetime, timedelta

UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def parse_time(text: str | None) -> datetime | None:
    """Read an RFC3339 time; None for None.

    Raises:
        ValueError: it is no time, has no offset, or is out of range in UTC.
    """
    if text is None:
        return None
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    try:
        return parsed.astimezone(UTC)
    except OverflowError as e:
        raise ValueError(f"{text!r} is out of range in UTC") from e


def format_time(moment: datetime) -> str:
    """Write a time as metav1.Time: whole seconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_precise(moment: datetime) -> str:
    """Write a time as metav1.MicroTime: microseconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def format_age(age: timedelta) -> str:
    """Write an age for people, its two largest units: `2d3h`, `6m`, `45s`; `0s` below a second.

    An age below zero, which is what clocks that disagree make of the future, gets a minus sign.
    """
    rest, parts = int(abs(age).total_seconds()), list[str]()
    sign = "-" if rest and age < timedelta(0) else ""
    for unit, seconds in UNITS:
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return sign + ("".join(parts[:2]) or "0s")
