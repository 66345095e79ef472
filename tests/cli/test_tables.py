"""Tables fit a terminal; where there is none, a row is a line."""

import pytest

from receiver.cli.tables import fitted, fitted_table

LONG = " ".join(["evidence"] * 30)


def test_what_goes_into_a_pipe_is_not_broken_into_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """grep gives the whole of it."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("os.get_terminal_size", no_terminal)
    assert fitted_table(("A", "B"), [("x", LONG)]).splitlines()[1] == f"x   {LONG}"
    assert fitted(LONG) == LONG


def no_terminal(*_: int) -> None:
    raise OSError("no terminal")


def test_a_set_width_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    told = fitted_table(("A", "B"), [("x", LONG)])
    assert max(map(len, told.splitlines())) <= 60
    assert " ".join(told.split()) == f"A B x {LONG}"
