"""What is remembered of the recent records: read once on an alert's way at most, then only beside it."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from receiver.cluster.errors import ClusterError, Forbidden, Unavailable
from receiver.cluster.records import Records
from receiver.engine import recollection as recollection_module
from receiver.engine.recollection import Recollection, pause
from receiver.policy.bystanders import Bystander, Recent
from receiver.policy.hearing import Hearing
from receiver.policy.ledger import Ledger
from receiver.policy.workload import Unreadable
from tests.engine.builders import CHECKOUT, FOLDER, NOW, eventually, record
from tests.kubernetes.fake import FakeApi

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
WHAT = "the records of the last 10m"
UNDEPLOYED = {"verdicts": [{"guard": "blame", "reason": "rollout_too_old"}]}


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(fake: FakeApi, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recollection]:
    monkeypatch.setattr(recollection_module, "EVERY_SECONDS", 0.01)
    made = Recollection(Records(fake, "rollbacks"), clock)
    yield made
    made.stop()


def put(
    fake: FakeApi, name: str = "a", *, phase: str = "Refused", age: timedelta = MINUTE, **more: Any
) -> None:
    """A record of a workload that nobody had deployed, told last so long ago."""
    status = {"decision": UNDEPLOYED, "lastSeenAt": (NOW - age).isoformat(), "phase": phase, **more}
    fake.put(f"{FOLDER}/{name}", **record(name, **status))


def names(found: Recent | Unreadable) -> set[str]:
    assert isinstance(found, Recent)
    return {one.record for one in found.bystanders}


def decided(*names: str, bystanders: str = "", at: datetime = NOW) -> Hearing:
    """What was judged just now, and which of it nobody had deployed."""
    found = tuple(Bystander(name, CHECKOUT, at) for name in bystanders)
    decisions: Any = dict.fromkeys(names)
    return Hearing((), at, Ledger(), decisions, Ledger(), found)


def failing(fake: FakeApi, error: ClusterError | None) -> None:
    def before(_method: str, _path: str) -> None:
        if error is not None:
            raise error

    fake.before = before


def test_only_the_first_question_reads_on_its_way(fake: FakeApi, memory: Recollection) -> None:
    """And none does once the background has."""
    put(fake)
    assert memory.recent() == Recent((Bystander("a", CHECKOUT, NOW - MINUTE),), NOW)
    put(fake, "b")
    assert names(memory.recent()) == {"a"}
    assert fake.made("GET") == 1
    memory.read()
    assert names(memory.recent()) == {"a", "b"}
    assert fake.made("GET") == 2


@pytest.mark.parametrize(
    ("told", "there"),
    [
        pytest.param({}, True, id="refused"),
        pytest.param({"age": 10 * MINUTE - SECOND}, True, id="just-inside-the-window"),
        pytest.param({"age": 10 * MINUTE}, False, id="too-long-ago"),
        pytest.param({"phase": "DryRun"}, False, id="not-refused"),
        pytest.param({"decision": {}}, False, id="not-blamed"),
    ],
)
def test_refused_records_of_the_last_ten_minutes_count(
    fake: FakeApi, memory: Recollection, told: dict[str, Any], *, there: bool
) -> None:
    """As their last alert tells."""
    put(fake, **told)
    assert names(memory.recent()) == ({"a"} if there else set())


def test_all_pages_are_read(fake: FakeApi, memory: Recollection) -> None:
    """However many were refused."""
    for number in range(250):
        put(fake, f"r{number}")
    assert len(names(memory.recent())) == 250
    assert fake.made("GET") == 3


def test_what_was_never_read_is_unreadable(fake: FakeApi, memory: Recollection) -> None:
    """And tried again at the next question."""
    failing(fake, Forbidden("GET x: no (403)"))
    assert memory.recent() == Unreadable(WHAT, "GET x: no (403)")
    failing(fake, None)
    assert names(memory.recent()) == set()


def test_what_may_be_readable_in_a_moment_is_raised(
    fake: FakeApi, memory: Recollection, clock: Clock
) -> None:
    """So that the alert is sent again: whether nothing ever was read, or nothing since a minute."""
    for _ in range(2):
        failing(fake, Unavailable("no answer"))
        with pytest.raises(Unavailable, match="no answer"):
            memory.recent()
        failing(fake, None)
        memory.read()
        clock.now += 61 * SECOND


def test_memory_serves_for_a_minute_while_reads_fail(
    fake: FakeApi, memory: Recollection, clock: Clock
) -> None:
    """With its age; then it is Unreadable, until the first question that can be answered."""
    put(fake)
    memory.read()
    failing(fake, Forbidden("GET x: no (403)"))
    with pytest.raises(Forbidden):
        memory.read()
    clock.now += 60 * SECOND
    asked = len(fake.calls)
    assert memory.recent() == Recent((Bystander("a", CHECKOUT, NOW - MINUTE),), NOW)
    assert len(fake.calls) == asked
    clock.now += SECOND
    assert memory.recent() == Unreadable(WHAT, "GET x: no (403)")
    failing(fake, None)
    assert names(memory.recent()) == {"a"}


def test_read_of_more_than_a_minute_is_of_no_use(fake: FakeApi, memory: Recollection, clock: Clock) -> None:
    """What it found first is too old when it ends."""

    def before(_method: str, _path: str) -> None:
        clock.now += 61 * SECOND

    fake.before = before
    assert memory.recent() == Unreadable(WHAT, "reading them takes longer than 1m")


def test_questions_asked_at_once_read_once(fake: FakeApi, memory: Recollection) -> None:
    """The others wait for the first one's read."""
    fake.before = lambda _method, _path: time.sleep(0.1)
    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(lambda _: memory.recent(), range(8)))) == 8
    assert fake.made("GET") == 1


def test_record_that_makes_no_sense_is_named(fake: FakeApi, memory: Recollection) -> None:
    """Nobody knows what it means, so nothing is rolled back."""
    put(fake, "odd", lastSeenAt="yesterday")
    found = memory.recent()
    assert isinstance(found, Unreadable)
    assert found.why.startswith("the record odd: ValueError: ")
    assert found.why.endswith("made by another version?")


def test_what_is_decided_here_is_known_at_once(fake: FakeApi, memory: Recollection) -> None:
    """Before it is stored, and whatever its record said before."""
    put(fake, "b")
    memory.read()
    memory.note(decided("a", "b", bystanders="a"))
    assert names(memory.recent()) == {"a"}
    memory.read()
    assert names(memory.recent()) == {"a"}, "it may be on its way to the record still"


def test_what_was_decided_a_while_ago_is_what_its_record_says(
    fake: FakeApi, memory: Recollection, clock: Clock
) -> None:
    """It was deleted, or another receiver has judged it since, or it never was stored."""
    put(fake, "b")
    memory.note(decided("a", "b", bystanders="a"))
    clock.now += 30 * SECOND
    memory.read()
    assert names(memory.recent()) == {"b"}


def test_records_are_read_in_the_background(
    fake: FakeApi, memory: Recollection, caplog: pytest.LogCaptureFixture
) -> None:
    """Again and again, through whatever goes wrong."""
    caplog.set_level(logging.WARNING)
    memory.start()
    eventually(lambda: fake.made("GET") > 1)
    put(fake)
    eventually(lambda: names(memory.recent()) == {"a"})
    failing(fake, Forbidden("GET x: no (403)"))
    eventually(lambda: "cannot read the recent records: GET x: no (403)" in caplog.text)
    failing(fake, None)
    put(fake, "b")
    eventually(lambda: names(memory.recent()) == {"a", "b"})


def test_fault_of_the_receivers_own_does_not_end_the_reading(
    fake: FakeApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is in the log, and the next round is tried."""
    monkeypatch.setattr(recollection_module, "EVERY_SECONDS", 0.01)
    records, faults = Records(fake, "rollbacks"), [RuntimeError("odd")]
    read = records.refused

    def refused() -> Any:
        if faults:
            raise faults.pop()
        return read()

    monkeypatch.setattr(records, "refused", refused)
    made = Recollection(records)
    made.start()
    eventually(lambda: fake.made("GET") > 1)
    made.stop()
    assert "a fault of the receiver's own, reading the recent records" in caplog.text


@pytest.mark.parametrize(
    ("took", "seconds"),
    [
        pytest.param(0.02, 5.0, id="quick"),
        pytest.param(1.0, 9.0, id="a-tenth-of-the-time"),
        pytest.param(20.0, 30.0, id="before-the-memory-is-too-old"),
    ],
)
def test_slow_reads_are_made_less_often(took: float, seconds: float) -> None:
    """An alert shares the process and the API server with them."""
    assert pause(took) == seconds
