"""The running of it: what it costs, how often it looks, what it tells, and that it starts and ends well."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from receiver import metrics
from receiver.cluster.errors import Forbidden
from receiver.engine.following import WORKLOADS, Following
from receiver.policy.alerts import Status
from receiver.policy.rules import Mode, Ruleset
from tests.engine.builders import FOLDER, eventually, rule
from tests.engine.engines import (
    bad_release,
    firing,
    make_engine,
    records,
    take,
    tell,
    working,
)
from tests.engine.followings import DAY, NOW, RECORD, SEVEN, SIX, Scene, dry_run, followed, release
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import SHOP, deployment

PAGES = 11
"""1,021 records by the hundred."""


@pytest.fixture
def scene(fake: FakeApi) -> Iterator[Scene]:
    with followed(fake) as made:
        yield made


def test_a_thousand_open_records_cost_bounded_reads(scene: Scene) -> None:
    """So many workloads a pass, all of them in turn; records about one workload share a look."""
    for number in range(1000):
        name = f"w{number}"
        dry_run(scene.fake, f"{name}-abc-{SEVEN}", workload=name, uid=f"u-{number}")
        if number < 20:
            dry_run(scene.fake, f"{name}-abc-{SIX}", workload=name, uid=f"u-{number}")
        metadata = {"uid": f"u-{number}", "name": name}
        scene.fake.put(f"{SHOP}/deployments/{name}", **deployment(metadata=metadata))
    looked: list[str] = []
    for _ in range(11):
        scene.fake.calls.clear()
        scene.pass_by(minutes=1)
        looks = [path for method, path in scene.fake.calls if "/deployments/" in path]
        assert len(set(looks)) == WORKLOADS
        assert len(scene.fake.calls) <= PAGES + WORKLOADS * 6, "a look; where it moved, its history"
        looked += looks
    assert len(set(looked)) == 1001


@pytest.mark.parametrize(
    ("lasting", "took_seconds", "seconds"),
    [
        pytest.param(DAY, 0, 60, id="once-a-minute"),
        pytest.param(DAY, 20, 180, id="less-often-when-slow"),
        pytest.param(timedelta(minutes=10), 0, 30, id="more-often-for-a-short-time"),
        pytest.param(timedelta(seconds=1), 0, 1, id="never-more-than-once-a-second"),
    ],
)
def test_pause_between_two_looks(
    scene: Scene, lasting: timedelta, took_seconds: float, seconds: float
) -> None:
    assert Following(scene.desk, scene.resolutions, lasting=lasting).pause(took_seconds) == seconds


def series() -> dict[tuple[str, str], float]:
    """The scores that are told, by metric without prefix and rule."""
    return {
        (sample.name.removeprefix("rollback_receiver_rule_"), sample.labels["rule"]): sample.value
        for family in metrics.REGISTRY.collect()
        for sample in family.samples
        if family.name.startswith("rollback_receiver_rule_")
        and sample.labels.get("verdict", "right") == "right"
    }


def test_scores_are_told_for_rules_in_force_alone(scene: Scene) -> None:
    """What has no answers has no figure; what goes out of force goes."""
    dry_run(scene.fake, "old", made=NOW - 31 * DAY, review={"verdict": "wrong"})
    dry_run(scene.fake, "gone", decision={"rule": "gone", "mode": "auto"}, review={"verdict": "right"})
    dry_run(scene.fake, "right", review={"verdict": "right"})
    scene.pass_by(minutes=1)
    assert series() == {
        ("shadow_precision", "errors"): 1,
        ("shadow_recall", "errors"): 1,
        ("reviews", "errors"): 1,
    }
    desk = replace(scene.desk, rules=lambda: Ruleset((rule("gone"),)))
    Following(desk, scene.resolutions, lasting=DAY).look()
    assert {name for _, name in series()} == {"gone"}


def test_running_it_enters_what_is_heard_and_looks_in_time(
    fake: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alert does not wait for the next look; a fault ends nothing."""
    monkeypatch.setattr("receiver.engine.following.REST", 0)
    with followed(fake, lasting=timedelta(seconds=10)) as scene:
        scene.following.start()
        faults = [ValueError("our own"), Forbidden("403", code=403)]

        def fail(method: str, path: str) -> None:
            if (method, path) == ("GET", FOLDER) and faults:
                raise faults.pop()

        fake.before = fail
        scene.resolve(RECORD)
        eventually(lambda: scene.status()["alerts"][0]["status"] == "resolved", seconds=60)
        release(fake, 8, former="6")
        eventually(lambda: scene.aftermath() is not None, seconds=60)
        assert not faults
        scene.following.stop()
        scene.following.finish()


def test_stopping_enters_what_was_heard_last(scene: Scene) -> None:
    """No second look is needed for it after the restart."""
    scene.following.start()
    scene.resolve(RECORD)
    scene.following.stop()
    scene.following.finish()
    eventually(lambda: scene.status()["alerts"][0]["status"] == "resolved")


def test_stopping_right_after_the_start_enters_it_too(scene: Scene) -> None:
    """The thread has not come to its first turn when it is told to end."""
    scene.resolve(RECORD)
    scene.following.stop()
    scene.following.start()
    eventually(lambda: scene.status()["alerts"][0]["status"] == "resolved")


def test_stopping_ends_a_look(scene: Scene) -> None:
    scene.following.stop()
    scene.pass_by(hours=24)
    scene.following.finish()
    assert scene.aftermath() is None


def test_resolution_of_a_dry_runs_alert_reaches_its_record_from_the_webhook(fake: FakeApi) -> None:
    """With the answer already given: it is ignored there, and entered a moment later."""
    bad_release(fake)
    with working(make_engine(fake, mode=Mode.DRY_RUN)) as engine:
        name = tell(engine, given := firing())
        ended = replace(given, status=Status.RESOLVED)
        assert take(engine, ended).accepted == 0
        eventually(lambda: "clearedAt" in records(fake)[name]["status"])
    assert records(fake)[name]["status"]["alerts"][0]["status"] == "resolved"
