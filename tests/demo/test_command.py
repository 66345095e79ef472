"""How the command ends: what it says, and with which status."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner

from receiver.cli import demo
from receiver.demo.programs import DemoError
from receiver.demo.remains import LeftBehind
from tests.cluster.receivers import ROOT, environment
from tests.kubernetes.stub import kubeconfig

URL = "http://127.0.0.1:1"


def leaving_behind(before: BaseException | None) -> Callable[..., NoReturn]:
    def perform(**_: object) -> NoReturn:
        if before is None:
            raise LeftBehind("Still there: a.")
        try:
            raise before
        finally:
            raise LeftBehind("Still there: a.")

    return perform


@pytest.mark.parametrize(
    ("before", "status", "said"),
    [
        (None, 1, "Still there: a.\n"),
        (KeyboardInterrupt(), 130, "\nInterrupted. Still there: a.\n"),
        (DemoError("no record came"), 1, "the demo ended early: no record came\nStill there: a.\n"),
    ],
    ids=["ended by itself", "interrupted", "ended early"],
)
def test_what_is_left_behind_is_said_last(
    monkeypatch: pytest.MonkeyPatch, before: BaseException | None, status: int, said: str
) -> None:
    monkeypatch.setattr(demo, "perform", leaving_behind(before))
    ended = CliRunner().invoke(demo.demo, ["--once"])
    assert (ended.exit_code, ended.output) == (status, said)


def test_a_question_that_nobody_can_read_is_not_asked(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "receiver", "demo", "--kubeconfig", str(kubeconfig(tmp_path, URL))]
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    ended = subprocess.run(
        closed,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        "the demo asks before it plays on a real cluster, and its standard output is closed\n"
    )
