"""The thread, pods, namespaces and the garbage collector."""

import logging
import threading
from datetime import timedelta
from typing import Any

import pytest

from receiver.sandbox.clock import Clock
from receiver.sandbox.controllers import garbage, loop, namespaces, pods
from receiver.sandbox.controllers.loop import Controllers
from receiver.sandbox.controllers.work import Work
from receiver.sandbox.resources import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    SERVICE_ACCOUNTS,
    Resources,
)
from receiver.sandbox.store import Store
from tests.sandbox.controlling import NAMESPACE, Cluster
from tests.testbed.processes import wait_until


def mark(old: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {**old, "metadata": {**old["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z", **metadata}}


def namespace(cluster: Cluster, name: str) -> None:
    cluster.store.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    cluster.settle()


def test_the_thread_starts_pods_and_stops_at_once() -> None:
    store, resources = Store(Clock()), Resources()
    namespaces.seed(store)
    body = Cluster().create(DEPLOYMENTS, "web")
    controllers = Controllers(store, resources)
    others = named("sandbox-controllers")
    controllers.start()
    try:
        store.create(DEPLOYMENTS, body)
        wait_until("two available pods", lambda: available(store) == 2, seconds=60)
    finally:
        controllers.stop()
    assert named("sandbox-controllers") == others


def available(store: Store) -> int:
    found: int = store.get(DEPLOYMENTS, NAMESPACE, "web")["status"].get("availableReplicas", 0)
    return found


def on_nodes(store: Store) -> list[dict[str, Any]]:
    return [pod for pod in store.list(PODS)[0] if pod["spec"].get("nodeName")]


def named(name: str) -> set[threading.Thread]:
    """Return the threads of a name that run, those of other sandboxes of this process among them."""
    return {thread for thread in threading.enumerate() if thread.name == name}


def test_an_advanced_clock_makes_a_slow_pod_ready_at_once() -> None:
    clock = Clock(behind=timedelta(days=1), pace=0.01)
    store, resources = Store(clock), Resources()
    namespaces.seed(store)
    body = Cluster().create(DEPLOYMENTS, "web")
    body["spec"]["template"]["spec"]["containers"][0]["image"] = "web:slow"
    controllers = Controllers(store, resources)
    controllers.start()
    try:
        store.create(DEPLOYMENTS, body)
        wait_until("a pod on a node", lambda: on_nodes(store), seconds=60)
        clock.advance(timedelta(hours=1))
        wait_until("two available pods", lambda: available(store) == 2, seconds=60)
    finally:
        controllers.stop()


def test_a_failing_controller_is_logged_and_tried_again_so_often(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cluster, tried = Cluster(), []

    def fail(*_: object) -> None:
        tried.append(1)
        raise ValueError("no such luck")

    monkeypatch.setitem(loop.RECONCILE, DEPLOYMENTS.key, fail)
    with caplog.at_level(logging.WARNING):
        cluster.create(DEPLOYMENTS, "web")
        cluster.settle(within=timedelta(minutes=5))
    assert len(tried) == loop.TRIES
    assert "no such luck" in caplog.text


def test_a_loop_that_fell_behind_the_history_begins_anew() -> None:
    cluster = Cluster()
    small = Store(cluster.clock, history=3)
    namespaces.seed(small)
    again = loop.Loop(Work(small, Resources()))
    for number in range(5):
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"shop-{number}"}}
        small.create(NAMESPACES, body)
    while again.step() is not None:
        pass
    assert small.find(SERVICE_ACCOUNTS, "shop-4", "default") is not None


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("web", ""),
        ("web:1", "1"),
        ("registry:5000/web", ""),
        ("registry:5000/shop/web:2-broken", "2-broken"),
        ("broken/web:1", "1"),
    ],
)
def test_the_tag_is_what_follows_the_last_colon_after_the_last_slash(image: str, tag: str) -> None:
    assert pods.tag_of(image) == tag


def test_a_broken_pod_crashes_and_never_gets_ready() -> None:
    cluster = Cluster()
    cluster.create(DEPLOYMENTS, "web", replicas=1)
    cluster.set_image(DEPLOYMENTS, "web", "web:broken")
    cluster.settle()
    (pod,) = cluster.all(PODS)
    (container,) = pod["status"]["containerStatuses"]
    assert container["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert (container["ready"], container["restartCount"], pod["status"]["phase"]) == (False, 5, "Running")
    states = {each["type"]: each["status"] for each in pod["status"]["conditions"]}
    assert states == {
        "Initialized": "True",
        "ContainersReady": "False",
        "Ready": "False",
        "PodScheduled": "True",
    }


def test_a_cluster_begins_with_four_namespaces_and_two_nodes() -> None:
    cluster = Cluster()
    names = [each["metadata"]["name"] for each in cluster.store.list(NAMESPACES)[0]]
    assert names == ["default", "kube-node-lease", "kube-public", "kube-system"]
    assert len(cluster.store.list(NODES)[0]) == 2
    assert cluster.get(SERVICE_ACCOUNTS, "default")
    assert cluster.get(CONFIG_MAPS, "kube-root-ca.crt")


def test_a_new_namespace_is_furnished_and_one_that_ends_is_emptied_and_gone() -> None:
    cluster = Cluster()
    namespace(cluster, "shop")
    assert cluster.store.find(SERVICE_ACCOUNTS, "shop", "default")
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}}
    cluster.store.create(CONFIG_MAPS, config)
    cluster.store.change(NAMESPACES, "", "shop", mark)
    cluster.settle()
    assert cluster.store.find(NAMESPACES, "", "shop") is None
    assert cluster.store.list(CONFIG_MAPS, "shop")[0] == []


def test_a_namespace_waits_for_what_has_finalizers() -> None:
    cluster = Cluster()
    namespace(cluster, "shop")
    metadata = {"name": "a", "namespace": "shop", "finalizers": ["example.com/wait"]}
    cluster.store.create(CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    cluster.store.change(NAMESPACES, "", "shop", mark)
    cluster.settle()
    assert cluster.store.find(NAMESPACES, "", "shop") is not None
    cluster.store.change(CONFIG_MAPS, "shop", "a", lambda old: mark(old, finalizers=[]))
    cluster.settle()
    assert cluster.store.find(NAMESPACES, "", "shop") is None


def test_what_a_deployment_owns_goes_with_it() -> None:
    cluster = Cluster()
    cluster.create(DEPLOYMENTS, "web")
    cluster.settle()
    cluster.store.delete(DEPLOYMENTS, NAMESPACE, "web")
    cluster.settle()
    assert cluster.all(REPLICA_SETS) == cluster.all(PODS) == []


def test_orphans_stay() -> None:
    cluster = Cluster()
    web = cluster.create(DEPLOYMENTS, "web")
    cluster.settle()
    garbage.orphan(cluster.store, cluster.resources, cluster.get(DEPLOYMENTS, "web"))
    cluster.store.delete(DEPLOYMENTS, NAMESPACE, "web", uid=web["metadata"]["uid"])
    cluster.settle()
    (kept,) = cluster.all(REPLICA_SETS)
    assert "ownerReferences" not in kept["metadata"]
    assert len(cluster.all(PODS)) == 2


def test_in_the_foreground_the_owner_goes_last() -> None:
    cluster = Cluster()
    cluster.create(DEPLOYMENTS, "web")
    cluster.settle()
    seen = []
    cluster.store.change(
        DEPLOYMENTS, NAMESPACE, "web", lambda old: mark(old, finalizers=["foregroundDeletion"])
    )
    while cluster.store.find(DEPLOYMENTS, NAMESPACE, "web") is not None:
        cluster.loop.step()
        seen.append((len(cluster.all(REPLICA_SETS)), len(cluster.all(PODS))))
    assert seen[-1] == (0, 0)
    assert (0, 2) not in seen


def test_what_names_an_owner_that_never_was_goes() -> None:
    cluster = Cluster()
    refs = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "none"}]
    metadata = {"name": "a", "namespace": NAMESPACE, "ownerReferences": refs}
    cluster.store.create(CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    cluster.settle()
    assert cluster.store.find(CONFIG_MAPS, NAMESPACE, "a") is None


def test_many_releases_at_once_cost_each_as_much_as_one() -> None:
    costs = []
    for count in (10, 80):
        cluster = Cluster()
        for number in range(count):
            cluster.create(DEPLOYMENTS, f"web-{number}")
        steps = 0
        while (wait := cluster.loop.step()) is not None and wait < timedelta(seconds=1):
            steps += wait == timedelta(0)
            cluster.clock.advance(wait)
        costs.append(steps / count)
    assert costs[1] < 1.5 * costs[0]
