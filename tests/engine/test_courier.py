"""A courier goes round when woken and every few seconds, and waits longer each time something fails."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from receiver.cluster.errors import Unavailable
from receiver.cluster.records import Records
from receiver.engine import courier as courier_module
from receiver.engine.courier import FIRST_SECONDS, MOST_SECONDS, Courier, Later
from tests.engine.builders import FOLDER, NOW, eventually, record
from tests.kubernetes.fake import FakeApi


class Bringing:
    """Notes the records that it is given, and raises what it is told: for all, or for those in `bad`."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.bad: set[str] = set()
        self.fault: Exception | None = None

    def __call__(self, raw: Any) -> None:
        name = raw["metadata"]["name"]
        self.seen.append(name)
        if self.fault and (not self.bad or name in self.bad):
            raise self.fault

    def taken(self) -> list[str]:
        """Return what it was given since it was last asked."""
        seen, self.seen = self.seen, []
        return seen


class Clock:
    """The courier's time: it passes when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def bringing() -> Bringing:
    return Bringing()


@pytest.fixture
def fake() -> FakeApi:
    made = FakeApi()
    for name, untold in (("a", "yes"), ("b", None), ("c", "yes")):
        made.put(f"{FOLDER}/{name}", **record(name, phase="Failed", untold=untold))
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


def made_since(raw: Any) -> str:
    return str(raw["metadata"]["creationTimestamp"])


def hired(fake: FakeApi, bringing: Any, **more: Any) -> Courier:
    return Courier("shop", Records(fake, "rollbacks"), bringing, since=made_since, **more)


def put(fake: FakeApi, name: str, *, minutes: int = 0) -> None:
    raw = record(name, created=NOW + timedelta(minutes=minutes), phase="Failed", untold="yes")
    fake.put(f"{FOLDER}/{name}", **raw)


@pytest.fixture
def courier(fake: FakeApi, bringing: Bringing) -> Iterator[Courier]:
    made = hired(fake, bringing)
    yield made
    made.stop()
    made.finish(10)


@pytest.fixture
def timed(fake: FakeApi, bringing: Bringing, clock: Clock) -> Courier:
    """A courier whose time stands still."""
    return hired(fake, bringing, now=clock)


def pauses(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage().rpartition("again in ")[2] for r in caplog.records if "again in" in r.getMessage()]


def test_it_is_given_the_records_with_something_to_tell(courier: Courier, bringing: Bringing) -> None:
    courier.round()
    assert bringing.seen == ["a", "c"]


def test_who_is_away_is_asked_less_and_less_often(
    timed: Courier, bringing: Bringing, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    bringing.fault = Later("it answered 500")
    for n in (1, 2, 4, 8, 16, 32, 60, 60):
        timed.round()
        assert sorted(bringing.taken()) == ["a", "c"]
        clock.seconds += n - 0.5
        timed.round()
        assert bringing.taken() == []
        clock.seconds += 0.5
    assert pauses(caplog) == [f"{n} s" for n in (1, 2, 4, 8, 16, 32, 60, 60)]
    assert MOST_SECONDS == 60
    caplog.clear()
    bringing.fault = None
    timed.round()
    bringing.fault = Later("away again")
    timed.round()
    assert pauses(caplog) == ["1 s"]


def test_the_oldest_comes_first_whatever_its_name(timed: Courier, bringing: Bringing, fake: FakeApi) -> None:
    put(fake, "z", minutes=-10)
    put(fake, "b", minutes=10)
    timed.round()
    assert bringing.seen == ["z", "a", "c", "b"]


def test_what_always_fails_keeps_no_other_record_from_its_turn(
    timed: Courier, bringing: Bringing, fake: FakeApi, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    bringing.fault, bringing.bad = Later("it answered 500"), {"a"}
    timed.round()
    assert bringing.taken() == ["a", "c"]
    put(fake, "new", minutes=10)
    timed.round()
    assert bringing.taken() == ["c", "new"]
    clock.seconds += FIRST_SECONDS
    timed.round()
    assert bringing.taken() == ["c", "new", "a"]
    assert pauses(caplog) == ["1 s", "2 s"]


def test_what_has_failed_and_was_taken_since_waits_for_nothing(
    timed: Courier, bringing: Bringing, clock: Clock
) -> None:
    bringing.fault, bringing.bad = Later("it answered 500"), {"a", "c"}
    timed.round()
    clock.seconds += FIRST_SECONDS
    bringing.bad = {"a"}
    timed.round()
    bringing.taken()
    timed.round()
    assert bringing.taken() == ["c"]


def test_after_three_that_fail_it_counts_as_away_and_the_others_begin_the_next_round(
    timed: Courier, bringing: Bringing, fake: FakeApi, clock: Clock
) -> None:
    for n in range(5):
        put(fake, f"n{n}", minutes=n + 1)
    bringing.fault = Later("it answered 500")
    timed.round()
    assert bringing.taken() == ["a", "c", "n0"]
    put(fake, "new", minutes=10)
    timed.round()
    assert bringing.taken() == []
    clock.seconds += 1
    timed.round()
    assert bringing.taken() == ["n1", "n2", "n3"]
    clock.seconds += 2
    bringing.fault = None
    timed.round()
    assert bringing.taken() == ["n4", "new", "a", "c", "n0", "n1", "n2", "n3"]


def test_a_record_with_nothing_for_it_is_left_alone(fake: FakeApi, bringing: Bringing) -> None:
    records = Records(fake, "rollbacks")
    Courier("shop", records, bringing, since=lambda raw: raw["status"].get("since")).round()
    assert (bringing.seen, fake.made("GET", "/a")) == ([], 0)


def test_a_record_that_is_gone_when_its_turn_comes_is_no_failure(
    timed: Courier, bringing: Bringing, fake: FakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(_: str, path: str) -> None:
        if path.endswith("/a"):
            fake.objects.pop(path, None)

    fake.before = gone
    timed.round()
    assert (bringing.seen, caplog.text) == (["c"], "")


@pytest.mark.parametrize("fault", [Unavailable("away"), RuntimeError("odd")], ids=["cluster", "own"])
def test_no_fault_ends_it(
    courier: Courier, bringing: Bringing, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "EVERY_SECONDS", 0.01)
    bringing.fault = fault
    courier.start()
    eventually(lambda: len(bringing.seen) > 2)
    bringing.fault = None
    eventually(lambda: "c" in bringing.seen)


def test_it_comes_when_it_is_woken(
    courier: Courier, bringing: Bringing, fake: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "EVERY_SECONDS", 60.0)
    courier.start()
    eventually(lambda: bringing.seen == ["a", "c"])
    fake.put(f"{FOLDER}/d", **record("d", phase="Failed", untold="yes"))
    courier.woken.set()
    eventually(lambda: "d" in bringing.seen)


def test_it_begins_nothing_new_once_it_is_stopped(fake: FakeApi) -> None:
    began, go_on, seen = threading.Event(), threading.Event(), list[Any]()

    def bring(raw: Any) -> None:
        seen.append(raw)
        began.set()
        go_on.wait(10)

    made = hired(fake, bring)
    made.finish(0)
    made.start()
    assert began.wait(10)
    made.stop()
    go_on.set()
    made.finish(10)
    assert len(seen) == 1
