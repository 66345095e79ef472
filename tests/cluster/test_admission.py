"""What the API server would not let in is refused before anything is patched: a workload or just its pods."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster import scenes, sets
from tests.cluster.contracts import Cluster, Folder
from tests.cluster.policies import SAYS, is_in_force, policy
from tests.cluster.receivers import alert
from tests.cluster.scenes import BAD, GOOD, Deploy, Object, Start, rules
from tests.cluster.stories import Story, evidence
from tests.testbed import workloads
from tests.testbed.processes import wait_until

pytestmark = pytest.mark.real_only("the sandbox has neither quotas nor policies")
CPU = "requests.cpu"
REPLACING = {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}
Prepare = Callable[[Story], None]


def quota(story: Story, **hard: str) -> None:
    """Put a quota in force; what runs already stays."""
    folder = f"/api/v1/namespaces/{story.namespace}/resourcequotas"
    named = {name.replace("_", "."): amount for name, amount in hard.items()}
    story.plane.request("POST", folder, {"metadata": {"name": "team"}, "spec": {"hard": named}})

    def counted() -> bool:
        status = story.plane.request("GET", f"{folder}/team").get("status", {})
        return bool(status.get("used")) and status.get("hard") == named

    wait_until("the quota is counted", counted, seconds=20)


def release(story: Story, image: str, **spec: Any) -> None:
    """Release an image by what a strategic merge makes of its container; wait for the rollout."""
    body = {
        "spec": {
            "template": {"spec": {"containers": [{"name": workloads.CONTAINER, "image": image, **spec}]}}
        }
    }
    path = workloads.path_of(story.namespace, "web")
    story.plane.request("PATCH", path, body, "application/strategic-merge-patch+json")
    workloads.wait_rolled_out(story.plane, story.namespace, "web")


def asking_for(cpu: str) -> Object:
    return {"resources": {"requests": {"cpu": cpu}}}


def full(story: Story) -> None:
    """Leave no room for a pod beside those that are there."""
    quota(story, pods="2")


def too_small(story: Story) -> None:
    """Leave no room for even one pod of the good release."""
    quota(story, requests_cpu="2")


def restricted(story: Story) -> None:
    """Let nothing in that may run as root."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    path = f"/api/v1/namespaces/{story.namespace}"
    story.plane.request("PATCH", path, {"metadata": {"labels": labels}}, "application/merge-patch+json")


def limited(story: Story) -> None:
    """Let no container have more than a CPU."""
    limits = {"limits": [{"type": "Container", "max": {"cpu": "1"}}]}
    folder = f"/api/v1/namespaces/{story.namespace}/limitranges"
    story.plane.request("POST", folder, {"metadata": {"name": "team"}, "spec": limits})


@pytest.mark.parametrize("mode", ["auto", "dry-run"])
@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        pytest.param(
            full, "exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2", id="quota"
        ),
        pytest.param(restricted, 'violates PodSecurity "restricted:latest"', id="pod-security"),
        pytest.param(limited, "maximum cpu usage per Container is 1", id="limits"),
    ],
)
def test_a_revision_whose_pods_are_not_let_in_is_refused(
    story: Story, deploy: Deploy, receiver: Start, prepare: Prepare, said: str, mode: str
) -> None:
    """The workload's patch alone would pass, and the rollout would be stuck."""
    deploy("web", GOOD, wait=False)
    release(story, GOOD, resources={"limits": {"cpu": "4"}})
    release(story, BAD, resources={"limits": {"cpu": "1"}})
    prepare(story)
    assert_refused(story, receiver, said, mode=mode)


@pytest.mark.parametrize("mode", ["auto", "dry-run"])
@pytest.mark.parametrize("plural", ["pods", "deployments"])
def test_a_revision_that_a_policy_refuses_is_refused(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, plural: str, mode: str
) -> None:
    scenes.bad_release(deploy, release)
    with policy(story, plural, forbids=GOOD):
        wait_until("the policy is in force", lambda: is_in_force(story, plural), seconds=20)
        assert_refused(story, receiver, SAYS, mode=mode)


def assert_refused(story: Story, receiver: Start, said: str, *, mode: str) -> None:
    """Tell a receiver: preflight alone blocks, in the server's words; nothing is patched or spent."""
    story.tell(receiver(rules(), mode=mode))
    ((guard, words),) = evidence(story.wait("Refused")).items()
    assert guard == "preflight"
    assert said in words
    assert (story.image(), story.sent_patches()) == (BAD, [])
    story.wait_given_back()


def test_a_pod_that_is_larger_than_its_quota_is_refused_although_it_replaces_others(
    story: Story, cluster: Cluster, receiver: Start
) -> None:
    folder = cluster.apps("statefulsets")
    body = sets.workload("StatefulSet", GOOD, serviceName="web", replicas=2)
    body["spec"]["template"]["spec"]["containers"][0] |= asking_for("3")
    folder.create(body)
    sets.wait_stateful(folder)
    container = {"name": workloads.CONTAINER, "image": BAD, **asking_for("1")}
    folder.done(
        "PATCH",
        "web",
        {"spec": {"template": {"spec": {"containers": [container]}}}},
        "application/strategic-merge-patch+json",
    )
    sets.wait_stateful(folder)
    too_small(story)
    story.tell(receiver(rules()), about(story, "statefulset"))
    refused = evidence(story.wait("Refused"))
    assert refused.keys() == {"preflight"}
    assert f"requested: {CPU}=3, used: {CPU}=2, limited: {CPU}=2" in refused["preflight"]
    assert cluster.apps("statefulsets").get("web")["metadata"]["generation"] == 2


def about(story: Story, kind: str) -> Object:
    return alert("HighErrorRate", {"namespace": story.namespace, kind: "web"})


@pytest.mark.parametrize("kind", ["deployment", "statefulset"])
def test_a_full_quota_is_no_reason_where_pods_are_replaced(
    story: Story, deploy: Deploy, release: Deploy, cluster: Cluster, receiver: Start, kind: str
) -> None:
    """The rollout makes room for itself; the record says that it was not known, and what was said."""
    if kind == "deployment":
        deploy("web", GOOD, **REPLACING)
        release("web", BAD)
    else:
        folder = sets.stateful(cluster)
        sets.set_image(folder, BAD)
        sets.wait_stateful(folder)
    full(story)
    story.tell(receiver(rules()), about(story, kind))
    record = story.wait("Verifying", seconds=30)
    (warning,) = record["status"]["decision"]["warnings"]
    assert "exceeded quota: team, requested: pods=1" in warning
    wait_until("the old pods are gone", lambda: set(sets.images(cluster).values()) == {GOOD}, seconds=40)


def test_a_stuck_release_that_fills_the_quota_is_rolled_back(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """Its pod that never gets ready makes room: the quota has one pod more than there are replicas."""
    deploy("web", GOOD)
    quota(story, pods="3")
    release("web", "x/web:broken", wait=False)

    def stuck() -> bool:
        status = workloads.get(story.plane, story.namespace, "web")["status"]
        return bool(status["replicas"] == 3 and status["updatedReplicas"] == 1)

    wait_until("the release is stuck", stuck, seconds=20)
    story.tell(receiver(rules()))
    story.wait("Verifying", seconds=30)
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def test_a_pod_with_volumes_of_claim_templates_is_accepted(
    story: Story, cluster: Cluster, receiver: Start
) -> None:
    """The template mounts them and does not have them, so it makes no valid pod by itself."""
    folder = cluster.apps("statefulsets")
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claims = [{"metadata": {"name": "data"}, "spec": claim}]
    body = sets.workload("StatefulSet", GOOD, serviceName="web", replicas=0, volumeClaimTemplates=claims)
    (container,) = body["spec"]["template"]["spec"]["containers"]
    container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    folder.create(body)
    wait_observed(folder)
    sets.set_image(folder, BAD)
    wait_observed(folder)
    story.tell(receiver(rules()), about(story, "statefulset"))
    record = story.wait("RollingBack", "Verifying")
    (said,) = [v["evidence"] for v in record["status"]["decision"]["verdicts"] if v["guard"] == "preflight"]
    assert "it accepts a pod of the revision" in said


def wait_observed(folder: Folder) -> None:
    """Wait for the controller alone: there are no pods."""

    def observed(web: Object) -> bool:
        return bool(web.get("status", {}).get("observedGeneration") == web["metadata"]["generation"])

    folder.wait_for("web", "observed", observed)
