"""StatefulSets and DaemonSets: revisions, order, and the case in which a StatefulSet is stuck."""

from datetime import timedelta

import pytest

from receiver.sandbox.resources import CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS, STATEFUL_SETS
from tests.sandbox.controlling import NAMESPACE, Cluster

GOOD, NEXT, BROKEN = "shop/web:1", "shop/web:2", "shop/web:2-broken"


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.create(STATEFUL_SETS, "db")
    made.create(DAEMON_SETS, "agent")
    made.settle()
    return made


def revisions(cluster: Cluster, owner: str) -> dict[str, int]:
    """Return the number of each revision of a workload, by image."""
    return {
        each["data"]["spec"]["template"]["spec"]["containers"][0]["image"]: each["revision"]
        for each in cluster.all(CONTROLLER_REVISIONS)
        if each["metadata"]["ownerReferences"][0]["name"] == owner
    }


def image_of(cluster: Cluster, pod: str) -> str:
    return str(cluster.get(PODS, pod)["spec"]["containers"][0]["image"])


def test_a_statefulset_has_numbered_pods_of_its_first_revision(cluster: Cluster) -> None:
    database = cluster.get(STATEFUL_SETS, "db")
    pod = cluster.get(PODS, "db-0")
    revision = database["status"]["currentRevision"]
    assert pod["metadata"]["labels"] == {
        "app": "db",
        "apps.kubernetes.io/pod-index": "0",
        "controller-revision-hash": revision,
        "statefulset.kubernetes.io/pod-name": "db-0",
    }
    recorded = cluster.get(CONTROLLER_REVISIONS, revision)
    assert recorded["data"]["spec"]["template"]["$patch"] == "replace"
    assert recorded["metadata"]["labels"]["controller.kubernetes.io/hash"] == revision.removeprefix("db-")
    assert database["status"] == {
        "availableReplicas": 2,
        "collisionCount": 0,
        "currentReplicas": 2,
        "currentRevision": revision,
        "observedGeneration": 1,
        "readyReplicas": 2,
        "replicas": 2,
        "updateRevision": revision,
        "updatedReplicas": 2,
    }


def test_pods_are_made_one_after_the_other_unless_parallel() -> None:
    cluster = Cluster()
    cluster.create(STATEFUL_SETS, "slow", podManagementPolicy="OrderedReady", replicas=3)
    cluster.create(STATEFUL_SETS, "all", podManagementPolicy="Parallel", replicas=3)
    cluster.settle(within=timedelta(0))
    names = [each["metadata"]["name"] for each in cluster.all(PODS)]
    assert names == ["all-0", "all-1", "all-2", "slow-0"]


def test_a_release_goes_from_the_highest_number_down(cluster: Cluster) -> None:
    cluster.set_image(STATEFUL_SETS, "db", NEXT)
    cluster.settle(within=timedelta(seconds=0.05))
    assert (image_of(cluster, "db-0"), image_of(cluster, "db-1")) == (GOOD, NEXT)
    cluster.settle()
    status = cluster.get(STATEFUL_SETS, "db")["status"]
    assert image_of(cluster, "db-0") == NEXT
    assert status["currentRevision"] == status["updateRevision"]
    assert revisions(cluster, "db") == {GOOD: 1, NEXT: 2}


def test_a_broken_pod_blocks_even_the_way_back_until_it_is_deleted(cluster: Cluster) -> None:
    cluster.set_image(STATEFUL_SETS, "db", BROKEN)
    cluster.settle()
    cluster.set_image(STATEFUL_SETS, "db", GOOD)
    cluster.settle(within=timedelta(minutes=5))
    assert image_of(cluster, "db-1") == BROKEN
    assert revisions(cluster, "db") == {GOOD: 3, BROKEN: 2}
    cluster.store.delete(PODS, NAMESPACE, "db-1")
    cluster.settle()
    assert cluster.get(STATEFUL_SETS, "db")["status"]["readyReplicas"] == 2
    assert image_of(cluster, "db-1") == GOOD


def test_a_partition_keeps_the_lower_numbers_as_they_are(cluster: Cluster) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    cluster.change(STATEFUL_SETS, "db", updateStrategy=rolling)
    cluster.set_image(STATEFUL_SETS, "db", NEXT)
    cluster.settle()
    cluster.store.delete(PODS, NAMESPACE, "db-0")
    cluster.settle()
    assert (image_of(cluster, "db-0"), image_of(cluster, "db-1")) == (GOOD, NEXT)
    status = cluster.get(STATEFUL_SETS, "db")["status"]
    assert (status["currentReplicas"], status["updatedReplicas"]) == (1, 1)
    assert status["currentRevision"] != status["updateRevision"]


@pytest.mark.parametrize(("resource", "name"), [(STATEFUL_SETS, "db"), (DAEMON_SETS, "agent")])
def test_on_delete_waits_for_somebody_to_delete_the_pod(cluster: Cluster, resource, name) -> None:  # type: ignore[no-untyped-def]
    cluster.change(resource, name, updateStrategy={"type": "OnDelete"})
    cluster.set_image(resource, name, NEXT)
    cluster.settle()
    pods = [each for each in cluster.all(PODS) if each["metadata"]["labels"]["app"] == name]
    assert NEXT not in cluster.images()
    cluster.store.delete(PODS, NAMESPACE, pods[0]["metadata"]["name"])
    cluster.settle()
    assert len(cluster.images()[NEXT]) == 1


def test_scaling_down_takes_the_highest_numbers(cluster: Cluster) -> None:
    cluster.change(STATEFUL_SETS, "db", replicas=1)
    cluster.settle()
    assert [n for n in cluster.images()[GOOD] if n.startswith("db")] == ["db-0"]


@pytest.mark.parametrize(("resource", "name"), [(STATEFUL_SETS, "db"), (DAEMON_SETS, "agent")])
def test_revisions_beyond_the_limit_go(cluster: Cluster, resource, name) -> None:  # type: ignore[no-untyped-def]
    cluster.change(resource, name, revisionHistoryLimit=1)
    for tag in "234":
        cluster.set_image(resource, name, f"shop/web:{tag}")
        cluster.settle()
    assert revisions(cluster, name) == {"shop/web:3": 3, "shop/web:4": 4}


def test_a_daemonset_has_a_pod_on_every_node_even_a_new_one(cluster: Cluster) -> None:
    node = cluster.store.get(NODES, "", "node-0")
    cluster.store.create(NODES, {**node, "metadata": {"name": "node-2", "labels": {}}})
    cluster.settle()
    pods = [each for each in cluster.all(PODS) if each["metadata"]["labels"]["app"] == "agent"]
    assert sorted(each["spec"]["nodeName"] for each in pods) == ["node-0", "node-1", "node-2"]
    assert cluster.get(DAEMON_SETS, "agent")["status"]["numberReady"] == 3


def test_a_broken_daemonset_release_stops_at_the_first_node_and_comes_back(cluster: Cluster) -> None:
    cluster.set_image(DAEMON_SETS, "agent", BROKEN)
    cluster.settle()
    status = cluster.get(DAEMON_SETS, "agent")["status"]
    assert status == {
        "currentNumberScheduled": 2,
        "desiredNumberScheduled": 2,
        "numberMisscheduled": 0,
        "numberReady": 1,
        "numberAvailable": 1,
        "numberUnavailable": 1,
        "updatedNumberScheduled": 1,
        "observedGeneration": 2,
    }
    cluster.set_image(DAEMON_SETS, "agent", GOOD)
    cluster.settle()
    assert cluster.get(DAEMON_SETS, "agent")["status"]["updatedNumberScheduled"] == 2
    assert BROKEN not in cluster.images()
    assert revisions(cluster, "agent") == {BROKEN: 2, GOOD: 3}
