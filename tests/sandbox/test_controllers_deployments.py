"""Deployments roll out as the real controller has them."""

from datetime import timedelta

import pytest

from receiver.sandbox.controllers import garbage
from receiver.sandbox.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from tests.sandbox.controlling import NAMESPACE, Cluster, condition

GOOD, NEXT, BROKEN = "shop/web:1", "shop/web:2", "shop/web:2-broken"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.create(DEPLOYMENTS, "web")
    made.settle()
    return made


def numbers(cluster: Cluster) -> dict[str, tuple[str, int]]:
    """Return the revision and the size of each ReplicaSet, by image."""
    return {
        each["spec"]["template"]["spec"]["containers"][0]["image"]: (
            each["metadata"]["annotations"][REVISION],
            each["spec"]["replicas"],
        )
        for each in cluster.all(REPLICA_SETS)
    }


def test_a_new_deployment_gets_its_first_revision_and_is_complete(cluster: Cluster) -> None:
    web = cluster.get(DEPLOYMENTS, "web")
    (first,) = cluster.all(REPLICA_SETS)
    ending = first["metadata"]["labels"]["pod-template-hash"]
    assert first["metadata"]["name"] == f"web-{ending}"
    assert first["spec"]["selector"]["matchLabels"] == {"app": "web", "pod-template-hash": ending}
    assert web["metadata"]["annotations"] == {REVISION: "1"}
    assert web["metadata"]["generation"] == 1
    assert condition(web, "Progressing")["reason"] == "NewReplicaSetAvailable"
    assert condition(web, "Available")["status"] == "True"
    counts = {key: value for key, value in web["status"].items() if key != "conditions"}
    assert counts == {
        "observedGeneration": 1,
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "terminatingReplicas": 0,
    }


def test_a_release_replaces_the_pods_and_keeps_the_old_revision(cluster: Cluster) -> None:
    cluster.set_image(DEPLOYMENTS, "web", NEXT)
    cluster.settle(within=timedelta(seconds=5))
    assert numbers(cluster) == {GOOD: ("1", 0), NEXT: ("2", 2)}
    assert len(cluster.images()[NEXT]) == 2


def test_a_broken_release_keeps_what_is_available(cluster: Cluster) -> None:
    cluster.set_image(DEPLOYMENTS, "web", BROKEN)
    cluster.settle(within=timedelta(seconds=5))
    status = cluster.get(DEPLOYMENTS, "web")["status"]
    assert numbers(cluster) == {GOOD: ("1", 2), BROKEN: ("2", 1)}
    assert (status["availableReplicas"], status["unavailableReplicas"], status["replicas"]) == (2, 1, 3)
    assert condition(cluster.get(DEPLOYMENTS, "web"), "Progressing")["reason"] == "ReplicaSetUpdated"


def test_the_way_back_reuses_the_old_replica_set_under_a_new_number(cluster: Cluster) -> None:
    (first,) = cluster.all(REPLICA_SETS)
    cluster.set_image(DEPLOYMENTS, "web", BROKEN)
    cluster.settle()
    cluster.set_image(DEPLOYMENTS, "web", GOOD)
    cluster.settle()
    assert numbers(cluster) == {GOOD: ("3", 2), BROKEN: ("2", 0)}
    back = cluster.get(REPLICA_SETS, first["metadata"]["name"])
    assert back["metadata"]["creationTimestamp"] == first["metadata"]["creationTimestamp"]
    assert back["metadata"]["annotations"][HISTORY] == "1"
    assert condition(cluster.get(DEPLOYMENTS, "web"), "Progressing")["reason"] == "NewReplicaSetAvailable"


def test_a_rollout_that_does_not_move_misses_its_deadline(cluster: Cluster) -> None:
    cluster.change(DEPLOYMENTS, "web", progressDeadlineSeconds=10)
    cluster.set_image(DEPLOYMENTS, "web", BROKEN)
    cluster.settle(within=timedelta(seconds=5))
    assert condition(cluster.get(DEPLOYMENTS, "web"), "Progressing")["status"] == "True"
    cluster.settle(within=timedelta(seconds=20))
    late = condition(cluster.get(DEPLOYMENTS, "web"), "Progressing")
    assert (late["status"], late["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert late["message"].endswith("has timed out progressing.")


def test_scaling_and_annotating_leave_the_end_of_the_rollout_alone(cluster: Cluster) -> None:
    before = condition(cluster.get(DEPLOYMENTS, "web"), "Progressing")
    cluster.clock.advance(timedelta(hours=1))
    cluster.change(DEPLOYMENTS, "web", replicas=4)
    cluster.settle()
    web = cluster.get(DEPLOYMENTS, "web")
    assert web["status"]["availableReplicas"] == 4
    assert condition(web, "Progressing") == before


def test_a_paused_deployment_is_scaled_but_not_rolled_out(cluster: Cluster) -> None:
    cluster.change(DEPLOYMENTS, "web", paused=True)
    cluster.set_image(DEPLOYMENTS, "web", NEXT)
    cluster.change(DEPLOYMENTS, "web", replicas=3)
    cluster.settle()
    assert numbers(cluster) == {GOOD: ("1", 3)}
    held = condition(cluster.get(DEPLOYMENTS, "web"), "Progressing")
    assert (held["status"], held["reason"]) == ("Unknown", "DeploymentPaused")
    cluster.change(DEPLOYMENTS, "web", paused=False)
    cluster.settle(within=timedelta(seconds=5))
    assert numbers(cluster)[NEXT] == ("2", 3)


def test_recreate_ends_the_old_pods_first() -> None:
    cluster = Cluster()
    cluster.create(DEPLOYMENTS, "web", strategy={"type": "Recreate"})
    cluster.settle()
    cluster.set_image(DEPLOYMENTS, "web", NEXT)
    seen: set[tuple[str, ...]] = set()
    while cluster.loop.step() == timedelta(0):
        seen.add(tuple(sorted(cluster.images())))
    assert (GOOD, NEXT) not in seen
    cluster.settle()
    assert list(cluster.images()) == [NEXT]


def test_only_the_lowest_revisions_beyond_the_limit_go() -> None:
    cluster = Cluster()
    cluster.create(DEPLOYMENTS, "web", revisionHistoryLimit=1)
    for tag in "1234":
        cluster.set_image(DEPLOYMENTS, "web", f"shop/web:{tag}")
        cluster.settle(within=timedelta(seconds=5))
    assert numbers(cluster) == {"shop/web:3": ("3", 0), "shop/web:4": ("4", 2)}


def test_a_scaling_in_the_middle_of_a_rollout_is_shared() -> None:
    cluster = Cluster()
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}
    cluster.create(DEPLOYMENTS, "web", replicas=10, strategy=strategy)
    cluster.settle()
    cluster.set_image(DEPLOYMENTS, "web", BROKEN)
    cluster.settle()
    assert numbers(cluster) == {GOOD: ("1", 8), BROKEN: ("2", 5)}
    cluster.change(DEPLOYMENTS, "web", replicas=15)
    cluster.settle()
    assert numbers(cluster) == {GOOD: ("1", 11), BROKEN: ("2", 7)}


def test_annotations_are_copied_to_the_replica_set_but_not_what_kubectl_applied(cluster: Cluster) -> None:
    def annotate(old: dict) -> dict:  # type: ignore[type-arg]
        own = {
            **old["metadata"]["annotations"],
            "why": "x",
            "kubectl.kubernetes.io/last-applied-configuration": "{}",
        }
        return {**old, "metadata": {**old["metadata"], "annotations": own}}

    cluster.store.change(DEPLOYMENTS, NAMESPACE, "web", annotate)
    cluster.settle()
    (only,) = cluster.all(REPLICA_SETS)
    assert only["metadata"]["annotations"]["why"] == "x"
    assert "kubectl.kubernetes.io/last-applied-configuration" not in only["metadata"]["annotations"]


def test_a_hash_that_is_taken_raises_the_collision_count() -> None:
    taken = Cluster()
    taken.create(DEPLOYMENTS, "web")
    taken.settle()
    (first,) = taken.all(REPLICA_SETS)
    cluster = Cluster()
    metadata = {"name": first["metadata"]["name"], "namespace": NAMESPACE, "labels": {"app": "other"}}
    template = {**first["spec"]["template"], "metadata": {"labels": {"app": "other"}}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "other"}}, "template": template}
    other = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec, "status": {}}
    cluster.store.create(REPLICA_SETS, other)
    cluster.create(DEPLOYMENTS, "web")
    cluster.settle()
    web = cluster.get(DEPLOYMENTS, "web")
    assert (web["status"]["collisionCount"], web["status"]["availableReplicas"]) == (1, 2)


def test_pods_are_available_only_after_min_ready_seconds() -> None:
    cluster = Cluster()
    cluster.create(DEPLOYMENTS, "web", minReadySeconds=30)
    cluster.settle(within=timedelta(seconds=5))
    status = cluster.get(DEPLOYMENTS, "web")["status"]
    assert (status["readyReplicas"], status.get("availableReplicas", 0)) == (2, 0)
    cluster.settle(within=timedelta(seconds=60))
    assert cluster.get(DEPLOYMENTS, "web")["status"]["availableReplicas"] == 2


def test_a_deleted_pod_is_replaced(cluster: Cluster) -> None:
    (gone, _) = cluster.all(PODS)
    cluster.store.delete(PODS, NAMESPACE, gone["metadata"]["name"])
    cluster.settle()
    names = [each["metadata"]["name"] for each in cluster.all(PODS)]
    assert len(names) == 2
    assert gone["metadata"]["name"] not in names


def test_orphaned_replica_sets_are_adopted_by_a_deployment_that_fits(cluster: Cluster) -> None:
    garbage.orphan(cluster.store, cluster.resources, cluster.get(DEPLOYMENTS, "web"))
    cluster.store.delete(DEPLOYMENTS, NAMESPACE, "web")
    cluster.settle()
    (before,) = cluster.all(REPLICA_SETS)
    again = cluster.create(DEPLOYMENTS, "web")
    cluster.settle()
    (only,) = cluster.all(REPLICA_SETS)
    assert only["metadata"]["name"] == before["metadata"]["name"]
    assert only["metadata"]["ownerReferences"][0]["uid"] == again["metadata"]["uid"]
