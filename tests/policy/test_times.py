"""Times as Kubernetes writes them, and ages as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.policy.times import format_age, format_precise, format_time, parse_time

TEA = datetime(2026, 5, 1, 16, 5, 9, 120_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-05-01T16:05:09Z", TEA.replace(microsecond=0), id="metav1.Time"),
        pytest.param("2026-05-01T16:05:09.120000Z", TEA, id="metav1.MicroTime"),
        pytest.param("2026-05-01T18:05:09.12+02:00", TEA, id="offset"),
        pytest.param("2026-05-01T16:05:09.120000999Z", TEA, id="nanoseconds"),
        pytest.param(None, None, id="none"),
    ],
)
def test_a_time_is_read_as_utc(text: str | None, moment: datetime | None) -> None:
    """Whatever offset stands there, what comes out is aware and UTC."""
    read = parse_time(text)
    assert read == moment
    assert read is None or read.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("yesterday", id="word"),
        pytest.param("2026-05-01", id="date-only"),
        pytest.param("2026-05-01T16:05:09", id="no-offset"),
        pytest.param("2026-13-01T16:05:09Z", id="no-such-month"),
        pytest.param("0001-01-01T00:00:00+01:00", id="before-the-first-year-in-utc"),
        pytest.param("9999-12-31T23:59:59-01:00", id="after-the-last-year-in-utc"),
    ],
)
def test_what_is_no_time_is_a_value_error(text: str) -> None:
    """People write annotations: whatever stands there, nothing but ValueError comes of it."""
    with pytest.raises(ValueError):  # noqa: PT011 # the parser's own message, which differs by Python
        parse_time(text)


def test_times_are_written_in_utc() -> None:
    """With whole seconds for metav1.Time, with six digits for metav1.MicroTime."""
    elsewhere = TEA.astimezone(timezone(timedelta(hours=-3)))
    assert format_time(elsewhere) == "2026-05-01T16:05:09Z"
    assert format_precise(elsewhere) == "2026-05-01T16:05:09.120000Z"


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.just(UTC)))
def test_a_precise_time_is_read_back_as_it_was(moment: datetime) -> None:
    """Nothing is lost between two receivers."""
    assert parse_time(format_precise(moment)) == moment


@pytest.mark.parametrize(
    ("age", "text"),
    [
        pytest.param(timedelta(0), "0s", id="zero"),
        pytest.param(timedelta(milliseconds=999), "0s", id="below-a-second"),
        pytest.param(timedelta(seconds=45), "45s", id="seconds"),
        pytest.param(timedelta(minutes=6), "6m", id="even"),
        pytest.param(timedelta(hours=1, minutes=30, seconds=59), "1h30m", id="two-units"),
        pytest.param(timedelta(days=2, minutes=5), "2d5m", id="a-gap"),
        pytest.param(timedelta(days=400, hours=3), "400d3h", id="long"),
        pytest.param(timedelta(seconds=-90), "-1m30s", id="future"),
        pytest.param(timedelta(milliseconds=-5), "0s", id="future-below-a-second"),
    ],
)
def test_an_age_is_its_two_largest_units(age: timedelta, text: str) -> None:
    """Evidence is read at a glance; a future that clocks make up keeps its sign."""
    assert format_age(age) == text
