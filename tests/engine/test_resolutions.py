"""Resolved alerts reach the records that are followed, a moment later, and none that is not."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from receiver.cluster.errors import Unavailable
from receiver.policy.followed import parse_unresolved
from receiver.policy.times import format_precise
from tests.engine.builders import FOLDER
from tests.engine.followings import ALERT, NOW, RECORD, Scene, dry_run, followed
from tests.kubernetes.fake import FakeApi

OTHER = "cart-abc-def"


@pytest.fixture
def scene(fake: FakeApi) -> Iterator[Scene]:
    with followed(fake) as made:
        yield made


def indexed(scene: Scene, *names: str) -> None:
    """Have a look at all records begin now and find these."""
    found = {name: parse_unresolved(scene.fake.objects[f"{FOLDER}/{name}"]) for name in names}
    scene.resolutions.index(found, listed_at=scene.now + timedelta(seconds=1))


def entry(scene: Scene, name: str = RECORD) -> Any:
    return scene.status(name)["alerts"][0]["status"]


def test_hearing_costs_no_call(scene: Scene) -> None:
    """The webhook's answer does not wait for it."""
    scene.resolve(RECORD)
    assert scene.fake.calls == []
    scene.resolutions.enter()
    assert entry(scene) == "resolved"
    assert scene.status()["clearedAt"] == format_precise(NOW)
    assert [method for method, _ in scene.fake.calls] == ["GET", "PUT"]


def test_record_that_another_receiver_made_is_found_at_the_next_look(scene: Scene) -> None:
    """All of them that list the alert, once."""
    dry_run(scene.fake, OTHER, uid="uid-2")
    scene.resolve()
    scene.resolutions.enter()
    assert scene.fake.calls == []
    indexed(scene, RECORD, OTHER)
    assert [entry(scene), entry(scene, OTHER)] == ["resolved", "resolved"]
    scene.fake.calls.clear()
    scene.resolutions.enter()
    assert scene.fake.calls == []


def test_what_no_record_lists_is_forgotten_after_a_look(scene: Scene) -> None:
    """It was about a record in work, or about none; what came during the look is kept."""
    scene.resolve()
    scene.resolutions.index({}, listed_at=scene.now)
    indexed(scene)
    indexed(scene, RECORD)
    assert entry(scene) == "firing"


def test_what_came_during_a_look_is_entered_with_the_next(scene: Scene) -> None:
    scene.resolve()
    scene.resolutions.index({}, listed_at=scene.now)
    indexed(scene, RECORD)
    assert entry(scene) == "resolved"


def test_what_cannot_be_stored_is_tried_again(scene: Scene) -> None:
    def silent(method: str, _path: str) -> None:
        if method == "PUT":
            raise Unavailable("no answer")

    scene.fake.before = silent
    scene.resolve()
    indexed(scene, RECORD)
    assert entry(scene) == "firing"
    scene.fake.before = lambda _method, _path: None
    scene.resolutions.enter()
    assert entry(scene) == "resolved"


def test_deleted_record_is_forgotten(scene: Scene) -> None:
    del scene.fake.objects[f"{FOLDER}/{RECORD}"]
    scene.resolve(RECORD)
    scene.resolutions.enter()
    scene.fake.calls.clear()
    scene.resolutions.enter()
    assert scene.fake.calls == []


@pytest.mark.parametrize("phase", ["Pending", "Verifying", "Succeeded"])
def test_record_that_is_not_followed_is_left_alone(scene: Scene, phase: str) -> None:
    """What is in work has the executor; what is done stays."""
    dry_run(scene.fake, RECORD, phase=phase)
    scene.resolve(RECORD)
    scene.resolutions.enter()
    assert entry(scene) == "firing"


@pytest.mark.parametrize(
    "status",
    [
        pytest.param({"phase": "Superseded"}, id="superseded"),
        pytest.param({"aftermath": {"kind": "RolledBackByHand", "at": format_precise(NOW)}}, id="aftermath"),
    ],
)
@pytest.mark.parametrize("lasting", [timedelta(0), timedelta(days=1)], ids=["nothing-followed", "followed"])
def test_record_that_may_be_judged_afresh_learns_of_it(
    fake: FakeApi, status: dict[str, Any], lasting: timedelta
) -> None:
    """The alert would else count against this template for ever, should it come back."""
    with followed(fake, lasting=lasting) as scene:
        dry_run(fake, RECORD, **status)
        scene.resolve()
        scene.pass_by(seconds=1)
        assert entry(scene) == "resolved"


def test_what_has_ended_is_known_until_it_is_entered(scene: Scene) -> None:
    """From then on the record says it."""
    scene.resolve()
    assert scene.resolutions.ended() == {ALERT.fingerprint: ALERT.starts_at}
    indexed(scene, RECORD)
    assert scene.resolutions.ended() == {}


def test_alert_that_has_begun_anew_fires(scene: Scene) -> None:
    """The end of its earlier time came late."""
    scene.resolve(RECORD, starts_at=ALERT.starts_at - timedelta(minutes=10))
    scene.resolutions.enter()
    assert entry(scene) == "firing"
    assert scene.fake.made("PUT") == 0


def test_end_is_no_later_than_it_was_heard(scene: Scene) -> None:
    """Clocks disagree; and some senders name no end."""
    scene.resolve(RECORD, ends_at=NOW + timedelta(hours=1))
    scene.resolutions.enter()
    assert scene.status()["clearedAt"] == format_precise(NOW)
