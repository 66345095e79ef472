"""Time intervals: which moments they hold, by Alertmanager's own cases and by the calendar."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.policy.source import parse_source
from receiver.policy.spans import Span, days_of_month, months, weekdays, years
from receiver.policy.timeintervals import TimeInterval, TimeRange, Zone, clock, zone
from tests.policy.interval_cases import VALID_INTERVALS

BUSINESS = "{weekdays: ['monday:friday'], times: [{start_time: 09:00, end_time: 17:00}]}"
SYDNEY = (
    "{weekdays: ['monday:friday'], times: [{start_time: 09:00, end_time: 17:00}], location: Australia/Sydney}"
)
QUARTER = VALID_INTERVALS["theirs-everything"]
COMPLETE = (
    "{weekdays: ['monday:wednesday', 'saturday', 'sunday'], times: [{start_time: 13:00, end_time: 15:00}],"
    " days_of_month: ['1', '10', '20:-1'], years: ['2020:2023'], months: ['january:march']}"
)

THEIRS = {
    "any-time": ("{}", "2006-01-02T15:04Z 2007-01-03T10:04Z", ""),
    "business-hours": (
        BUSINESS,
        "2020-05-04T15:04Z 2020-05-05T10:04Z 2020-06-09T09:04Z 2020-07-08T09:00Z 2020-07-08T16:59Z",
        "2020-05-03T15:04Z 2020-05-04T08:59Z 2020-05-05T05:00Z 2020-07-08T08:59Z 2020-07-08T17:00Z",
    ),
    "easter": (
        "{days_of_month: ['4:6'], months: [april], years: ['2020']}",
        "2020-04-04T15:04Z 2020-04-05T00:00Z 2020-04-06T23:05Z",
        "2018-05-03T15:04Z 2020-04-03T23:59Z 2020-06-04T23:59Z 2019-04-06T23:59Z 2020-04-07T00:00Z",
    ),
    "last-three-days": (
        "{days_of_month: ['-3:-1']}",
        "2020-01-31T15:04Z 2020-01-30T15:04Z 2020-01-29T15:04Z 2020-06-30T00:00Z 2020-02-29T23:05Z",
        "2018-05-03T15:04Z 2020-01-27T15:04Z 2020-04-03T23:59Z 2020-04-07T00:00Z 2020-03-01T00:00Z",
    ),
    "longer-than-the-month": (
        "{months: [june], days_of_month: ['-31:-1', '1:31']}",
        "2020-06-30T00:00Z 2020-06-01T00:00Z",
        "2020-05-31T00:00Z 2020-07-01T00:00Z",
    ),
    "after-the-month": ("{days_of_month: ['30:31'], months: [february]}", "", "2021-02-28T13:00Z"),
    "sydney": (
        SYDNEY,
        "2021-04-06T13:00+10:00 2021-11-01T09:00+11:00 2021-10-31T22:00Z",
        "2021-04-06T13:00Z 2021-10-31T21:00Z",
    ),
    "quarter": (
        QUARTER,
        "2021-01-27T09:00Z 2021-01-28T16:59Z 2021-01-29T13:00Z 2025-03-31T13:00Z 2035-01-31T13:00Z",
        "2021-01-30T13:00Z 2021-04-01T13:00Z 2026-01-30T13:00Z 2035-01-31T17:01Z",
    ),
    "everything": (
        COMPLETE,
        "2021-01-10T13:00Z 2021-01-30T14:24Z",
        "2021-01-09T13:00Z 2021-01-20T12:59Z 2021-02-02T13:00Z",
    ),
}
"""An interval, moments in it, and moments that are not: cases of Alertmanager's timeinterval_test.go."""

OURS = {
    "the-end-is-24": (
        "{times: [{start_time: 12:00, end_time: 24:00}]}",
        "2026-05-01T12:00Z 2026-05-01T23:59:59Z",
        "2026-05-02T00:00Z 2026-05-01T11:59:59Z",
    ),
    "over-midnight-in-two": (
        "{times: [{start_time: 22:00, end_time: 24:00}, {start_time: 00:00, end_time: 06:00}]}",
        "2026-05-01T22:00Z 2026-05-02T05:59Z",
        "2026-05-01T21:59Z 2026-05-02T06:00Z",
    ),
    "berlin-in-winter-and-summer": (
        "{times: [{start_time: 09:00, end_time: 10:00}], location: Europe/Berlin}",
        "2026-03-28T08:00Z 2026-03-30T07:00Z",
        "2026-03-28T07:59Z 2026-03-30T08:00Z",
    ),
    "an-hour-that-clocks-leave-out": (
        "{times: [{start_time: 02:00, end_time: 03:00}], location: Europe/Berlin}",
        "2026-03-28T01:00Z",
        "2026-03-29T00:59:59Z 2026-03-29T01:00Z",
    ),
    "an-hour-that-clocks-show-twice": (
        "{times: [{start_time: 02:00, end_time: 03:00}], location: Europe/Berlin}",
        "2026-10-25T00:00Z 2026-10-25T01:59Z",
        "2026-10-24T23:59Z 2026-10-25T02:00Z",
    ),
    "the-day-is-the-locations": (
        "{weekdays: [saturday], location: Asia/Tokyo}",
        "2026-05-01T15:00Z 2026-05-02T14:59Z",
        "2026-05-01T14:59Z 2026-05-02T15:00Z",
    ),
    "so-are-month-and-year": (
        "{months: [january], years: [2027], location: Asia/Tokyo}",
        "2026-12-31T15:00Z",
        "2026-12-31T14:59Z 2027-01-31T15:00Z",
    ),
    "last-day-of-a-month-with-a-short-day": (
        "{days_of_month: [-1], location: Europe/Berlin}",
        "2026-03-31T12:00Z 2026-10-31T12:00Z",
        "2026-03-30T12:00Z 2026-10-30T12:00Z",
    ),
    "the-31st-of-a-month-with-a-short-day": (
        "{days_of_month: ['31'], location: Europe/Berlin}",
        "2026-03-31T12:00Z",
        "2026-03-30T12:00Z 2026-04-30T12:00Z",
    ),
    "first-days-until-the-last": (
        "{days_of_month: ['2:-2']}",
        "2026-02-02T00:00Z 2026-02-27T00:00Z",
        "2026-02-28T00:00Z",
    ),
    "leap-day": ("{days_of_month: [-1]}", "2028-02-29T00:00Z", "2028-02-28T00:00Z"),
    "all-in-capital-letters": (
        "{weekdays: [FRIDAY], months: [MAY]}",
        "2026-05-01T00:00Z",
        "2026-05-02T00:00Z",
    ),
}


def interval(text: str) -> TimeInterval:
    found = TimeInterval.parse(parse_source(text).data)
    assert isinstance(found, TimeInterval), found
    return found


@pytest.mark.parametrize(("text", "inside", "outside"), (THEIRS | OURS).values(), ids=THEIRS | OURS)
def test_an_interval_holds_the_moments_that_it_says(text: str, inside: str, outside: str) -> None:
    """By the clock and calendar of its location, whatever the offset that a moment comes with."""
    asked = interval(text)
    assert [moment for moment in inside.split() if not asked.contains(datetime.fromisoformat(moment))] == []
    assert [moment for moment in outside.split() if asked.contains(datetime.fromisoformat(moment))] == []


def test_local_is_the_machines_own_zone() -> None:
    """As in Alertmanager, which means the machine that it runs on."""
    moment = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert interval("{location: Local}").location.local(moment).utcoffset() == moment.astimezone().utcoffset()


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
DAYS = st.integers(1, 31)


@given(MOMENTS, DAYS, DAYS)
def test_days_from_the_end_count_like_days_from_the_beginning(moment: datetime, one: int, two: int) -> None:
    """Whatever the month's length: day -1 is its last."""
    begin, end = sorted((-one, -two))
    last = monthrange(moment.year, moment.month)[1]
    expected = last + 1 + begin <= moment.day <= last + 1 + end
    assert TimeInterval(days_of_month=(days_of_month(f"{begin}:{end}"),)).contains(moment) is expected


@given(MOMENTS, st.integers(0, 1439), st.integers(1, 1440))
def test_times_on_both_sides_of_a_minute_share_out_the_day(moment: datetime, start: int, end: int) -> None:
    """A range ends where the next begins: each moment is in exactly one of them."""
    at = sorted({0, start, end, 1440})
    parts = [
        TimeRange(start_time=timedelta(minutes=begin), end_time=timedelta(minutes=until))
        for begin, until in pairwise(at)
    ]
    assert sum(TimeInterval(times=(part,)).contains(moment) for part in parts) == 1
    assert TimeInterval(times=tuple(parts)).contains(moment)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("{}", "any time", id="any-time"),
        pytest.param(BUSINESS, "monday:friday 09:00-17:00", id="business"),
        pytest.param(
            COMPLETE,
            "monday:wednesday,saturday,sunday 13:00-15:00 days 1,10,20:-1 january:march 2020:2023",
            id="everything",
        ),
        pytest.param(
            "{days_of_month: [-1], months: [5], years: [2026], location: Asia/Tokyo}",
            "days -1 5 2026",
            id="numbers",
        ),
        pytest.param("{times: [{start_time: 00:00, end_time: 24:00}]}", "00:00-24:00", id="all-day"),
    ],
)
def test_an_interval_in_words_is_what_the_file_says(text: str, words: str) -> None:
    """Without its location, beside which it stands."""
    assert interval(text).in_words() == words


def test_intervals_are_values() -> None:
    """Equal where they mean the same, and fit to be keys, as rules are."""
    one, other = interval(BUSINESS), interval(BUSINESS.replace("monday", "Monday"))
    assert {one: 1}[other] == 1
    assert interval("{months: [5]}") == interval("{months: [may]}") != interval("{months: [june]}")
    assert interval("{location: UTC}") == interval("{}") != interval("{location: Europe/Berlin}")


PARSED: list[tuple[Any, Any]] = [
    (weekdays, Span(1, 5, "monday:friday")),
    (days_of_month, Span(1, -1, "1:-1")),
    (months, Span(1, 12, "january:december")),
    (years, Span(2026, 2026, "2026")),
    (clock, timedelta(hours=24)),
    (zone, Zone("UTC", UTC)),
]


@pytest.mark.parametrize(("parse", "value"), PARSED, ids=[parse.__name__ for parse, _ in PARSED])
def test_python_may_give_the_value_that_text_becomes(parse: Any, value: Any) -> None:
    """As everywhere in the models of the rule file."""
    assert parse(value) is value
