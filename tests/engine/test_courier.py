"""A courier goes round when woken and every few seconds, and waits longer each time somebody is away."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from receiver.cluster.errors import Unavailable
from receiver.cluster.records import Records
from receiver.engine import courier as courier_module
from receiver.engine.courier import MOST_SECONDS, Courier, Later
from tests.engine.builders import FOLDER, eventually, record
from tests.kubernetes.fake import FakeApi


class Bringing:
    """Notes the records that it is given, and raises what it is told."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.fault: Exception | None = None

    def __call__(self, raw: Any) -> None:
        self.seen.append(raw["metadata"]["name"])
        if self.fault:
            raise self.fault


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
def courier(fake: FakeApi, bringing: Bringing) -> Iterator[Courier]:
    made = Courier("shop", Records(fake, "rollbacks"), bringing)
    yield made
    made.stop()
    made.finish(10)


def pauses(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage().rpartition("again in ")[2] for r in caplog.records if "again in" in r.getMessage()]


def test_it_is_given_the_records_with_something_to_tell(courier: Courier, bringing: Bringing) -> None:
    courier.round()
    assert bringing.seen == ["a", "c"]


def test_who_is_away_is_asked_less_and_less_often(
    courier: Courier, bringing: Bringing, caplog: pytest.LogCaptureFixture
) -> None:
    bringing.fault = Later("it answered 500")
    for _ in range(8):
        courier.round()
    assert pauses(caplog) == [f"{n} s" for n in (1, 2, 4, 8, 16, 32, 60, 60)]
    assert MOST_SECONDS == 60
    assert bringing.seen == ["a"] * 8
    caplog.clear()
    bringing.fault = None
    courier.round()
    bringing.fault = Later("away again")
    courier.round()
    assert pauses(caplog) == ["1 s"]


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

    made = Courier("shop", Records(fake, "rollbacks"), bring)
    made.finish(0)
    made.start()
    assert began.wait(10)
    made.stop()
    go_on.set()
    made.finish(10)
    assert len(seen) == 1
