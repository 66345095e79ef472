"""What people do after a dry run is seen by the workload and the alerts alone, and scored."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster import scenes
from tests.cluster.kubectl import Kubectl
from tests.cluster.receivers import Receiver
from tests.cluster.scenes import BAD, GOOD, Deploy, Object, Start, bad_release, resolved, rules
from tests.cluster.stories import Story, metric, run
from tests.testbed.processes import wait_until

NEWER = "x/web:3"
Watch = Callable[..., Receiver]


@pytest.fixture
def watch(receiver: Start, tmp_path: Path) -> Watch:
    """Start a receiver in dry-run that follows a record for so long, and looks as often as that allows."""

    def start(lasting: str = "20s", **rule: object) -> Receiver:
        config = tmp_path / "config.yaml"
        config.write_text(f"aftermath_for: {lasting}\n")
        return receiver(rules(rule), mode="dry-run", extra=[f"--config={config}"])

    return start


def ended(story: Story, name: str, *, seconds: float = 40) -> Object:
    """Return a record's aftermath once it is known."""

    def known() -> Object | None:
        found: Object | None = story.record(name)["status"].get("aftermath")
        return found

    try:
        return wait_until("the aftermath is known", known, seconds=seconds) or {}
    except TimeoutError as e:
        raise TimeoutError(f"{e}: {story.record(name)['status']}") from e


def dry_run(story: Story, running: Receiver) -> tuple[str, Object]:
    """Tell of a release that went bad; return the record and the alert."""
    alert = story.firing()
    (name,) = story.tell(running, alert)
    story.wait_for(name, "DryRun")
    return name, alert


def command(story: Story, *words: str) -> str:
    """Run a command on the records and return what it printed."""
    flags = (f"--kubeconfig={story.plane.kubeconfig_for('receiver-4')}", f"--namespace={story.home}")
    done = run(*words, *flags)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_persons_undo_is_what_we_would_have_done(
    story: Story, deploy: Deploy, release: Deploy, watch: Watch, kubectl: Kubectl
) -> None:
    """It is seen while the alert fires yet, scored in metrics, and told by `show` and `report`."""
    bad_release(deploy, release)
    running = watch("2m")
    name, _ = dry_run(story, running)
    kubectl.says("rollout", "undo", "deployment/web")
    found = ended(story, name, seconds=60)
    assert (found["kind"], found["asChosen"], found["revision"]) == ("RolledBackByHand", True, 3)
    assert story.patches() == []

    assert "Rolled back by hand to revision 3, the one that would" in command(story, "show", name)
    assert "RolledBackByHand" in command(story, "list", "-o", "wide")
    (rule,) = json.loads(command(story, "report", "-o", "json"))["rules"]
    assert rule["shadowPrecision"] == {"share": 1.0, "records": 1}
    assert rule["byHand"] == {"records": 1, "medianSeconds": found["tookSeconds"]}
    lines = command(story, "report").splitlines()
    assert max(map(len, lines)) <= 80
    assert "Ready for the next mode: no rule" in lines
    series = 'rule_shadow_precision{rule="bad-release"}'
    wait_until("the score is told", lambda: metric(running, series) == 1, seconds=60)


def test_undo_to_another_revision_is_not_what_we_would_have_done(
    story: Story, deploy: Deploy, release: Deploy, watch: Watch, kubectl: Kubectl
) -> None:
    deploy("web", "x/web:0")
    release("web", GOOD)
    release("web", BAD)
    name, _ = dry_run(story, watch())
    kubectl.says("rollout", "undo", "deployment/web", "--to-revision=1")
    found = ended(story, name)
    assert (found["kind"], found["asChosen"]) == ("RolledBackByHand", False)


def test_a_release_that_cures_is_fixed_forward(
    story: Story, deploy: Deploy, release: Deploy, watch: Watch
) -> None:
    bad_release(deploy, release)
    running = watch()
    name, alert = dry_run(story, running)
    release("web", NEWER)
    story.tell(running, resolved(alert))
    found = ended(story, name)
    assert (found["kind"], found["revision"]) == ("FixedForward", 3)
    assert story.record(name)["status"]["alerts"][0]["status"] == "resolved"


def test_an_alert_that_clears_alone_needed_no_rollback(
    story: Story, deploy: Deploy, release: Deploy, watch: Watch
) -> None:
    """Another receiver, started after the resolution was heard, knows from the record alone."""
    bad_release(deploy, release)
    running = watch()
    name, alert = dry_run(story, running)
    story.tell(running, resolved(alert))
    wait_until(
        "the end stands on the record", lambda: "clearedAt" in story.record(name)["status"], seconds=30
    )
    running.restart()
    found = ended(story, name)
    assert (found["kind"], found["revision"]) == ("ClearedByItself", 2)


def test_an_alert_that_does_not_clear_still_fires_at_the_end(
    story: Story, deploy: Deploy, release: Deploy, watch: Watch
) -> None:
    """A refusal is followed as well; what was in work, or had no target, is not."""
    bad_release(deploy, release)
    running = watch("5s", guards={**scenes.RULE["guards"], "deployed_within": "0s"}, **{"for": "1h"})
    lost, name = story.tell(running, story.firing("none"))[0], story.tell(running)[0]
    story.wait_for(name, "Refused")
    assert ended(story, name)["kind"] == "StillFiring"
    assert "aftermath" not in story.record(lost)["status"]
