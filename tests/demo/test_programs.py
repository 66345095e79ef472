"""A program that does not do as it should ends the demo with a word about why."""

import sys
from pathlib import Path

import pytest

from receiver.demo.programs import DemoError, Program

FAILS = [sys.executable, "-c", "import sys; sys.exit('no such rule')"]
STAYS = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_one_that_ends_by_itself_is_quoted(tmp_path: Path) -> None:
    with (
        pytest.raises(DemoError, match="the receiver ended by itself; its log says last:\nno such rule"),
        Program("the receiver", FAILS, tmp_path / "log") as program,
    ):
        program.wait_until("to be ready", lambda: False)


def test_one_that_takes_too_long_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(DemoError, match="the receiver: to be ready took too long"),
        Program("the receiver", STAYS, tmp_path / "log") as program,
    ):
        program.wait_until("to be ready", lambda: False, 0.1)


def test_one_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(DemoError, match=r"cannot start Alertmanager: .*no-such-file"),
        Program("Alertmanager", [str(tmp_path / "no-such-file")], tmp_path / "log"),
    ):
        pass


def test_it_is_gone_afterwards(tmp_path: Path) -> None:
    with Program("sleeper", STAYS, tmp_path / "log") as program:
        process = program._process
        assert process.poll() is None
    assert process.poll() is not None
