"""StatefulSets and DaemonSets: their revisions, their order, and their pods."""

import json

from tests.cluster.contracts import STRATEGIC_PATCH, Cluster, Folder
from tests.cluster.sets import (
    daemon,
    images,
    numbers,
    pods,
    revisions,
    set_image,
    stateful,
    wait_daemon,
    wait_stateful,
)
from tests.testbed.processes import wait_until

HASH = "controller-revision-hash"


def test_a_stateful_sets_pods_are_numbered_and_its_first_revision_is_1(cluster: Cluster) -> None:
    web = wait_stateful(stateful(cluster))
    (revision,) = revisions(cluster).values()
    name = revision["metadata"]["name"]
    status = web["status"]
    assert (revision["revision"], status["currentRevision"], status["updateRevision"]) == (1, name, name)
    assert status["collisionCount"] == 0
    assert {status[each] for each in ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas")} == {
        2
    }
    assert pods(cluster).keys() == {"web-0", "web-1"}
    labels = pods(cluster)["web-1"]["metadata"]["labels"]
    assert (labels["statefulset.kubernetes.io/pod-name"], labels["apps.kubernetes.io/pod-index"]) == (
        "web-1",
        "1",
    )
    assert labels[HASH] == name
    assert pods(cluster)["web-0"]["spec"]["hostname"] == "web-0"


def test_a_stateful_sets_revision_is_a_patch_of_its_template(cluster: Cluster) -> None:
    """Its keys are sorted: `kubectl rollout undo` compares it with the live template byte by byte."""
    web = stateful(cluster).get("web")
    (revision,) = revisions(cluster).values()
    assert revision["data"] == {"spec": {"template": {**web["spec"]["template"], "$patch": "replace"}}}
    assert json.dumps(revision["data"]) == json.dumps(revision["data"], sort_keys=True)
    (owner,) = revision["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("StatefulSet", web["metadata"]["uid"], True)
    digest = revision["metadata"]["labels"]["controller.kubernetes.io/hash"]
    assert revision["metadata"]["name"] == f"web-{digest}"
    assert revision["metadata"]["labels"]["app"] == "web"


def test_a_stateful_sets_release_and_the_way_back_number_on(cluster: Cluster) -> None:
    """The revision that is gone back to is the old one, with a new number."""
    folder = stateful(cluster)
    first = revisions(cluster)["x/web:1"]["metadata"]
    set_image(folder, "x/web:2")
    wait_stateful(folder)
    assert numbers(cluster) == {"x/web:1": 1, "x/web:2": 2}
    assert set(images(cluster).values()) == {"x/web:2"}
    back = {"spec": revisions(cluster)["x/web:1"]["data"]["spec"]}
    folder.done("PATCH", "web", back, STRATEGIC_PATCH)
    web = wait_stateful(folder)
    assert numbers(cluster) == {"x/web:1": 3, "x/web:2": 2}
    again = revisions(cluster)["x/web:1"]["metadata"]
    assert (again["uid"], again["creationTimestamp"]) == (first["uid"], first["creationTimestamp"])
    assert web["status"]["currentRevision"] == first["name"]


def test_a_stateful_set_stays_broken_after_the_way_back_until_its_pod_is_deleted(cluster: Cluster) -> None:
    """kubernetes#67250: it waits for the pod that crashes before it goes on."""
    folder = stateful(cluster)
    set_image(folder, "x/web:broken")
    wait_until("the crash", lambda: images(cluster).get("web-1") == "x/web:broken", seconds=30)
    set_image(folder, "x/web:1")
    folder.wait_for("web", "observed", lambda web: web["status"]["observedGeneration"] == 3)
    assert images(cluster) == {"web-0": "x/web:1", "web-1": "x/web:broken"}
    cluster.core("pods").done("DELETE", "web-1")
    wait_stateful(folder)
    assert set(images(cluster).values()) == {"x/web:1"}


def test_a_partition_keeps_the_pods_below_it(cluster: Cluster) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    folder = stateful(cluster, updateStrategy=strategy)
    set_image(folder, "x/web:2")
    expected = {"web-0": "x/web:1", "web-1": "x/web:2"}
    wait_until("the upper pod", lambda: images(cluster) == expected, seconds=30)
    web = folder.wait_for("web", "told", lambda web: web["status"].get("updatedReplicas") == 1)
    assert web["status"]["currentRevision"] != web["status"]["updateRevision"]


def test_on_delete_waits_for_somebody_to_delete_the_pod(cluster: Cluster) -> None:
    folder = stateful(cluster, replicas=1, updateStrategy={"type": "OnDelete"})
    set_image(folder, "x/web:2")
    folder.wait_for("web", "observed", lambda web: web["status"]["observedGeneration"] == 2)
    assert images(cluster) == {"web-0": "x/web:1"}
    cluster.core("pods").done("DELETE", "web-0")
    wait_until("the new pod", lambda: images(cluster) == {"web-0": "x/web:2"}, seconds=30)


def test_a_stateful_set_is_scaled_from_the_top(cluster: Cluster) -> None:
    folder = stateful(cluster, replicas=3)
    folder.merge("web/scale", {"spec": {"replicas": 1}})
    wait_until("one pod", lambda: list(images(cluster)) == ["web-0"], seconds=30)
    assert wait_stateful(folder)["metadata"]["generation"] == 2


def test_a_daemon_set_has_a_pod_on_each_node(cluster: Cluster) -> None:
    web = wait_daemon(daemon(cluster))
    nodes = {node["metadata"]["name"] for node in Folder(cluster.plane, "/api/v1/nodes").done("GET")["items"]}
    found = pods(cluster)
    assert {pod["spec"]["nodeName"] for pod in found.values()} == nodes
    (revision,) = revisions(cluster).values()
    digest = revision["metadata"]["labels"][HASH]
    assert (revision["metadata"]["name"], revision["revision"]) == (f"web-{digest}", 1)
    assert {pod["metadata"]["labels"][HASH] for pod in found.values()} == {digest}
    counts = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "numberAvailable")
    assert {web["status"][each] for each in counts} == {len(nodes)}
    assert web["status"]["numberMisscheduled"] == 0
    assert web["metadata"]["annotations"] == {"deprecated.daemonset.template.generation": "1"}


def test_a_daemon_sets_release_and_the_way_back_number_on(cluster: Cluster) -> None:
    folder = daemon(cluster)
    first = revisions(cluster)["x/web:1"]["metadata"]
    set_image(folder, "x/web:2")
    web = wait_daemon(folder)
    assert web["metadata"]["annotations"]["deprecated.daemonset.template.generation"] == "2"
    assert numbers(cluster) == {"x/web:1": 1, "x/web:2": 2}
    assert set(images(cluster).values()) == {"x/web:2"}
    folder.done("PATCH", "web", {"spec": revisions(cluster)["x/web:1"]["data"]["spec"]}, STRATEGIC_PATCH)
    wait_daemon(folder)
    wait_until("renumbered", lambda: numbers(cluster) == {"x/web:1": 3, "x/web:2": 2}, seconds=20)
    assert revisions(cluster)["x/web:1"]["metadata"]["uid"] == first["uid"]
    assert set(images(cluster).values()) == {"x/web:1"}
