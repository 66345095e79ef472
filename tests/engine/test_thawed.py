"""A receiver that stood still finds that another has gone on with its record, and leaves it alone."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from receiver.cluster import patch
from receiver.cluster.api import Api
from receiver.engine.service import Engine
from receiver.policy.alerts import Status
from receiver.policy.plan import Plan
from receiver.policy.rules import Mode
from receiver.policy.times import format_precise
from tests.engine.builders import FOLDER, eventually, rule
from tests.engine.engines import (
    DEPLOYMENT,
    bad_release,
    firing,
    live_image,
    make_engine,
    phases,
    roll_out,
    take,
    tell,
    the_record,
    working,
)
from tests.kubernetes.fake import FakeApi

THERE = "there:1/now"


def found(fake: FakeApi, phase: str, **status: Any) -> None:
    """Have the other receiver leave the record in this phase; it works on it where it is its `holder`."""
    raw = the_record(fake)
    kept = {key: value for key, value in (raw.get("status") or {}).items() if key != "holder"}
    new = {**kept, "phase": phase, "message": "said there", **status}
    fake.put(f"{FOLDER}/{raw['metadata']['name']}", **{**raw, "status": new})


def held() -> dict[str, str]:
    return {"holder": THERE, "renewTime": format_precise(datetime.now(UTC))}


def at_the_next_look(fake: FakeApi, act: Callable[[], None]) -> None:
    """Let something happen once, when the workload is read."""

    def before(method: str, path: str) -> None:
        if (method, path) == ("GET", DEPLOYMENT):
            fake.before = lambda _method, _path: None
            act()

    fake.before = before


def is_left(engine: Engine, fake: FakeApi) -> bool:
    return not engine._works.executor.works_on(the_record(fake)["metadata"]["name"])


@pytest.mark.parametrize(
    ("phase", "status"),
    [
        pytest.param("Succeeded", {}, id="ended-there"),
        pytest.param("Verifying", held(), id="worked-on-there"),
    ],
)
def test_patch_that_another_has_found_made_is_left_to_it(
    fake: FakeApi, monkeypatch: pytest.MonkeyPatch, phase: str, status: dict[str, str]
) -> None:
    """It stood still between the API server's answer and its own next write."""
    bad_release(fake)
    apply = patch.apply

    def stand_still(api: Api, plan: Plan) -> None:
        apply(api, plan)
        found(fake, phase, patchedAt=format_precise(datetime.now(UTC)), **status)

    monkeypatch.setattr(patch, "apply", stand_still)
    with working(make_engine(fake)) as engine:
        tell(engine)
        eventually(lambda: is_left(engine, fake))
    assert (phases(fake), live_image(fake)) == ([phase], "checkout:6")
    assert the_record(fake)["status"]["message"] == "said there"
    assert the_record(fake)["status"].get("holder") == status.get("holder")
    assert not [path for method, path in fake.calls if method == "POST" and path.endswith("/events")]


def test_patch_is_entered_where_another_had_ended_the_record_without_one(
    fake: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made: the record has to say so."""
    bad_release(fake)
    apply = patch.apply

    def stand_still(api: Api, plan: Plan) -> None:
        found(fake, "Superseded")
        apply(api, plan)

    monkeypatch.setattr(patch, "apply", stand_still)
    with working(make_engine(fake)) as engine:
        tell(engine)
        eventually(lambda: phases(fake) == ["RollingBack"])
    assert "patchedAt" in the_record(fake)["status"]


@pytest.mark.parametrize("phase", ["RollingBack", "Verifying"])
def test_rollout_that_another_watches_is_left_to_it(fake: FakeApi, phase: str) -> None:
    bad_release(fake)
    with working(make_engine(fake)) as engine:
        given = firing()
        tell(engine, given)
        if phase == "Verifying":
            roll_out(fake)
            eventually(lambda: phases(fake) == [phase])
        at_the_next_look(fake, lambda: found(fake, "Verifying", **held()))
        roll_out(fake)
        take(engine, firing(status=Status.RESOLVED))
        eventually(lambda: is_left(engine, fake), seconds=20)
    status = the_record(fake)["status"]
    assert (status["phase"], status["message"], status["holder"]) == ("Verifying", "said there", THERE)


def test_record_that_another_takes_while_it_is_judged_is_left_to_it(fake: FakeApi) -> None:
    """Nothing is patched by the one that has lost it."""
    bad_release(fake)
    with working(make_engine(fake, rule(mode=Mode.APPROVE))) as engine:
        name = tell(engine)
        at_the_next_look(fake, lambda: found(fake, "Pending", **held()))
        engine.approve(name, "ann")
        eventually(lambda: is_left(engine, fake))
    assert (the_record(fake)["status"]["holder"], live_image(fake)) == (THERE, "checkout:7")
