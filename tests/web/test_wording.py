"""Times, durations and foreign text, as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from receiver.web.wording import clock, lasting, moment, visible, web_address


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 ms"),
        (0, "0 ms"),
        (0.0284, "28 ms"),
        (2.13, "2.1 s"),
        (94.4, "94 s"),
        (120, "2m"),
        (372, "6m12s"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert lasting(timedelta(seconds=seconds)) == text


def test_a_time_of_another_day_has_its_date() -> None:
    at = datetime(2026, 5, 1, 3, 12, 44, tzinfo=UTC)
    assert clock(at, now=at + timedelta(hours=20)) == "03:12:44 UTC"
    assert clock(at, now=at + timedelta(hours=21)) == "2026-05-01 03:12:44 UTC"


@pytest.mark.parametrize("text", [None, "", "yesterday", "2026-05-01T03:12:44", 7, {}], ids=repr)
def test_what_is_no_time_is_none(text: object) -> None:
    assert moment(text) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\nb\tc", "a\nb\tc"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x1b[2J", "\\u001b[2J"),
        ("\u2066a\u2069", "\\u2066a\\u2069"),
        ("größer 漢字", "größer 漢字"),
    ],
    ids=ascii,
)
def test_nothing_in_a_text_is_invisible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("https://prometheus.example/graph?g0.expr=up", True),
        ("HTTP://prometheus.example", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
        ("/relative", False),
        ("http://a b", False),
        ("http://a\u202eb", False),
        ("", False),
        (None, False),
        (7, False),
    ],
    ids=ascii,
)
def test_only_web_addresses_are_linked(text: object, linked: bool) -> None:
    assert web_address(text) == (text if linked else None)
