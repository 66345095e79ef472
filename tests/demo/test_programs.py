"""A program that does not do as it should ends the demo with a word about why."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from receiver.demo import programs
from receiver.demo.programs import Alertmanager, DemoError, Program, ask, is_ready
from tests.kubernetes.stub import Answer, Stub, nobody_there, serving

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


def test_it_is_given_no_settings_of_a_receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBACK_RECEIVER_CONFIG", "/theirs")
    monkeypatch.setenv("THEIR_OWN", "kept")
    told = 'import os, sys; sys.exit(f\'{os.getenv("ROLLBACK_RECEIVER_CONFIG")} {os.getenv("THEIR_OWN")}\')'
    with (
        pytest.raises(DemoError, match=r"\nNone kept$"),
        Program("the receiver", [sys.executable, "-c", told], tmp_path / "log") as program,
    ):
        program.wait_until("to be ready", lambda: False)


def test_an_alertmanager_beside_one_is_the_one_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, said in (("here", "this one"), ("path", "another one")):
        binary = tmp_path / folder / "alertmanager"
        binary.parent.mkdir()
        binary.write_text(f"#!/bin/sh\necho {said}\n")
        binary.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "path"), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path / "here")
    with (
        pytest.raises(DemoError, match=r"\nthis one$"),
        Alertmanager(tmp_path, binary=Path("./alertmanager"), webhook="http://127.0.0.1:9", group_by=["a"]),
    ):
        pass


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as running:
        yield running


def test_a_busy_program_is_asked_again(stub: Stub) -> None:
    stub.say(Answer(503), Answer(500), Answer(200, {"accepted": 1}))
    assert ask(stub.url, {"a": "b"}) == '{"accepted": 1}'
    assert [asked.body for asked in stub.asked] == [b'{"a": "b"}'] * 3


def test_one_that_stays_busy_ends_the_demo(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "BUSY_SECONDS", 0.3)
    stub.say(Answer(503, b"not stored\n"))
    with pytest.raises(DemoError, match=r"^http://127.0.0.1:\d+ answered 503 \S.*: not stored$"):
        ask(stub.url)
    assert 1 < len(stub.asked) < 5


@pytest.mark.parametrize("answer", [Answer(400, b"no such alert"), Answer(raw=b""), Answer(raw=b"???\r\n")])
def test_one_that_refuses_or_breaks_off_ends_the_demo_at_once(stub: Stub, answer: Answer) -> None:
    stub.say(answer)
    with pytest.raises(DemoError, match=r"answered 400 Bad Request: no such alert|does not answer: "):
        ask(stub.url)
    assert len(stub.asked) == 1
    assert not is_ready(stub.url)


def test_one_that_is_gone_ends_the_demo() -> None:
    with nobody_there() as url, pytest.raises(DemoError, match=r"does not answer: .*refused"):
        ask(url)
