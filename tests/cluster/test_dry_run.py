"""In dry-run, the default, the receiver decides, asks the server, and changes nothing."""

from pathlib import Path

from tests.cluster import scenes
from tests.cluster.scenes import BAD, GOOD, Deploy, Object, Start, bad_release, rules
from tests.cluster.stories import Story, metric
from tests.testbed import workloads
from tests.testbed.processes import wait_until
from tests.web.rotation import put


def statement(story: Story) -> Object:
    """Return the Deployment without what its controller writes."""
    body = workloads.get(story.plane, story.namespace, "web")
    return {**{key: body["metadata"][key] for key in ("annotations", "labels")}, **body["spec"]}


def test_nothing_is_changed_and_the_record_shows_what_would_be(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    bad_release(deploy, release)
    before = statement(story)
    story.tell(receiver(rules(), mode=None))
    record = story.wait("DryRun")
    decision = record["status"]["decision"]
    assert (decision["mode"], decision["to"]["images"]) == ("dry-run", {"app": GOOD})
    assert {f"-  - image: {BAD}", f"+  - image: {GOOD}"} <= set(decision["diff"].splitlines())
    assert statement(story) == before
    (tried,) = scenes.patches(story.plane, story.namespace)
    assert (tried.code, tried.dry_run) == (200, True)
    assert scenes.events(story.plane, story.namespace) == []


def test_a_rule_that_is_turned_to_auto_acts_on_the_next_repeat(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, tmp_path: Path
) -> None:
    bad_release(deploy, release)
    file = tmp_path / "rules.yaml"
    file.write_text(rules({"mode": "dry-run"}))
    running, alert = receiver(file), story.firing()
    since = scenes.version(story.plane, story.home)
    told = story.tell(running, alert)
    first = story.wait("DryRun")
    loaded = metric(running, "rules_last_reload_success_timestamp_seconds")
    put(file, rules({"mode": "auto"}).encode())
    wait_until(
        "the new rules",
        lambda: metric(running, "rules_last_reload_success_timestamp_seconds") > loaded,
        seconds=30,
    )
    assert story.tell(running, alert) == told
    acted = story.wait("Verifying")
    entered = scenes.phases_since(story.plane, story.home, since)
    assert entered == ["DryRun", "Pending", "RollingBack", "Verifying"]
    assert acted["spec"] == first["spec"]
    assert (story.image(), len(story.patches())) == (GOOD, 1)
