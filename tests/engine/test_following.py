"""What was not rolled back is followed, by its workload and its alerts, from the record alone."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from receiver.cluster.errors import Forbidden, NotFound, Unavailable
from receiver.engine.following import Following
from receiver.engine.resolutions import Resolutions
from receiver.policy.aftermath import CALM
from receiver.policy.times import format_precise
from tests.engine.builders import FOLDER
from tests.engine.followings import DAY, NOW, RECORD, SEVEN, Scene, dry_run, followed, release
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import SHOP, deployment

WORKLOAD = f"{SHOP}/deployments/checkout"
CALM_SECONDS = CALM.total_seconds()


@pytest.fixture
def scene(fake: FakeApi) -> Iterator[Scene]:
    with followed(fake) as made:
        yield made


def test_undo_by_a_person_is_seen_at_the_next_look(scene: Scene) -> None:
    """Whatever the alert does; it counts from the first alert to when the older revision went live."""
    scene.pass_by(minutes=1)
    assert scene.aftermath() is None
    release(scene.fake, 8, former="6")
    scene.pass_by(minutes=10)
    assert scene.aftermath() == {
        "kind": "RolledBackByHand",
        "revision": 8,
        "at": format_precise(NOW + timedelta(minutes=4)),
        "asChosen": True,
        "tookSeconds": 360,
    }


def test_undo_to_another_revision_says_so(scene: Scene) -> None:
    release(scene.fake, 8, former="5")
    scene.pass_by(minutes=10)
    assert (scene.aftermath()["kind"], scene.aftermath()["asChosen"]) == ("RolledBackByHand", False)


def test_new_release_that_cures_is_fixed_forward(scene: Scene) -> None:
    """Once the alert has stayed cleared."""
    release(scene.fake, 8)
    scene.pass_by(minutes=10)
    scene.resolve()
    scene.pass_by(seconds=30)
    assert scene.status()["clearedAt"] == format_precise(NOW + timedelta(minutes=10))
    assert scene.aftermath() is None
    scene.pass_by(seconds=CALM_SECONDS)
    assert (scene.aftermath()["kind"], scene.aftermath()["tookSeconds"]) == ("FixedForward", 720)


def test_alert_that_clears_alone_was_not_worth_a_rollback(scene: Scene) -> None:
    scene.resolve()
    scene.pass_by(minutes=1)
    scene.pass_by(seconds=CALM_SECONDS)
    assert (scene.aftermath()["kind"], scene.aftermath()["tookSeconds"]) == ("ClearedByItself", 120)


def test_alert_that_never_clears_is_told_at_the_end_of_the_day(scene: Scene) -> None:
    scene.pass_by(hours=23)
    assert scene.aftermath() is None
    scene.pass_by(hours=1)
    assert scene.aftermath() == {"kind": "StillFiring", "revision": 7, "at": format_precise(NOW + DAY)}


def test_what_is_entered_stays(scene: Scene) -> None:
    """Nothing is read of it any more."""
    release(scene.fake, 8, former="6")
    scene.pass_by(minutes=10)
    before = scene.status()
    scene.fake.calls.clear()
    scene.pass_by(minutes=10)
    assert scene.status() == before
    assert scene.fake.calls == [("GET", FOLDER)]


def test_another_receiver_goes_on_from_the_record_alone(scene: Scene) -> None:
    """The one that heard of the end is gone."""
    scene.resolve()
    scene.pass_by(minutes=1)
    scene.now += CALM
    Following(scene.desk, Resolutions(scene.desk), lasting=DAY).look()
    assert scene.aftermath()["kind"] == "ClearedByItself"


@pytest.mark.parametrize("moved", [True, False], ids=["ended-meanwhile", "only-touched"])
def test_double_work_is_harmless(scene: Scene, caplog: pytest.LogCaptureFixture, *, moved: bool) -> None:
    """Compare-and-swap: what somebody else has entered, or begun, stays; it is told once."""
    caplog.set_level(logging.INFO)
    release(scene.fake, 8, former="6")
    left = [True]

    def busy(method: str, path: str) -> None:
        if method == "PUT" and path.endswith("/status") and left:
            left.clear()
            raw = scene.fake.objects[f"{FOLDER}/{RECORD}"]
            changes = {"phase": "Pending"} if moved else {"occurrences": 2}
            scene.fake.put(f"{FOLDER}/{RECORD}", **{**raw, "status": {**raw["status"], **changes}})

    scene.fake.before = busy
    scene.pass_by(minutes=10)
    assert (scene.aftermath() is None) is moved
    told = [entry for entry in caplog.records if "Rolled back by hand" in entry.getMessage()]
    assert len(told) == (0 if moved else 1)


def test_record_that_is_acted_on_after_all_is_followed_no_longer(scene: Scene) -> None:
    """Its own outcome counts."""
    raw = scene.fake.objects[f"{FOLDER}/{RECORD}"]
    scene.fake.put(f"{FOLDER}/{RECORD}", **{**raw, "status": {**raw["status"], "phase": "Succeeded"}})
    release(scene.fake, 8, former="6")
    scene.pass_by(minutes=10)
    assert scene.aftermath() is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda fake: fake.objects.pop(WORKLOAD), id="gone"),
        pytest.param(
            lambda fake: fake.put(WORKLOAD, **deployment("checkout:6", metadata={"uid": "new"})),
            id="made-anew",
        ),
    ],
)
def test_workload_that_is_no_longer_the_same_leaves_it_open(scene: Scene, change: Any) -> None:
    scene.resolve(RECORD)
    change(scene.fake)
    scene.pass_by(hours=24)
    assert scene.status()["alerts"][0]["status"] == "resolved"
    assert scene.aftermath() is None


def test_workload_that_goes_between_two_reads_leaves_it_open(scene: Scene) -> None:
    """It is there at the first look, and gone when its history is read."""
    release(scene.fake, 8, former="6")

    def gone(method: str, path: str) -> None:
        if path == WORKLOAD and scene.fake.made("GET", "/deployments/checkout") > 1:
            raise NotFound("gone", code=404)

    scene.fake.before = gone
    scene.pass_by(minutes=10)
    assert scene.aftermath() is None


@pytest.mark.parametrize(
    ("fault", "goes_on"),
    [(Forbidden("403", code=403), True), (KeyError("template"), True), (Unavailable("no answer"), False)],
    ids=["refused", "of-another-shape", "no-answer"],
)
def test_workload_that_cannot_be_read_keeps_nobody_from_the_next(
    scene: Scene, fault: Exception, *, goes_on: bool
) -> None:
    """An API server that does not answer ends the pass."""
    name = f"cart-abc-{SEVEN}"
    dry_run(scene.fake, name, workload="cart", uid="uid-2")
    scene.fake.put(f"{SHOP}/deployments/cart", **deployment(metadata={"uid": "uid-2", "name": "cart"}))

    def refuse(_method: str, path: str) -> None:
        if path == WORKLOAD:
            raise fault

    scene.fake.before = refuse
    if goes_on:
        scene.pass_by(hours=24)
        assert scene.aftermath(name)["kind"] == "StillFiring"
    else:
        with pytest.raises(Unavailable):
            scene.pass_by(hours=24)
        assert scene.aftermath(name) is None


def test_record_that_cannot_be_read_is_left_out(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Made by another version; it is named in the log."""
    dry_run(scene.fake, "broken", workload="cart", phase="Unheard")
    release(scene.fake, 8, former="6")
    scene.pass_by(minutes=10)
    assert scene.aftermath() is not None
    assert "the record broken is not counted" in caplog.text


def test_past_that_cannot_be_read_leaves_it_open(scene: Scene) -> None:
    """Whether it was we who put the older revision back, nobody knows."""
    dry_run(scene.fake, "broken", phase="Unheard")
    release(scene.fake, 8, former="6")
    scene.pass_by(minutes=10)
    assert scene.aftermath() is None


def test_nothing_is_followed_for_no_time(fake: FakeApi) -> None:
    """`aftermath_for: 0s` switches it off; the records are still counted."""
    with followed(fake, lasting=timedelta(0)) as scene:
        release(fake, 8, former="6")
        scene.pass_by(minutes=1)
        assert scene.aftermath() is None
        assert scene.fake.made("GET", "/deployments/checkout") == 0
