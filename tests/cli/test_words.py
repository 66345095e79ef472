"""What the commands of the on-call say, and in whose name."""

import getpass
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.exceptions import Exit

from receiver.app import Cluster
from receiver.cli import words
from receiver.cli.explain import _decision
from receiver.cli.person import person
from receiver.policy.rules import Mode
from tests.policy.builders import decision, rule

NOBODY = "no receiver has taken it up yet: is one running? It will, as soon as one is\n"


def record(phase: str, message: str = "x", holder: str = "") -> dict[str, Any]:
    return {"metadata": {"name": "a"}, "status": {"phase": phase, "message": message, "holder": holder}}


def watch(monkeypatch: pytest.MonkeyPatch, *later: dict[str, Any]) -> int:
    """Watch a record that is Pending, and then as told; return the exit status."""
    monkeypatch.setattr(words, "LOOK_SECONDS", 0)
    left = iter(later)
    cluster = SimpleNamespace(records=SimpleNamespace(get=lambda _: next(left)))
    with pytest.raises(Exit) as caught:
        words._watch(cast("Cluster", cluster), record("Pending"))
    return caught.value.exit_code


@pytest.mark.parametrize(
    ("phase", "status"), [("Succeeded", 0), ("Refused", 1), ("NotCured", 1), ("Failed", 1), ("Superseded", 1)]
)
def test_waiting_ends_with_the_record(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], phase: str, status: int
) -> None:
    """Each change is told once, on a line that moves no terminal's cursor."""
    rolling = record("RollingBack", "on \x1b[2J the way", "me")
    assert watch(monkeypatch, rolling, rolling, record(phase)) == status
    told = capsys.readouterr()
    assert told.out.splitlines() == ["Pending: x", "RollingBack: on \\x1b[2J the way", f"{phase}: x"]
    assert told.err == ""


def test_who_waits_for_nobody_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Perhaps no receiver runs at all."""
    monkeypatch.setattr(words, "LONELY_SECONDS", -1)
    watch(monkeypatch, record("Pending"), record("Pending"), record("Pending", holder="me"), record("Failed"))
    assert capsys.readouterr().err == NOBODY


def test_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container there may be no entry for it."""

    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert person().startswith("uid ")


def test_explain_says_that_it_would_ask() -> None:
    """Nothing waits yet."""
    told = _decision(decision(rules=[rule(mode=Mode.APPROVE)]))
    assert told.startswith("Would wait for approval to roll Deployment shop/checkout back from revision 7 to")
