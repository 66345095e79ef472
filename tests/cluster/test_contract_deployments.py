"""The Deployment controller: revisions, reused ReplicaSets, and what its conditions tell."""

import time
from typing import Any

import pytest

from tests.cluster.contracts import JSON_PATCH, STRATEGIC_PATCH, Cluster, Object
from tests.testbed import workloads
from tests.testbed.processes import wait_until

REVISION, HISTORY = "deployment.kubernetes.io/revision", "deployment.kubernetes.io/revision-history"
DESIRED, MOST = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"


def create(cluster: Cluster, image: str = "x/web:1", **spec: Any) -> Object:
    """Create web and return it when it is rolled out."""
    workloads.create(cluster.plane, cluster.namespace, workloads.deployment("web", image, **spec))
    return rolled_out(cluster)


def rolled_out(cluster: Cluster) -> Object:
    """Return web when it is rolled out and its controller has said so."""
    workloads.wait_rolled_out(cluster.plane, cluster.namespace, "web")
    return wait_for_condition(cluster, "Progressing", "NewReplicaSetAvailable")


def release(cluster: Cluster, image: str) -> Object:
    """Release an image and return web when that is rolled out."""
    workloads.set_image(cluster.plane, cluster.namespace, "web", image)
    return rolled_out(cluster)


def conditions(web: Object) -> dict[str, Object]:
    return {each["type"]: each for each in web.get("status", {}).get("conditions", [])}


def wait_for_condition(cluster: Cluster, type_: str, reason: str) -> Object:
    """Return web once it has a condition of this type with this reason, and its latest state is observed."""

    def told(web: Object) -> bool:
        observed = web.get("status", {}).get("observedGeneration") == web["metadata"]["generation"]
        return observed and conditions(web).get(type_, {}).get("reason") == reason

    return cluster.deployments.wait_for("web", f"{type_} {reason}", told)


def revisions(cluster: Cluster) -> dict[str, Object]:
    """Return the ReplicaSets by their image."""
    return {workloads.image_of(each): each for each in cluster.replica_sets.done("GET")["items"]}


def notes(obj: Object) -> dict[str, str]:
    found: dict[str, str] = obj["metadata"].get("annotations", {})
    return found


def test_a_first_rollout_is_revision_1_and_says_that_it_is_done(cluster: Cluster) -> None:
    web = create(cluster)
    (made,) = cluster.replica_sets.done("GET")["items"]
    assert notes(web)[REVISION] == notes(made)[REVISION] == "1"
    assert (notes(made)[DESIRED], notes(made)[MOST]) == ("2", "3")
    said = conditions(web)
    assert {type_: (each["status"], each["reason"]) for type_, each in said.items()} == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    name = made["metadata"]["name"]
    assert said["Progressing"]["message"] == f'ReplicaSet "{name}" has successfully progressed.'
    assert said["Available"]["message"] == "Deployment has minimum availability."
    status = {key: value for key, value in web["status"].items() if key != "conditions"}
    counts = dict.fromkeys(["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"], 2)
    assert status == {"observedGeneration": 1, "terminatingReplicas": 0, **counts}


def test_a_replica_set_is_its_deployments_and_named_by_its_template(cluster: Cluster) -> None:
    web = create(cluster, labels={"team": "a"}, annotations={"example.com/note": "mine"})
    (made,) = cluster.replica_sets.done("GET")["items"]
    digest = made["metadata"]["labels"]["pod-template-hash"]
    assert made["metadata"]["name"] == f"web-{digest}"
    assert made["metadata"]["labels"] == {"app": "web", "pod-template-hash": digest}
    assert made["spec"]["selector"]["matchLabels"] == made["metadata"]["labels"]
    assert made["spec"]["template"]["metadata"]["labels"] == made["metadata"]["labels"]
    uid = web["metadata"]["uid"]
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": uid}
    assert made["metadata"]["ownerReferences"] == [{**owner, "controller": True, "blockOwnerDeletion": True}]
    assert notes(made)["example.com/note"] == "mine"
    pods = cluster.core("pods").done("GET")["items"]
    assert all(pod["metadata"]["name"].startswith(f"web-{digest}-") for pod in pods)
    assert {pod["metadata"]["ownerReferences"][0]["uid"] for pod in pods} == {made["metadata"]["uid"]}
    assert {pod["metadata"]["labels"]["pod-template-hash"] for pod in pods} == {digest}


def test_every_release_is_a_revision_and_the_old_one_is_scaled_to_nothing(cluster: Cluster) -> None:
    create(cluster)
    web = release(cluster, "x/web:2")
    found = revisions(cluster)
    assert {image: (notes(each)[REVISION], each["spec"]["replicas"]) for image, each in found.items()} == {
        "x/web:1": ("1", 0),
        "x/web:2": ("2", 2),
    }
    assert notes(web)[REVISION] == "2"
    assert web["metadata"]["generation"] == 2  # Its controller's annotation moves it not.


def test_going_back_reuses_the_replica_set_and_gives_it_a_new_number(cluster: Cluster) -> None:
    """It keeps its age: only its history tells that it was there before."""
    create(cluster)
    first = revisions(cluster)["x/web:1"]
    release(cluster, "x/web:2")
    template = {**cluster.deployments.get("web")["spec"]["template"]}
    template["spec"] = {**template["spec"], "containers": first["spec"]["template"]["spec"]["containers"]}
    patch = [
        {"op": "replace", "path": "/spec/template", "value": template},
        {"op": "add", "path": "/metadata/annotations/example.com~1rolled-back", "value": "yes"},
    ]
    cluster.deployments.done("PATCH", "web", patch, JSON_PATCH)
    web = rolled_out(cluster)
    again = revisions(cluster)
    assert again.keys() == {"x/web:1", "x/web:2"}
    assert again["x/web:1"]["metadata"]["uid"] == first["metadata"]["uid"]
    assert again["x/web:1"]["metadata"]["creationTimestamp"] == first["metadata"]["creationTimestamp"]
    assert (notes(web)[REVISION], notes(again["x/web:1"])[REVISION]) == ("3", "3")
    assert (notes(again["x/web:1"])[HISTORY], HISTORY in notes(again["x/web:2"])) == ("1", False)
    assert notes(again["x/web:1"])["example.com/rolled-back"] == "yes"
    release(cluster, "x/web:2")
    release(cluster, "x/web:1")
    assert notes(revisions(cluster)["x/web:1"])[HISTORY] == "1,3"


def test_the_end_of_a_rollout_is_told_once(cluster: Cluster) -> None:
    """Neither scaling nor an annotation moves the time of NewReplicaSetAvailable; a release does."""
    first = conditions(create(cluster))["Progressing"]
    before = first["lastUpdateTime"]
    time.sleep(1.05)
    cluster.deployments.merge("web", {"metadata": {"annotations": {"a": "1"}}})
    cluster.deployments.merge("web/scale", {"spec": {"replicas": 3}})
    assert conditions(rolled_out(cluster))["Progressing"]["lastUpdateTime"] == before
    after = conditions(release(cluster, "x/web:2"))["Progressing"]
    assert after["lastUpdateTime"] > before
    assert after["lastTransitionTime"] == first["lastTransitionTime"]


def test_a_rollout_under_way_keeps_most_pods_available(cluster: Cluster) -> None:
    """A quarter more, rounded up, and a quarter less, rounded down."""
    create(cluster, replicas=4)
    workloads.set_image(cluster.plane, cluster.namespace, "web", "x/web:broken")

    def stuck(web: Object) -> bool:
        return bool(web["status"].get("updatedReplicas") == 2 and web["status"]["replicas"] == 5)

    web = cluster.deployments.wait_for("web", "stuck", stuck)
    status = web["status"]
    assert (status["availableReplicas"], status["unavailableReplicas"], status["readyReplicas"]) == (3, 2, 3)
    assert conditions(web)["Available"]["status"] == "True"
    assert conditions(web)["Progressing"]["reason"] in {"ReplicaSetUpdated", "NewReplicaSetCreated"}


def test_a_rollout_that_does_not_get_on_is_past_its_deadline(cluster: Cluster) -> None:
    create(cluster, progressDeadlineSeconds=1)
    workloads.set_image(cluster.plane, cluster.namespace, "web", "x/web:broken")
    web = wait_for_condition(cluster, "Progressing", "ProgressDeadlineExceeded")
    told = conditions(web)["Progressing"]
    name = revisions(cluster)["x/web:broken"]["metadata"]["name"]
    assert (told["status"], told["message"]) == ("False", f'ReplicaSet "{name}" has timed out progressing.')
    web = release(cluster, "x/web:1")
    assert conditions(web)["Progressing"]["status"] == "True"


def test_pods_count_as_available_only_after_min_ready_seconds(cluster: Cluster) -> None:
    """Since when a pod is ready is told in whole seconds."""
    began = time.monotonic()
    create(cluster, replicas=1, minReadySeconds=2)
    assert time.monotonic() - began > 1


def test_a_deployment_without_a_pod_is_not_available(cluster: Cluster) -> None:
    workloads.create(cluster.plane, cluster.namespace, workloads.deployment("web", "x/web:broken"))
    web = wait_for_condition(cluster, "Available", "MinimumReplicasUnavailable")
    told = conditions(web)["Available"]
    assert (told["status"], told["message"]) == ("False", "Deployment does not have minimum availability.")


def test_a_paused_deployment_scales_but_does_not_roll_out(cluster: Cluster) -> None:
    create(cluster)
    cluster.deployments.merge("web", {"spec": {"paused": True}})
    assert (
        conditions(wait_for_condition(cluster, "Progressing", "DeploymentPaused"))["Progressing"]
        | {
            "status": "Unknown",
            "message": "Deployment is paused",
        }
        == conditions(cluster.deployments.get("web"))["Progressing"]
    )
    workloads.set_image(cluster.plane, cluster.namespace, "web", "x/web:2")
    cluster.deployments.merge("web/scale", {"spec": {"replicas": 3}})
    wait_until(
        "scaled", lambda: revisions(cluster)["x/web:1"]["status"].get("readyReplicas") == 3, seconds=30
    )
    assert revisions(cluster).keys() == {"x/web:1"}
    assert notes(cluster.deployments.get("web"))[REVISION] == "1"
    cluster.deployments.merge("web", {"spec": {"paused": None}})
    assert notes(rolled_out(cluster))[REVISION] == "2"


@pytest.mark.parametrize(("limit", "kept"), [(1, "34"), (0, "4")])
def test_the_oldest_revisions_beyond_the_limit_are_deleted(cluster: Cluster, limit: int, kept: str) -> None:
    create(cluster, replicas=1, revisionHistoryLimit=limit)
    for number in (2, 3, 4):
        release(cluster, f"x/web:{number}")
    images = {f"x/web:{number}" for number in kept}
    wait_until("the old ones are gone", lambda: revisions(cluster).keys() == images, seconds=30)


def test_a_recreation_ends_the_old_pods_first(cluster: Cluster) -> None:
    create(cluster, strategy={"type": "Recreate"})
    workloads.set_image(cluster.plane, cluster.namespace, "web", "x/web:broken")

    def replaced(web: Object) -> bool:
        status = web["status"]
        counts = [status.get(each) for each in ("observedGeneration", "updatedReplicas", "replicas")]
        return counts == [2, 2, 2]

    web = cluster.deployments.wait_for("web", "replaced", replaced)
    assert "availableReplicas" not in web["status"]
    empty = {"observedGeneration": 2, "replicas": 0, "terminatingReplicas": 0}
    wait_until("the old one says so", lambda: revisions(cluster)["x/web:1"]["status"] == empty, seconds=15)


def test_an_annotation_or_a_label_of_the_deployment_is_no_release(cluster: Cluster) -> None:
    create(cluster)
    web = cluster.deployments.merge("web", {"metadata": {"annotations": {"a": "1"}, "labels": {"b": "2"}}})
    rolled_out(cluster)
    (found,) = cluster.replica_sets.done("GET")["items"]
    assert (notes(found)["a"], "b" in found["metadata"]["labels"]) == ("1", False)
    assert web["metadata"]["generation"] == 2


def test_a_template_annotation_is_a_release(cluster: Cluster) -> None:
    """That is how `kubectl rollout restart` does it."""
    create(cluster)
    annotations = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    body = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    cluster.deployments.done("PATCH", "web", body, STRATEGIC_PATCH)
    assert notes(rolled_out(cluster))[REVISION] == "2"
