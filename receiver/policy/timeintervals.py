"""Alertmanager's time intervals: read from a rule file once, then asked whether they hold a moment.

They mean what they mean in Alertmanager 0.34 (timeinterval.go): every key that is given has to hold, of its
list one element, all by the clock on the wall of the interval's location. A list that is there and empty,
which Alertmanager takes for never, is a fault. A time zone is loaded when the rule is read, never later.
"""

import difflib
import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Annotated, Self, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator

from receiver.policy.fields import text, whole
from receiver.policy.parsing import Parsed
from receiver.policy.problems import SHOWN, quoted
from receiver.policy.spans import DaysOfMonth, Months, Span, Weekdays, Years

T = TypeVar("T")

_CLOCK_PATTERN = "([01][0-9]|2[0-3]):[0-5][0-9]|24:00"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone by its name; `info` None is the machine's own."""

    name: str
    info: tzinfo | None = field(compare=False, repr=False)

    def local(self, moment: datetime) -> datetime:
        """Return a moment as the clocks there show it."""
        return moment.astimezone(self.info)


_BUILT_IN = {"UTC": Zone("UTC", UTC), "Local": Zone("Local", None)}


def clock(value: object) -> timedelta:
    """Return a time of day as what the clock shows since midnight; 24:00 is the end of the day.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, timedelta):
        return value
    written = text(value)
    if not re.fullmatch(_CLOCK_PATTERN, written):
        raise ValueError(f"{quoted(written)} is no time of day: write it like 09:00, from 00:00 to 24:00")
    return timedelta(hours=int(written[:2]), minutes=int(written[3:]))


def zone(value: object) -> Zone:
    """Return a time zone of the IANA database, `UTC`, or the machine's own as `Local`.

    Raises:
        ValueError: there is none of that name.
    """
    if isinstance(value, Zone):
        return value
    name = text(value)
    try:
        return _BUILT_IN.get(name) or Zone(name, ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        # The last two are for names that lead out of the database (`../x`) and for folders (`Europe`).
        raise ValueError(f"{quoted(name)} is no time zone: {_nearest_zone(name)}") from None


def _nearest_zone(name: str) -> str:
    nearest = difflib.get_close_matches(name[:SHOWN], _zones(), n=1)
    return f"did you mean {nearest[0]}?" if nearest else "write it like Europe/Berlin or UTC"


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


def _some(given: tuple[T, ...]) -> tuple[T, ...]:
    if not given:
        raise ValueError("must not be empty, which Alertmanager takes for never: leave it out")
    return given


Clock = Annotated[
    timedelta,
    PlainValidator(clock),
    WithJsonSchema({"type": "string", "pattern": whole(_CLOCK_PATTERN), "examples": ["09:00", "24:00"]}),
]
Location = Annotated[
    Zone,
    PlainValidator(zone),
    WithJsonSchema({"type": "string", "minLength": 1, "default": "UTC", "examples": ["Europe/Berlin"]}),
]
Some = Annotated[tuple[T, ...], AfterValidator(_some), Field(json_schema_extra={"minItems": 1})]
"""A list that may be left out, but not be empty."""


class TimeRange(Parsed):
    """A part of the day, by the clock on the wall."""

    start_time: Clock
    """Its first minute, like 09:00."""
    end_time: Clock
    """The minute that ends it, no longer part of it; 24:00 is the end of the day."""

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.start_time >= self.end_time:
            raise ValueError(
                f"must end after it starts, not {self.text}: what goes over midnight is two,"
                " until 24:00 and from 00:00"
            )
        return self

    @property
    def text(self) -> str:
        """Return it as `09:00-17:00`."""
        minutes = [time // _MINUTE for time in (self.start_time, self.end_time)]
        return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in minutes)

    def contains(self, local: datetime) -> bool:
        """Tell whether a moment is in it, given as the clocks there show it."""
        return self.start_time <= timedelta(hours=local.hour, minutes=local.minute) < self.end_time


class TimeInterval(Parsed):
    """Moments that meet every key that is given; without any key, all moments."""

    times: Some[TimeRange] = ()
    """Parts of the day. Left out: all of it."""
    weekdays: Some[Weekdays] = ()
    """Weekdays and ranges of them; the week goes from sunday to saturday. Left out: all."""
    days_of_month: Some[DaysOfMonth] = ()
    """Days of the month and ranges of them; -1 is the last. Left out: all."""
    months: Some[Months] = ()
    """Months and ranges of them, by name or number. Left out: all."""
    years: Some[Years] = ()
    """Years and ranges of them. Left out: all."""
    location: Location = _BUILT_IN["UTC"]
    """The time zone, by its IANA name; Local is that of the receiver's machine. Left out: UTC."""

    def contains(self, moment: datetime) -> bool:
        """Tell whether an aware moment is in it.

        The last day of a month is the calendar's. Alertmanager, which counts its hours, is a day short where
        the clocks go forward in that month.
        """
        local = self.location.local(moment)
        _, last = monthrange(local.year, local.month)
        found = (
            [time.contains(local) for time in self.times],
            [local.isoweekday() % 7 in span for span in self.weekdays],
            [span.has_day(local.day, last=last) for span in self.days_of_month],
            [local.month in span for span in self.months],
            [local.year in span for span in self.years],
        )
        return all(any(elements) for elements in found if elements)

    def in_words(self) -> str:
        """Return it without its location, as `monday:friday 09:00-17:00`."""
        parts = (
            _texts(self.weekdays),
            _texts(self.times),
            _texts(self.days_of_month, "days "),
            _texts(self.months),
            _texts(self.years),
        )
        return " ".join(filter(None, parts)) or "any time"


def _texts(elements: Iterable[TimeRange | Span], what: str = "") -> str:
    listed = ",".join(element.text for element in elements)
    return what + listed if listed else ""


class Schedule(Parsed):
    """When a rule may act, in elements of Alertmanager's time_intervals."""

    active: tuple[TimeInterval, ...] = ()
    """Only within one of these. Left out or empty: at any time."""
    mute: tuple[TimeInterval, ...] = ()
    """Never within one of these, which are freezes."""
