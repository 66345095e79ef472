"""Namespaces and owners: what comes with one, and what goes with it."""

import secrets
from collections.abc import Iterator

import pytest

from tests.cluster.contracts import Cluster, Folder, Object, failure, named
from tests.testbed import workloads
from tests.testbed.plane import Plane
from tests.testbed.processes import wait_until

NAMESPACES = "/api/v1/namespaces"


def owner(obj: Object, kind: str) -> list[Object]:
    """Return what makes an object belong to this one."""
    metadata = obj["metadata"]
    return [{"apiVersion": "v1", "kind": kind, "name": metadata["name"], "uid": metadata["uid"]}]


@pytest.fixture
def doomed(plane: Plane) -> Iterator[Cluster]:
    """A namespace that the test deletes; it is new."""
    name = f"doomed-{secrets.token_hex(4)}"
    yield Cluster(plane, name)
    Folder(plane, NAMESPACES).ask("DELETE", name)


def test_a_namespace_is_made_with_what_every_namespace_has(doomed: Cluster) -> None:
    namespaces = Folder(doomed.plane, NAMESPACES)
    made = namespaces.create(named(doomed.namespace))
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": doomed.namespace}
    assert (made["spec"], made["status"]) == ({"finalizers": ["kubernetes"]}, {"phase": "Active"})
    doomed.core("serviceaccounts").wait_for("default", "made", bool)
    data = doomed.config_maps.wait_for("kube-root-ca.crt", "made", bool)["data"]
    assert list(data) == ["ca.crt"]


def test_the_clusters_own_namespaces_are_there(plane: Plane) -> None:
    names = Folder(plane, NAMESPACES).names()
    assert {"default", "kube-node-lease", "kube-public", "kube-system"} <= set(names)


def test_the_clusters_own_namespaces_may_not_be_deleted(plane: Plane) -> None:
    for name in ("default", "kube-system"):
        message = f'namespaces "{name}" is forbidden: this namespace may not be deleted'
        details = {"name": name, "kind": "namespaces"}
        answer = Folder(plane, NAMESPACES).ask("DELETE", name, dryRun="All")
        assert answer == (403, failure(403, "Forbidden", message, details))


def test_a_namespace_takes_everything_along(doomed: Cluster) -> None:
    namespaces = Folder(doomed.plane, NAMESPACES)
    namespaces.create(named(doomed.namespace))
    doomed.config_maps.create(named("a"))
    doomed.deployments.create(workloads.deployment("web", replicas=0))
    wait_until("the ReplicaSet", doomed.replica_sets.names, seconds=30)
    going = namespaces.done("DELETE", doomed.namespace)
    assert (going["kind"], going["status"]) == ("Namespace", {"phase": "Terminating"})
    assert going["metadata"]["deletionTimestamp"]
    namespaces.wait_gone(doomed.namespace, seconds=30)
    for folder in (doomed.config_maps, doomed.deployments, doomed.replica_sets):
        assert folder.names() == []


def test_what_is_ending_takes_nothing_new(doomed: Cluster) -> None:
    namespaces = Folder(doomed.plane, NAMESPACES)
    namespaces.create(named(doomed.namespace))
    doomed.config_maps.create({"metadata": {"name": "a", "finalizers": ["example.com/mine"]}})
    namespaces.done("DELETE", doomed.namespace)
    status, answer = doomed.config_maps.ask("POST", "", named("late"))
    doomed.config_maps.merge("a", {"metadata": {"finalizers": None}})
    ending = f"namespace {doomed.namespace} is being terminated"
    cause = {"reason": "NamespaceTerminating", "message": ending, "field": "metadata.namespace"}
    refusal = f"unable to create new content in {ending.replace('is', 'because it is', 1)}"
    details = {"name": "late", "kind": "configmaps", "causes": [cause]}
    assert (status, answer) == (
        403,
        failure(403, "Forbidden", f'configmaps "late" is forbidden: {refusal}', details),
    )


def test_what_belongs_to_an_object_goes_with_it(cluster: Cluster) -> None:
    maps = cluster.config_maps
    mine = maps.create(named("owner"))
    maps.create({"metadata": {"name": "owned", "ownerReferences": owner(mine, "ConfigMap")}})
    maps.create(named("free"))
    maps.done("DELETE", "owner")
    maps.wait_gone("owned")
    assert maps.get("free")


def test_a_deployment_takes_its_replica_sets_and_pods_along(cluster: Cluster) -> None:
    cluster.deployments.create(workloads.deployment("web"))
    workloads.wait_rolled_out(cluster.plane, cluster.namespace, "web")
    cluster.deployments.done("DELETE", "web")
    for folder in (cluster.replica_sets, cluster.core("pods")):
        folder.wait_empty()


def test_orphans_stay_and_belong_to_nobody(cluster: Cluster) -> None:
    cluster.deployments.create(workloads.deployment("web", replicas=1))
    workloads.wait_rolled_out(cluster.plane, cluster.namespace, "web")
    cluster.deployments.done("DELETE", "web", propagationPolicy="Orphan")
    cluster.deployments.wait_gone("web")
    (left,) = cluster.replica_sets.done("GET")["items"]
    assert "ownerReferences" not in left["metadata"]
    assert len(cluster.core("pods").names()) == 1


def test_a_foreground_deletion_waits_for_what_it_takes_along(cluster: Cluster) -> None:
    cluster.deployments.create(workloads.deployment("web", replicas=1))
    workloads.wait_rolled_out(cluster.plane, cluster.namespace, "web")
    cluster.deployments.done("DELETE", "web", propagationPolicy="Foreground")
    cluster.deployments.wait_gone("web", seconds=15)
    assert cluster.replica_sets.names() == []
