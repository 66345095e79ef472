"""`undo`: a person's rollback is guarded, recorded and watched as one that an alert asked for."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from subprocess import CompletedProcess

import pytest

from tests.cluster import scenes, sets
from tests.cluster.contracts import Cluster
from tests.cluster.receivers import ROOT, environment
from tests.cluster.scenes import BAD, GOOD, Deploy, Start
from tests.cluster.stories import Story, run
from tests.testbed.processes import wait_until

USER = "receiver-4"
Command = Callable[..., CompletedProcess[str]]
OLDEST = "x/web:0"


def flags(story: Story) -> tuple[str, ...]:
    return (
        f"--kubeconfig={story.plane.kubeconfig_for(USER)}",
        f"--namespace={story.namespace}",
        f"--records-namespace={story.home}",
    )


@pytest.fixture
def undo(story: Story) -> Command:
    """Roll back by hand in the test's namespaces."""
    return lambda *words: run("undo", *words, *flags(story))


@pytest.fixture
def released(deploy: Deploy, release: Deploy) -> None:
    """Deployment web was OLDEST, then GOOD, and is BAD."""
    deploy("web", OLDEST)
    release("web", GOOD)
    release("web", BAD)


def test_undo_rolls_back_records_it_and_watches_the_rollout(
    story: Story, released: None, undo: Command
) -> None:
    """In kubectl's words; the record ends as Succeeded, because no alert is there to clear."""
    done = undo("deployment/web", "--to=2")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "deployment.apps/web rolled back"
    assert 'deployment "web" successfully rolled out' in lines
    record = story.wait("Succeeded")
    assert lines[-1].endswith(f"(record {record['metadata']['name']})")
    assert (story.image(), len(story.patches())) == (GOOD, 1)
    spec, status = record["spec"], record["status"]
    assert (spec["rule"], spec["alert"]["name"]) == ("by-hand", "ManualRollback")
    assert spec["alert"]["labels"]["deployment"] == "web"
    assert status["approvedBy"] == spec["alert"]["annotations"]["by"] != ""
    assert status["decision"]["to"]["revision"] == 2
    assert "holder" not in status
    assert scenes.wait_for_event(story.plane, story.namespace, "RollbackSucceeded")


def test_undo_twice_does_not_flip_to_the_bad_version(story: Story, released: None, undo: Command) -> None:
    """kubectl's second undo brings the bad one back; this one refuses, and so does its number."""
    assert undo("deploy/web", "--to=2").returncode == 0
    again = undo("deploy/web")
    assert again.returncode == 1
    assert "flip_flop: " in again.stderr
    assert "cooldown: " in again.stderr
    back = undo("deploy/web", "--to=3")
    assert back.returncode == 1
    assert "known bad" in back.stderr
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def test_dry_run_shows_the_diff_and_changes_nothing(story: Story, released: None, undo: Command) -> None:
    done = undo("deployment", "web", "--to=2", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Would roll Deployment {story.namespace}/web back from revision 3 to revision 2" in done.stdout
    assert f"+  - image: {GOOD}" in done.stdout
    assert done.stdout.endswith("deployment.apps/web rolled back (server dry run)\n")
    assert (story.image(), story.patches(), scenes.records(story.plane, story.home)) == (BAD, [], [])
    assert story.spent() == []


def test_live_revision_is_skipped_and_an_unknown_one_is_a_no(
    story: Story, released: None, undo: Command
) -> None:
    """As kubectl says it; neither leaves a record."""
    live = undo("deploy/web", "--to=3")
    assert (live.returncode, live.stdout) == (
        0,
        "deployment.apps/web skipped rollback (current template already matches revision 3)\n",
    )
    unknown = undo("deploy/web", "--to=99")
    assert unknown.returncode == 1
    assert unknown.stderr == "unable to find specified revision 99 in history\n"
    assert undo("deploy/gone").returncode == 1
    assert scenes.records(story.plane, story.home) == []


def test_kill_switch_and_opt_out_hold_and_the_way_out_is_named(
    story: Story, released: None, undo: Command
) -> None:
    """A person's command needs no approval; what forbids any rollback holds for people too."""
    story.change({"metadata": {"annotations": {"rollback-receiver.dev/mode": "off"}}})
    run("pause", f"--kubeconfig={story.plane.kubeconfig_for(USER)}", f"--namespace={story.home}")
    done = undo("deploy/web", "--to=2")
    assert done.returncode == 1
    for words in ("scope: ", "paused: ", f"resume -n {story.home}", "kubectl rollout undo deployment/web"):
        assert words in done.stderr
    refused = story.wait("Refused")
    assert scenes.blocked_by(refused) == ["paused", "scope"]
    assert (story.image(), story.patches()) == (BAD, [])


def test_refused_command_may_be_repeated(story: Story, released: None, undo: Command) -> None:
    """The decision is made afresh, in the same record."""
    story.change({"spec": {"paused": True}})
    assert undo("deploy/web", "--to=2").returncode == 1
    assert scenes.blocked_by(story.wait("Refused")) == ["workload_paused"]
    story.change({"spec": {"paused": False}})
    assert undo("deploy/web", "--to=2").returncode == 0
    story.wait("Succeeded")
    assert story.image() == GOOD


@contextmanager
def undoing(story: Story, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Have an undo of web run for as long as the block takes; then it is killed."""
    command = [sys.executable, "-m", "receiver", "undo", "deploy/web", *words, *flags(story)]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
def test_running_receiver_leaves_a_living_undo_alone_and_takes_a_killed_one_over(
    story: Story, released: None, receiver: Start
) -> None:
    """By holder and renewTime as among receivers; an alert of meanwhile joins, and one patch is made."""
    story.change({"spec": {"minReadySeconds": 500}})
    running, alert = receiver(scenes.rules()), story.firing()
    with undoing(story, "--to=2"):
        record = story.wait("RollingBack")
        mine, began = record["status"]["holder"], record["status"]["renewTime"]
        name = record["metadata"]["name"]

        def renewed() -> bool:
            return bool(story.record(name)["status"]["renewTime"] != began)

        assert story.tell(running, alert) == [name]
        wait_until("the command says that it lives", renewed, seconds=30)
        assert story.record(name)["status"]["holder"] == mine
        assert "undo-" in mine

    def taken_over() -> bool:
        return bool(story.record(name)["status"].get("holder") not in {mine, ""})

    wait_until("the receiver holds the record", taken_over, seconds=60)
    story.change({"spec": {"minReadySeconds": 0}})
    story.wait("Verifying", seconds=30)
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def test_interrupted_undo_is_handed_over_at_once(story: Story, released: None, receiver: Start) -> None:
    """Ctrl-C ends the command, not the rollback: a receiver need not wait until the command looks dead."""
    story.change({"spec": {"minReadySeconds": 500}})
    receiver(scenes.rules())
    with undoing(story, "--to=2") as process:
        mine = story.wait("RollingBack")["status"]["holder"]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130

    def taken_over() -> bool:
        return bool(story.wait("RollingBack")["status"].get("holder") not in {mine, ""})

    wait_until("the receiver holds the record", taken_over, seconds=20)
    story.change({"spec": {"minReadySeconds": 0}})
    story.wait("Succeeded", seconds=30)
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def test_stateful_set_is_undone_in_its_own_words(story: Story, cluster: Cluster) -> None:
    folder = sets.stateful(cluster)
    sets.set_image(folder, BAD)
    wait_until("the bad release", lambda: set(sets.images(cluster).values()) == {BAD}, seconds=30)
    done = run("undo", "sts", "web", "--to=1", *flags(story))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("statefulset.apps/web rolled back\n")
    assert set(sets.images(cluster).values()) == {GOOD}
