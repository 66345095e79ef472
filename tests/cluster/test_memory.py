"""What was decided is not forgotten: over restarts, over deleted records, over replicas."""

import pytest

from tests.cluster import scenes
from tests.cluster.receivers import Receiver
from tests.cluster.scenes import BAD, GOOD, TOLD_ALREADY, Deploy, Object, Start, bad_release
from tests.cluster.stories import Story, evidence, guards, run

WORSE = "x/web:3"


def forget_nothing(story: Story, running: Receiver) -> None:
    running.restart()


def forget_records(story: Story, running: Receiver) -> None:
    running.kill()
    story.delete_records()
    running.restart()


def forget_records_and_ledger(story: Story, running: Receiver) -> None:
    running.kill()
    story.delete_records()
    story.plane.request("DELETE", story.path_of_ledger)
    running.restart()


FORGETTING = [
    pytest.param(forget_nothing, marks=TOLD_ALREADY),
    pytest.param(forget_records, marks=TOLD_ALREADY),
    forget_records_and_ledger,
]


def roll_back(story: Story, running: Receiver) -> None:
    """Have web rolled back, and the record end."""
    alert = story.firing()
    story.tell(running, alert)
    story.wait("Verifying")
    story.tell(running, scenes.resolved(alert))
    story.wait("Succeeded")


def told(story: Story, running: Receiver) -> Object:
    """Tell of a new alert about web, and return the record that it went into."""
    (name,) = story.tell(running)
    return story.record(name)


@pytest.mark.parametrize("forget", FORGETTING)
def test_cooldown_holds_over_a_restart_and_over_deleted_records(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, forget: object
) -> None:
    """The annotation on the workload remembers what the records no longer say."""
    bad_release(deploy, release)
    running = receiver(scenes.rules(guards(cooldown="1h")))
    roll_back(story, running)
    assert callable(forget)
    forget(story, running)
    release("web", WORSE)
    record = told(story, running)
    assert scenes.phase_of(record) == "Refused"
    assert list(evidence(record)) == ["cooldown"]
    assert "rolled back" in evidence(record)["cooldown"]
    assert (story.image(), len(story.patches())) == (WORSE, 1)


@pytest.mark.parametrize("forget", FORGETTING)
def test_known_bad_holds_over_a_restart_and_over_deleted_records(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, forget: object
) -> None:
    """Released again, the bad one is left alone; and the next release goes back past it."""
    bad_release(deploy, release)
    running = receiver(scenes.rules())
    roll_back(story, running)
    assert callable(forget)
    forget(story, running)
    release("web", BAD)
    record = told(story, running)
    assert "settled" in evidence(record) or record["status"]["conditions"][-1]["type"] == "ReleasedAgain"
    assert (story.image(), len(story.patches())) == (BAD, 1)
    release("web", WORSE)
    (name,) = story.tell(running)
    decided = story.wait_for(name, "Verifying")
    assert decided["status"]["decision"]["to"]["images"] == {"app": GOOD}
    assert (story.image(), len(story.patches())) == (GOOD, 2)


def test_what_was_restored_is_known_even_when_only_the_annotation_is_left(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """A new alert after the rollback is about what we restored: refused, also by a receiver that lost all."""
    bad_release(deploy, release)
    running = receiver(scenes.rules())
    roll_back(story, running)
    forget_records_and_ledger(story, running)
    record = told(story, running)
    assert "flip_flop" in evidence(record)
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def test_the_kill_switch_refuses_everything_in_all_receivers_until_it_is_released(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """Dry runs included; over restarts; and `resume` lets the very same alert be judged afresh."""
    for name in ("web", "shadow"):
        bad_release(deploy, release, name)
    dry = {"name": "shadow", "mode": "dry-run", "matchers": ['deployment="shadow"']}
    rules = scenes.rules({"matchers": ['deployment="web"']}, dry)
    one, other = receiver(rules), receiver(rules)
    flags = [f"--kubeconfig={story.plane.kubeconfig}", f"--namespace={story.home}"]
    paused = run("pause", "--reason", "a game day", *flags)
    assert paused.returncode == 0, paused.stderr
    alerts = [story.firing("web"), story.firing("shadow")]
    for running in (one, other):
        for name in story.tell(running, *alerts):
            assert list(evidence(story.record(name))) == ["paused"]
            assert "a game day" in evidence(story.record(name))["paused"]
    one.restart()
    names = story.tell(one, *alerts)
    assert [scenes.phase_of(story.record(name)) for name in names] == ["Refused", "Refused"]
    assert scenes.patches(story.plane, story.namespace) == []

    resumed = run("resume", *flags)
    assert resumed.returncode == 0, resumed.stderr
    assert set(story.tell(other, *alerts)) == set(names)
    phases = {story.wait_for(name, "Verifying", "DryRun")["status"]["phase"] for name in names}
    assert phases == {"Verifying", "DryRun"}
    assert (len(story.patches("web")), len(story.patches("shadow"))) == (1, 0)
