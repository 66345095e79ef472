import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.policy.durations import format_duration, parse_duration

LONGEST = timedelta(milliseconds=(2**63 - 1) // 10**6)

DOCUMENTED = re.compile(
    "((([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?|0)", re.ASCII
)
"""From the documentation of Prometheus' configuration; it takes the empty string, which the code refuses."""

READ = {
    "0": timedelta(0),
    "0s": timedelta(0),
    "0w": timedelta(0),
    "324ms": timedelta(milliseconds=324),
    "3s": timedelta(seconds=3),
    "90s": timedelta(seconds=90),
    "5m": timedelta(minutes=5),
    "5m3ms": timedelta(minutes=5, milliseconds=3),
    "1h30m": timedelta(minutes=90),
    "4d1h": timedelta(days=4, hours=1),
    "3w2d1h": timedelta(weeks=3, days=2, hours=1),
    "10y": timedelta(days=3650),
    "1y2w3d4h5m6s7ms": timedelta(days=382, hours=4, minutes=5, seconds=6, milliseconds=7),
    "007s": timedelta(seconds=7),
    "0" * 30 + "7s": timedelta(seconds=7),
    "9223372036854ms": LONGEST,
}
NO_DURATION = [
    "",
    "1",
    "00",
    "-1w",
    "+1s",
    "1.5d",
    "1y1m1d",
    "1m1h",
    "1s1s",
    "1M",
    "1 s",
    " 1s",
    "1s\n",
    "s",
    "1h30",
]
NOT_ASCII = ["١s", "1ѕ", "²s"]
TOO_LONG = ["293y", "9223372036855ms", "292y53w", "9" * 19 + "ms", "9" * 5000 + "y"]
WRITTEN = {
    timedelta(0): "0s",
    timedelta(microseconds=999): "0s",
    timedelta(microseconds=-999): "0s",
    timedelta(milliseconds=1): "1ms",
    timedelta(seconds=90): "1m30s",
    timedelta(minutes=90): "1h30m",
    timedelta(days=1): "1d",
    timedelta(days=14): "2w",
    timedelta(days=90): "90d",
    timedelta(weeks=3, days=2, hours=1): "23d1h",
    timedelta(days=365): "1y",
    timedelta(days=366): "366d",
    timedelta(seconds=-90): "-1m30s",
}


@pytest.mark.parametrize(("text", "duration"), READ.items(), ids=READ)
def test_a_duration_is_read_as_prometheus_reads_it(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", [*NO_DURATION, *NOT_ASCII], ids=ascii)
def test_what_prometheus_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration: write it like 90s, 10m or 1h30m"):
        parse_duration(text)


@pytest.mark.parametrize("text", TOO_LONG, ids=lambda text: text[:20])
def test_what_overflows_in_prometheus_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is too long: a duration is at most 292 years"):
        parse_duration(text)


@pytest.mark.parametrize(("duration", "text"), WRITTEN.items(), ids=WRITTEN.values())
def test_a_duration_is_written_as_prometheus_writes_it(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


@given(st.integers(min_value=0, max_value=LONGEST // timedelta(milliseconds=1)))
def test_what_is_written_is_read_back(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


@given(st.text(alphabet="01ywdhms .-", max_size=10))
def test_nothing_else_is_taken_than_what_prometheus_documents(text: str) -> None:
    documented = DOCUMENTED.fullmatch(text) and text
    try:
        taken = parse_duration(text) is not None
    except ValueError:
        taken = False
    assert taken == (bool(documented) or text == "0")
