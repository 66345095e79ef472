"""Nobody's work is overwritten: the patch holds only for the very workload that was judged."""

from threading import Thread

import pytest

from tests.cluster import scenes
from tests.cluster.proxy import (
    Hold,
    Matches,
    Proxy,
    is_dry_run,
    is_ledger,
    is_new_record,
    is_patch,
    is_status,
)
from tests.cluster.receivers import Receiver, payload
from tests.cluster.scenes import BAD, GOOD, TOLD_ALREADY, Deploy, Start, bad_release
from tests.cluster.stories import Story, evidence, guards
from tests.testbed import workloads
from tests.testbed.processes import wait_until

NEW = "x/web:3"
LOOK_SECONDS = 25
"""While it waits for an alert to clear, the receiver looks at the workload every 10 s."""


@pytest.fixture
def told(deploy: Deploy, release: Deploy, receiver: Start, proxy: Proxy) -> Receiver:
    """A receiver behind the proxy, in a namespace where web was GOOD and is BAD."""
    bad_release(deploy, release)
    return receiver(scenes.rules(guards(budget={"max": 3})), extra=proxy.flags)


@pytest.fixture
def hold(story: Story, told: Receiver, proxy: Proxy) -> Hold:
    """An alert was judged, and its PATCH is held before it reaches the API server.

    The alert's answer waits for the PATCH, which the receiver gives up after 4 s and makes again 2 s later.
    """
    hold = proxy.hold(is_patch)
    Thread(target=told.post, args=(payload(story.firing()),), daemon=True).start()
    hold.wait()
    return hold


def test_a_release_between_judging_and_patching_is_never_overwritten(
    story: Story, hold: Hold, release: Deploy
) -> None:
    """The colleague's image stays, and the place in the budget is given back."""
    assert len(story.spent()) == 1
    release("web", NEW, wait=False)
    hold.release()
    record = story.wait("Superseded")
    assert story.image() == NEW
    assert story.patches() == []
    assert "patchedAt" not in record["status"]
    story.wait_given_back()


def test_an_autoscalers_change_of_replicas_in_between_only_means_another_try(
    story: Story, hold: Hold
) -> None:
    """The generation has moved, the template has not: the same is decided again, and replicas are kept."""
    story.change({"spec": {"replicas": 5}}, "/scale")
    hold.release()
    story.wait("Verifying")
    web = workloads.get(story.plane, story.namespace, "web")
    assert (workloads.image_of(web), web["spec"]["replicas"]) == (GOOD, 5)
    refused, done = story.sent_patches()
    assert (refused.code, done.code) == (422, 200)
    assert len(story.spent()) == 1


@TOLD_ALREADY
def test_an_annotation_in_between_is_kept(story: Story, hold: Hold) -> None:
    """Of the annotations our patch sets its own and nothing else."""
    story.change({"metadata": {"annotations": {"example.com/note": "mine"}}})
    hold.release()
    story.wait("Verifying")
    web = workloads.get(story.plane, story.namespace, "web")
    assert web["metadata"]["annotations"]["example.com/note"] == "mine"
    assert len(story.patches()) == 1


@TOLD_ALREADY
def test_a_workload_that_is_paused_in_between_is_not_patched(story: Story, hold: Hold) -> None:
    """A paused rollout is somebody at work: judged again, refused by name, and the budget given back."""
    story.change({"spec": {"paused": True}})
    hold.release()
    record = story.wait("Refused")
    assert list(evidence(record)) == ["workload_paused"]
    assert story.image() == BAD
    assert story.patches() == []
    story.wait_given_back()


@TOLD_ALREADY
def test_a_workload_that_is_deleted_in_between_ends_the_record(story: Story, hold: Hold) -> None:
    story.delete()
    hold.release()
    record = story.wait("Superseded")
    assert "does not exist any more" in record["status"]["message"]
    assert story.patches() == []
    story.wait_given_back()


def test_a_workload_that_is_deleted_and_made_again_is_another_one(
    story: Story, hold: Hold, deploy: Deploy
) -> None:
    """The name is the same and the uid is not: what was judged is gone."""
    story.delete()
    deploy("web", BAD, wait=False)
    hold.release()
    story.wait("Superseded")
    assert story.image() == BAD
    assert story.patches() == []


@pytest.mark.parametrize(
    "lost",
    [
        is_patch,
        *(pytest.param(each, marks=TOLD_ALREADY) for each in (is_dry_run, is_ledger, is_status)),
        pytest.param(is_new_record, marks=[pytest.mark.slow, TOLD_ALREADY]),
    ],
)
def test_a_lost_answer_leads_to_no_second_patch(
    story: Story, told: Receiver, proxy: Proxy, lost: Matches
) -> None:
    """What is not known is read: the record goes on, and Alertmanager's second try finds it done."""
    hook, alert = proxy.lose_answer(lost), story.firing()
    codes = {told.post(payload(alert))[0] for _ in range(2)}
    assert hook.met == 1
    assert codes <= {202, 503}
    story.wait("Verifying", seconds=50)
    assert told.post(payload(alert))[0] == 202
    story.tell(told, scenes.resolved(alert))
    story.wait("Succeeded")
    assert len(story.patches()) == 1
    assert story.image() == GOOD


@pytest.mark.real_only("it is the proxy that answers")
@pytest.mark.parametrize("status", [429, 503])
def test_an_api_server_that_is_too_busy_for_the_patch_is_asked_again(
    story: Story, told: Receiver, proxy: Proxy, status: int
) -> None:
    proxy.answer(is_patch, status)
    story.tell(told)
    story.wait("Verifying")
    assert len(story.patches()) == 1


@TOLD_ALREADY
def test_a_patch_that_arrives_late_does_not_count_twice(story: Story, told: Receiver, proxy: Proxy) -> None:
    """A PATCH that the network kept back is overtaken by the second try, and then holds for nothing."""
    hold = proxy.hold(is_patch)
    story.tell(told)
    hold.wait()
    story.wait("Verifying")
    hold.release()
    wait_until("the late PATCH", lambda: len(story.sent_patches()) == 2, seconds=30)
    assert len(story.patches()) == 1
    assert story.image() == GOOD


@pytest.mark.parametrize("phase", ["RollingBack", pytest.param("Verifying", marks=TOLD_ALREADY)])
def test_a_release_after_the_rollback_ends_the_record(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, phase: str
) -> None:
    """What the alert said of the restored template, nobody can tell any more."""
    bad_release(deploy, release)
    if phase == "RollingBack":
        story.change({"spec": {"minReadySeconds": 3600, "progressDeadlineSeconds": 7200}})
    story.tell(receiver(scenes.rules()))
    story.wait(phase)
    release("web", NEW, wait=False)
    record = story.wait("Superseded", seconds=LOOK_SECONDS)
    assert "patchedAt" in record["status"]
    assert len(story.patches()) == 1
    assert story.image() == NEW
