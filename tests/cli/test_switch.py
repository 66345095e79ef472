"""What `pause` says to whoever pauses first, and to whoever finds it paused."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner

from receiver.app import Cluster
from receiver.cli import switch
from receiver.cli.main import main
from tests.kubernetes.fake import FakeApi

Say = Callable[..., str]
ENDS = "; `rollback-receiver resume -n rollbacks` ends it\n"


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Say:
    """Give a command in somebody's name, and return what it says."""
    cluster = Cluster(FakeApi(), "rollbacks")
    monkeypatch.setattr(switch, "open_home", lambda *_, **__: cluster)
    monkeypatch.setattr(switch, "format_time", lambda _: "T")
    monkeypatch.setattr("receiver.engine.words.format_time", lambda _: "T")

    def run(by: str, *words: str) -> str:
        monkeypatch.setattr(switch, "person", lambda: by)
        done = CliRunner().invoke(main, list(words))
        assert (done.exit_code, done.stderr) == (0, "")
        return done.stdout

    return run


def test_who_finds_it_paused_hears_by_whom_since_when_and_why(say: Say) -> None:
    assert say("ann", "pause", "--reason=game\x1b[2J day") == f"paused in namespace rollbacks at T{ENDS}"
    already = "paused already in namespace rollbacks, "
    assert say("bob", "pause") == f"{already}by ann since T: game\\x1b[2J day{ENDS}"
    assert say("bob", "pause", "--reason=outage") == f"{already}now by bob since T: outage{ENDS}"
    assert say("bob", "resume") == "resumed in namespace rollbacks\n"


def test_a_pause_without_a_reason_is_told_without_one(say: Say) -> None:
    say("ann", "pause")
    assert say("bob", "pause") == f"paused already in namespace rollbacks, by ann since T{ENDS}"
