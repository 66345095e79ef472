"""Rollouts of Argo Rollouts go back as Deployments do, under Argo's real controller.

They have a control plane of their own, so that no other test's knows the kind.
"""

import time
from collections.abc import Iterator

import pytest

from tests.cluster.argo import BLUE_GREEN, PAUSING, PREVIEWING, Rollouts
from tests.cluster.contracts import Cluster
from tests.cluster.scenes import BAD, GOOD, Object, Start, resolved, rules
from tests.cluster.stories import Story, evidence
from tests.testbed import workloads
from tests.testbed.argo import ArgoRollouts
from tests.testbed.controlplane import ControlPlane
from tests.testbed.processes import wait_until

pytestmark = pytest.mark.real_only("the sandbox has no Argo Rollouts")
BY_SERVICE = {"target": {"service": "{{ $labels.service }}", "namespace": "{{ $labels.namespace }}"}}


@pytest.fixture(scope="module")
def real_plane() -> Iterator[ControlPlane]:
    """A control plane with Argo Rollouts."""
    with ControlPlane() as plane, ArgoRollouts(plane):
        yield plane


@pytest.fixture
def web(cluster: Cluster) -> Rollouts:
    """Rollout web, not created yet."""
    return Rollouts(cluster)


@pytest.mark.parametrize(
    ("strategy", "aborted"),
    [
        pytest.param(PAUSING, False, id="canary"),
        pytest.param(PAUSING, True, id="canary-that-somebody-aborted"),
        pytest.param(PREVIEWING, False, id="preview"),
    ],
)
def test_what_is_not_promoted_yet_goes_back_to_the_stable_version_by_one_patch_of_the_template(
    web: Rollouts, story: Story, receiver: Start, strategy: Object, aborted: bool
) -> None:
    """At once, whatever step it waits at: no status.abort is needed, and one that was set is gone after."""
    web.create_service()
    web.create(strategy)
    web.release(BAD, "Paused")
    stable, canary = web.hash_of(GOOD), web.hash_of(BAD)
    if aborted:
        web.abort()
    running, told = receiver(rules()), web.firing()
    story.tell(running, told)
    story.wait("Verifying")
    story.tell(running, resolved(told))
    record = story.wait("Succeeded")
    target, suspect = record["spec"]["target"], record["spec"]["suspect"]
    assert (target["apiVersion"], target["kind"]) == ("argoproj.io/v1alpha1", "Rollout")
    assert (suspect["revision"], suspect["templateHash"], suspect["images"]) == (2, canary, {"app": BAD})
    to = record["status"]["decision"]["to"]
    assert (to["revision"], to["templateHash"], to["images"]) == (1, stable, {"app": GOOD})
    status = web.wait("Healthy")["status"]
    assert (status["stableRS"], status["currentPodHash"], status.get("abort")) == (stable, stable, None)
    assert web.image == GOOD
    wait_until("the pods are the stable version's", lambda: web.images == {GOOD}, seconds=40)
    assert [(entry.verb, entry.subresource) for entry in web.writes()] == [("patch", "")]


def test_a_canary_after_a_canary_goes_back_to_what_is_stable(
    web: Rollouts, story: Story, receiver: Start
) -> None:
    """The one in between never was promoted."""
    web.create(PAUSING)
    web.release(BAD, "Paused")
    web.release("x/web:3", "Paused")
    story.tell(receiver(rules()), web.firing())
    record = story.wait("Verifying")
    assert record["status"]["decision"]["to"]["images"] == {"app": GOOD}
    wait_until("the pods are the stable version's", lambda: web.images == {GOOD}, seconds=40)
    assert (web.image, len(web.writes())) == (GOOD, 1)


def test_a_canary_that_never_was_promoted_is_no_good_release(
    web: Rollouts, story: Story, receiver: Start
) -> None:
    """Not even when the next one was: the ReplicaSet before it kept replicas all the while."""
    web.create(PAUSING)
    web.release("x/web:3", "Paused")
    time.sleep(2)  # The API's times have whole seconds.
    web.release(BAD, "Paused")
    time.sleep(2)
    web.promote()
    story.tell(receiver(rules()), web.firing())
    record = story.wait("RollingBack")
    assert record["status"]["decision"]["to"]["images"] == {"app": GOOD}
    assert (web.image, len(web.writes())) == (GOOD, 1)


def test_the_last_of_the_promoted_releases_is_the_good_one(
    web: Rollouts, story: Story, receiver: Start
) -> None:
    """What the controller does to older ReplicaSets afterwards does not speak against it."""
    web.create()
    for image in ("x/web:3", "x/web:4", BAD):
        time.sleep(2)  # The API's times have whole seconds.
        web.release(image)
    story.tell(receiver(rules({"rollback": {"soak": "1s"}})), web.firing())
    record = story.wait("Verifying", seconds=30)
    assert record["status"]["decision"]["to"]["images"] == {"app": "x/web:4"}
    assert (web.image, len(web.writes())) == ("x/web:4", 1)


def test_a_promoted_release_goes_back_and_what_was_rolled_back_is_never_chosen(
    web: Rollouts, story: Story, receiver: Start
) -> None:
    """An alert about a pod is about the Rollout over it; what we restored we leave alone."""
    web.create()
    web.release(BAD)
    running = receiver(rules())
    pods = [name for name in web.cluster.core("pods").names() if web.hash_of(BAD) in name]
    told = web.firing(pod=pods[0])
    (first,) = story.tell(running, told)
    story.wait("Verifying", seconds=30)
    story.tell(running, resolved(told))
    story.wait("Succeeded")
    web.release("x/web:3")
    (second,) = story.tell(running, web.firing())
    record = story.wait_for(second, "Verifying", seconds=30)
    assert first != second
    assert record["status"]["decision"]["to"]["images"] == {"app": GOOD}
    assert (web.image, len(web.writes())) == (GOOD, 2)
    web.wait("Healthy")
    (third,) = story.tell(running, web.firing(rollout="web", severity="page"))
    assert "flip_flop" in evidence(story.wait_for(third, "Refused"))
    assert len(web.writes()) == 2


def test_a_way_back_that_pauses_says_how_to_promote_it(web: Rollouts, story: Story, receiver: Start) -> None:
    """The bad release was promoted, so the good one comes back by the Rollout's own steps."""
    web.create(PAUSING)
    web.release(BAD, "Paused")
    web.promote()
    story.tell(receiver(rules({"verify": {"rollout_timeout": "15s"}})), web.firing())
    message = story.wait("Failed", seconds=60)["status"]["message"]
    assert f"kubectl argo rollouts promote web -n {story.namespace}" in message
    assert "CanaryPauseStep" in message
    assert (web.image, len(web.writes())) == (GOOD, 1)


def test_another_release_on_the_way_back_supersedes_it(web: Rollouts, story: Story, receiver: Start) -> None:
    """It is left alone."""
    web.create(PAUSING)
    web.release(BAD, "Paused")
    web.promote()
    story.tell(receiver(rules()), web.firing())
    story.wait("RollingBack")
    web.wait("Paused")
    web.release("x/web:3", "Paused")
    story.wait("Superseded", seconds=30)
    assert (web.image, len(web.writes())) == ("x/web:3", 1)


def test_blue_green_goes_back_too_and_its_service_leads_to_it(
    web: Rollouts, story: Story, receiver: Start
) -> None:
    """The controller narrows the Service to one version's pods: it stands for the Rollout all the same."""
    web.create_service()
    web.create(BLUE_GREEN)
    web.release(BAD)
    assert web.cluster.core("services").get("web")["spec"]["selector"].keys() > {"app"}
    story.tell(receiver(rules(BY_SERVICE)), web.firing(service="web"))
    record = story.wait("Verifying", seconds=30)
    assert (record["spec"]["target"]["kind"], record["spec"]["target"]["name"]) == ("Rollout", "web")
    assert (web.image, len(web.writes())) == (GOOD, 1)


def test_a_rollout_whose_template_is_a_deployment_s_is_refused(
    web: Rollouts, story: Story, receiver: Start
) -> None:
    """By its name or by a Service: it is not clear whose template would have to go back."""
    body = workloads.deployment("web", GOOD, replicas=0)
    web.cluster.deployments.create(body)
    web.create_service()
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "scaleDown": "never"}
    web.create(workloadRef=reference, template=None)
    by_name = {**BY_SERVICE, "name": "by-service", "matchers": ['severity="page"']}
    running = receiver(rules({}, by_name))
    (named_so,) = story.tell(running, web.firing())
    said = evidence(story.wait_for(named_so, "Refused"))
    assert list(said) == ["target"]
    assert f"takes its template from Deployment {story.namespace}/web (spec.workloadRef)" in said["target"]
    (by_service,) = set(story.tell(running, web.firing(service="web", rollout="web", severity="page"))) - {
        named_so
    }
    said = evidence(story.wait_for(by_service, "Refused"))
    assert "selects 2 workloads, not one" in said["target"]
    assert web.writes() == []
