"""Many workloads in trouble that nobody deployed: it is the platform then, and no release is rolled back."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.cluster import scenes
from tests.cluster.receivers import Receiver, alert
from tests.cluster.scenes import BAD, GOOD, RULE, TOLD_ALREADY, Deploy, Object, Start
from tests.cluster.stories import Story, evidence, guards
from tests.testbed import workloads
from tests.testbed.plane import Plane
from tests.testbed.processes import wait_until

OLD = [f"old-{number}" for number in range(5)]
FRESH = "web"
WITHIN_SECONDS = 4
Release = Callable[[], Object]


def rules(**changes: object) -> str:
    """Return a rule that blames nothing older than a few seconds: without `for`, so without tolerance."""
    guarded = guards(deployed_within=f"{WITHIN_SECONDS}s", **changes)
    known = {key: value for key, value in RULE.items() if key != "for"}
    return json.dumps({"rules": [{**known, **guarded}]})


@pytest.fixture
def release_fresh(plane: Plane, namespace: str, deploy: Deploy, release: Deploy) -> Release:
    """Five Deployments that nobody has touched for a while, and a sixth: release it, and return its alert."""
    for name in (*OLD, FRESH):
        deploy(name, GOOD, wait=False)
    for name in (*OLD, FRESH):
        workloads.wait_rolled_out(plane, namespace, name)
    time.sleep(WITHIN_SECONDS + 1)

    def fresh() -> Object:
        """Release, and return an alert that began when the controller made the revision."""
        release(FRESH, BAD)
        folder = workloads.path_of(namespace, resource="replicasets")
        made = [
            found["metadata"]["creationTimestamp"]
            for found in plane.request("GET", folder)["items"]
            if (found["metadata"]["ownerReferences"][0]["name"], workloads.image_of(found)) == (FRESH, BAD)
        ]
        return alert(
            "HighErrorRate", {"namespace": namespace, "deployment": FRESH}, datetime.fromisoformat(*made)
        )

    return fresh


def old_alerts(story: Story) -> list[Object]:
    return [story.firing(name) for name in OLD]


def named(story: Story, count: int = 5) -> str:
    """Return what the guard says of the first `count` old ones."""
    there = ", ".join(f"{story.namespace}/{name}" for name in OLD[:3])
    return (
        f"{count} workloads whose trouble no rollout explains had alerts in the last 10m: "
        f"Deployment {there} and {count - 3} more; systemic 5"
    )


def record_of(story: Story, name: str = FRESH) -> Object:
    found = scenes.records(story.plane, story.home)
    return next(raw for raw in found if raw["spec"]["target"]["name"] == name)


def refused(story: Story) -> Object:
    """Return the fresh one's record once it is decided: it is refused, and nothing was patched."""
    record = story.wait_for(record_of(story)["metadata"]["name"], "Refused")
    assert (story.image(), story.sent_patches()) == (BAD, [])
    return record


def wait_for_background_read(story: Story, receiver_user: str) -> None:
    """Return when a receiver has read what was refused until now."""
    since = datetime.now(UTC)

    def read() -> bool:
        scenes.flush_audit(story.plane)
        asked = story.plane.audit.requests(user=receiver_user, verb="list", namespace=story.home, since=since)
        return any("status.phase%3DRefused" in entry.uri for entry in asked)

    wait_until("the background has read the refused records", read, seconds=60)


def test_a_fresh_release_in_trouble_with_five_that_nobody_deployed_is_refused(
    story: Story, release_fresh: Release, receiver: Start
) -> None:
    running = receiver(rules())
    alert = release_fresh()
    story.tell(running, *old_alerts(story), alert)
    assert evidence(refused(story)) == {"systemic": named(story)}
    for name in OLD:
        assert set(evidence(record_of(story, name))) == {"blame", "systemic", "history"}


def test_systemic_off_rolls_it_back(story: Story, release_fresh: Release, receiver: Start) -> None:
    running = receiver(rules(systemic="off"))
    alert = release_fresh()
    story.tell(running, *old_alerts(story), alert)
    story.wait_for(record_of(story)["metadata"]["name"], "Verifying")
    assert (story.image(), len(story.patches())) == (GOOD, 1)
    for name in OLD:
        assert set(evidence(record_of(story, name))) == {"blame", "history"}


@pytest.mark.parametrize(
    "running_already",
    [
        pytest.param(True, id="one that was there"),
        pytest.param(False, id="one that comes later", marks=TOLD_ALREADY),
    ],
)
def test_what_another_receiver_was_told_counts(
    story: Story, release_fresh: Release, receiver: Start, *, running_already: bool
) -> None:
    first = receiver(rules())
    second: Receiver | None = receiver(rules()) if running_already else None
    story.tell(first, *old_alerts(story))
    if running_already:
        wait_for_background_read(story, "receiver-2")
    other = second or receiver(rules())
    alert = release_fresh()
    story.tell(other, alert)
    assert evidence(refused(story)) == {"systemic": named(story)}


@TOLD_ALREADY
def test_four_of_them_are_not_enough(story: Story, release_fresh: Release, receiver: Start) -> None:
    running = receiver(rules())
    alert = release_fresh()
    story.tell(running, *old_alerts(story)[:4], alert)
    story.wait_for(record_of(story)["metadata"]["name"], "Verifying")
    assert (story.image(), len(story.patches())) == (GOOD, 1)
