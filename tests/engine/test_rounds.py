"""What is done in the background is done again and again, whatever becomes of one round."""

from collections.abc import Callable, Iterator
from threading import Event

import pytest

from receiver.cluster.ledger import LedgerStore
from receiver.cluster.records import Records
from receiver.engine import pulse as pulse_module
from receiver.engine import rulebook as rulebook_module
from receiver.engine import tally as tally_module
from receiver.engine.pulse import Pulse
from receiver.engine.rounds import Rounds
from receiver.engine.rulebook import Rulebook
from receiver.engine.tally import Tally
from receiver.policy.rules import Ruleset
from tests.engine.builders import FOLDER, desk, eventually, record
from tests.kubernetes.fake import FakeApi

LONG = 600.0


class Counting(Rounds):
    """Counts its rounds; each returns, or raises, what it is told."""

    def __init__(self, *, every_seconds: float, at_once: bool, outcome: Callable[[], float | None]) -> None:
        super().__init__("counting", "counting its rounds", every_seconds=every_seconds, at_once=at_once)
        self.made = 0
        self._outcome = outcome

    def _round(self) -> float | None:
        self.made += 1
        return self._outcome()


@pytest.mark.parametrize(
    ("at_once", "every", "seconds"),
    [
        pytest.param(True, LONG, 0.01, id="its-own-pause"),
        pytest.param(True, 0.01, None, id="at-once"),
        pytest.param(False, 0.01, None, id="after-a-pause"),
    ],
)
def test_rounds_follow_each_other_until_they_are_stopped(
    at_once: bool, every: float, seconds: float | None
) -> None:
    """A round may say itself when the next one is due."""
    counting = Counting(every_seconds=every, at_once=at_once, outcome=lambda: seconds)
    counting.start()
    eventually(lambda: counting.made > 3)
    counting.stop()
    counting._thread.join(10)
    assert not counting._thread.is_alive()


def test_first_round_waits_for_its_pause() -> None:
    """And a stop ends the wait."""
    counting = Counting(every_seconds=LONG, at_once=False, outcome=lambda: None)
    counting.start()
    counting.stop()
    counting._thread.join(10)
    assert (counting.made, counting._thread.is_alive()) == (0, False)


def fail() -> None:
    raise ZeroDivisionError


def test_fault_of_our_own_is_logged_and_the_next_round_is_made(caplog: pytest.LogCaptureFixture) -> None:
    """A thread that died would be missed by nobody."""
    counting = Counting(every_seconds=0.01, at_once=True, outcome=fail)
    counting.start()
    eventually(lambda: counting.made > 2)
    counting.stop()
    assert "a fault of the receiver's own, counting its rounds" in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.fixture
def broken(fake: FakeApi) -> Iterator[Event]:
    """As long as it is set, every call fails as no call should."""
    odd = Event()

    def before(_method: str, _path: str) -> None:
        if odd.is_set():
            raise ZeroDivisionError

    fake.before = before
    yield odd
    odd.clear()


def test_tally_goes_on_after_a_fault(
    fake: FakeApi, broken: Event, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Repeats are counted again afterwards."""
    monkeypatch.setattr(tally_module, "EVERY_SECONDS", 0.01)
    raw, tally = fake.put(f"{FOLDER}/a", **record(occurrences=1)), Tally(desk(fake))
    broken.set()
    tally.count(raw, 1)
    tally.start()
    eventually(lambda: "counting repeats" in caplog.text)
    broken.clear()
    tally.count(raw, 1)
    eventually(lambda: fake.objects[f"{FOLDER}/a"]["status"]["occurrences"] == 2)
    tally.stop()


def test_pulse_goes_on_after_a_fault(
    fake: FakeApi, broken: Event, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A receiver that nobody feels any more would stay as ready, or as little, as it was."""
    monkeypatch.setattr(pulse_module, "EVERY_SECONDS", 0.01)
    pulse = Pulse(Records(fake, "rollbacks"), LedgerStore(fake, "rollbacks"), Ruleset)
    broken.set()
    pulse.start()
    eventually(lambda: "feeling the API server" in caplog.text)
    assert pulse.fault() is not None
    broken.clear()
    eventually(lambda: pulse.fault() is None)
    pulse.stop()


def test_rulebook_goes_on_after_a_fault(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The next change of a rule file is still loaded."""
    monkeypatch.setattr(rulebook_module, "EVERY_SECONDS", 0.01)
    looks = iter((*range(3), None))
    loads: list[int] = []

    def load() -> Ruleset:
        loads.append(len(loads))
        if len(loads) == 2:
            raise ZeroDivisionError
        return Ruleset()

    book = Rulebook(load, lambda: next(looks, None))
    book.load()
    book.start()
    eventually(lambda: len(loads) > 2)
    book.stop()
    assert "looking for changed rules" in caplog.text
