"""Nobody can have us go back and forth: what we restored stays, what we left we never go back to."""

from collections import Counter

import pytest

from tests.cluster import scenes
from tests.cluster.receivers import Receiver
from tests.cluster.scenes import GOOD, Deploy, Object, Start
from tests.cluster.stories import Story, evidence
from tests.testbed.processes import wait_until

ROUNDS = 10
UNRESOLVED = {5}
"""In this round the alert never resolves, so that the next release ends the record as Superseded."""


def patches_by_image(story: Story, released: list[str]) -> Counter[str]:
    """Count the receivers' PATCHes in the audit log by the image that was live when each was made.

    `released` are the images of all releases since web was created, in order.
    """
    scenes.flush_audit(story.plane)
    found = story.plane.audit.requests(verb="patch", resource="deployments", namespace=story.namespace)
    counted, images, live = Counter[str](), iter(released), GOOD
    for entry in (e for e in found if e.code == 200 and not e.dry_run):
        if entry.user == "admin":
            live = next(images)
        else:
            counted[live] += 1
            live = GOOD
    assert next(images, None) is None
    return counted


def tell_all(story: Story, receivers: list[Receiver]) -> str:
    """Tell every receiver of one new alert, and return the record that it went into."""
    alert = story.firing()
    (name,) = {name for receiver in receivers for name in story.tell(receiver, alert)}
    return name


def released_again(record: Object) -> str:
    """Return what the record says of its template being live again; nothing if it was never told."""
    conditions = {c["type"]: c for c in record["status"].get("conditions", [])}
    return str(conditions.get("ReleasedAgain", {}).get("message", ""))


def wait_counted(story: Story, name: str, times: int) -> None:
    """Return when so many tellings stand in a record: repeats are entered within about a second."""

    def counted() -> bool:
        return bool(story.record(name)["status"]["occurrences"] == times)

    wait_until(f"{times} occurrences", counted, seconds=20)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_ten_rounds_of_bad_releases_never_flip_flop_us(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """Each bad template is rolled back once, by whichever of two receivers, and always to the good one."""
    deploy("web", GOOD)
    receivers, released = [receiver(scenes.rules()), receiver(scenes.rules())], list[str]()
    for number in range(1, ROUNDS + 1):
        bad = f"x/web:bad-{number}"
        released += [bad, bad]
        release("web", bad)
        alert = story.firing()
        (name,) = {name for each in receivers for name in story.tell(each, alert)}
        story.wait_for(name, "Verifying")
        assert story.image() == GOOD

        restored = story.record(tell_all(story, receivers))
        assert restored["metadata"]["name"] != name
        assert "is what record" in evidence(restored)["flip_flop"]

        if number not in UNRESOLVED:
            story.tell(receivers[0], scenes.resolved(alert))
            story.wait_for(name, "Succeeded")
        release("web", bad)
        story.wait_for(name, "Succeeded", "Superseded", seconds=25)
        assert tell_all(story, receivers) == name
        left = story.record(name)
        assert left["status"]["phase"] == ("Superseded" if number in UNRESOLVED else "Succeeded")
        assert "a person seems to want it" in released_again(left)
        wait_counted(story, name, 4)
        assert story.image() == bad

    assert patches_by_image(story, released) == {f"x/web:bad-{n}": 1 for n in range(1, ROUNDS + 1)}
