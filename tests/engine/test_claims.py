"""Two receivers hear of one workload at once: one decides, the other waits for what it says."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from receiver.cluster import patch
from receiver.cluster.api import Api, Object
from receiver.cluster.records import Records
from receiver.engine import entries
from receiver.engine.instance import STALE_AFTER, Instance
from receiver.policy.plan import Plan
from receiver.policy.rules import Mode
from tests.engine.builders import FOLDER, eventually, record
from tests.engine.engines import (
    bad_release,
    live_image,
    make_engine,
    phases,
    records,
    take,
    tell,
    the_record,
    working,
)
from tests.kubernetes.fake import FakeApi

HERE, THERE = Instance("here:1", "now"), Instance("there:1", "now")
Names = tuple[str, ...]


def accept(fake: FakeApi, instance: Instance = HERE, *, until: Callable[[], object] = lambda: True) -> Names:
    """Have a receiver hear of the alert and run on; return the records that it names."""
    with working(make_engine(fake, instance=instance)) as engine:
        names = take(engine).records
        eventually(until)
    return names


@pytest.fixture
def name() -> str:
    """The name of the record that a receiver makes."""
    fake = FakeApi()
    bad_release(fake)
    with working(make_engine(fake, mode=Mode.DRY_RUN)) as engine:
        return tell(engine)


def test_only_one_tries_to_patch(fake: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have seen no record when they make theirs; the later one does not act beside the other."""
    bad_release(fake)
    both, tried, heard, apply = threading.Barrier(2), list[Plan](), list[Future[Names]](), patch.apply

    def meet(method: str, path: str) -> None:
        if (method, path) == ("POST", FOLDER):
            both.wait(10)

    def try_slowly(api: Api, plan: Plan) -> None:
        tried.append(plan)
        if len(tried) == 1:
            eventually(lambda: len(tried) > 1 or any(answer.done() for answer in heard))
        apply(api, plan)

    fake.before = meet
    monkeypatch.setattr(patch, "apply", try_slowly)
    with ThreadPoolExecutor(2) as pool:
        heard += [pool.submit(accept, fake, instance) for instance in (HERE, THERE)]
        (one,) = {answer.result() for answer in heard}
    assert (len(tried), tuple(records(fake))) == (1, one)
    assert live_image(fake) == "checkout:6"


def claimed(fake: FakeApi, name: str, *, ago: timedelta = timedelta(0)) -> Callable[[str, str], None]:
    """Have another receiver claim the record right before the one that is tested would."""

    def claim(method: str, path: str) -> None:
        if (method, path) == ("POST", FOLDER) and not records(fake):
            raw = record(name, claimed_by=str(THERE), created=datetime.now(UTC) - ago)
            fake.put(f"{FOLDER}/{name}", **raw)

    return claim


def test_what_another_has_claimed_and_not_decided_is_joined(
    fake: FakeApi, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is left to the other, or to the sweep when that has died; the alert is stored."""
    monkeypatch.setattr(entries, "DECISION_SECONDS", 0.1)
    bad_release(fake)
    fake.before = claimed(fake, name)
    assert accept(fake) == (name,)
    status = the_record(fake)["status"]
    assert [(one["rule"], one["status"]) for one in status["alerts"]] == [("errors", "firing")]
    assert "phase" not in status
    assert fake.made("PATCH") == 1, "a dry run"


@pytest.mark.parametrize(
    ("said", "phase", "image"),
    [
        pytest.param("Pending", "Pending", "checkout:7", id="the-other-acts"),
        pytest.param("Refused", "RollingBack", "checkout:6", id="the-other-refuses"),
    ],
)
def test_decision_of_the_other_is_waited_for(
    fake: FakeApi, name: str, *, said: str, phase: str, image: str
) -> None:
    """What it refused is judged afresh, as ever; what it will do is its own."""
    bad_release(fake)
    claim, place = claimed(fake, name), f"{FOLDER}/{name}"

    def claim_then_decide(method: str, path: str) -> None:
        claim(method, path)
        if (method, path) == ("GET", place) and fake.made("GET", name) == 2:
            decided: Any = {"phase": said, "message": "said there", "holder": str(THERE)}
            fake.put(place, **{**fake.objects[place], "status": decided})

    fake.before = claim_then_decide
    assert accept(fake, until=lambda: phases(fake) == [phase]) == (name,)
    assert phases(fake) == [phase]
    assert live_image(fake) == image


def test_claim_of_the_dead_is_not_waited_for(
    fake: FakeApi, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "DECISION_SECONDS", 600.0)
    bad_release(fake)
    fake.before = claimed(fake, name, ago=STALE_AFTER + timedelta(seconds=5))
    assert accept(fake, until=lambda: live_image(fake) == "checkout:6") == (name,)


def test_record_made_while_the_workload_was_read_is_joined(
    fake: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workload shows the other's patch; the records, read a moment earlier, did not have it yet."""
    bad_release(fake)
    there, read, too_early = accept(fake, THERE), Records.about, [list[Object]()]
    monkeypatch.setattr(Records, "about", lambda self, ref: too_early.pop() if too_early else read(self, ref))
    assert accept(fake) == there
    assert len(records(fake)) == 1
    assert not too_early
