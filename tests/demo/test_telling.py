"""The story can be read on any terminal, and on none."""

import io
import sys
import time

import pytest

from receiver.demo.telling import Teller

SENTENCE = (
    "The third release of checkout starts fine, and every tenth request fails; no probe sees that. " * 3
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(monkeypatch: pytest.MonkeyPatch, out: io.StringIO) -> str:
    monkeypatch.setattr(sys, "stdout", out)
    teller = Teller(fast=True)
    teller.chapter("A bad release")
    teller.say(SENTENCE)
    teller.command("rollback-receiver list", "NAME\nweb\n")
    return out.getvalue()


def test_a_terminal_is_given_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[1m1. A bad release\x1b[0m" in told(monkeypatch, Terminal())


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_without_colours_is_given_none(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert "\x1b" not in told(monkeypatch, Terminal())


def test_a_file_is_given_plain_text_that_fits_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    text = told(monkeypatch, io.StringIO())
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert "    $ rollback-receiver list\n    NAME\n    web\n" in text


def test_a_closed_output_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    teller = Teller(fast=True)
    teller.say(SENTENCE)
    teller.answer(SENTENCE)


def test_there_is_time_to_read_unless_it_is_to_be_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    Teller(fast=False).say("one two three four")
    assert len(slept) == 1
    assert slept[0] > 0.3
    Teller(fast=True).say("one two three four")
    assert len(slept) == 1
