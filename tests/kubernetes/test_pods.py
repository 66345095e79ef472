"""Reading a workload's pods: by one LIST, each with its revision and how it is."""

from typing import Any

import pytest

from receiver.cluster.errors import ClusterError, Forbidden, Unavailable
from receiver.cluster.pods import read_pods, to_pod
from receiver.policy.pods import Pod
from receiver.policy.workload import Unreadable, WorkloadRef
from tests.kubernetes.fake import FakeApi

CHECKOUT = WorkloadRef("Deployment", "shop", "checkout")
FOLDER = "/api/v1/namespaces/shop/pods"


def pod(
    labels: dict[str, str] | None = None, owner: str = "", kind: str = "ReplicaSet", **status: Any
) -> Any:
    owners = [{"kind": kind, "name": owner, "uid": "u", "controller": True}] if owner else []
    return {"metadata": {"name": "p", "labels": labels or {}, "ownerReferences": owners}, "status": status}


def ready(said: str) -> dict[str, Any]:
    return {"conditions": [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": said}]}


def waits(*reasons: str | None) -> dict[str, Any]:
    states: list[dict[str, Any]] = [
        {"state": {"waiting": {"reason": reason}} if reason else {"running": {}}} for reason in reasons
    ]
    return {"containerStatuses": states}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(pod({"pod-template-hash": "h7"}), "h7", id="deployment"),
        pytest.param(pod({"controller-revision-hash": "checkout-h7"}), "h7", id="statefulset"),
        pytest.param(pod({"controller-revision-hash": "h7"}), "h7", id="daemonset"),
        pytest.param(pod(owner="checkout-h7"), "h7", id="by-its-replicaset"),
        pytest.param(pod(owner="checkout", kind="StatefulSet"), None, id="owner-that-does-not-tell"),
        pytest.param(pod(), None, id="nothing-tells"),
    ],
)
def test_a_pod_belongs_to_a_revision(raw: Any, expected: str | None) -> None:
    """By its label, else by its owner."""
    assert to_pod(raw, CHECKOUT) == Pod("p", expected, ready=False)


@pytest.mark.parametrize(
    ("status", "is_ready", "waiting"),
    [
        pytest.param(ready("True"), True, None, id="ready"),
        pytest.param(ready("False"), False, None, id="not-ready"),
        pytest.param({}, False, None, id="new"),
        pytest.param(waits(None, "CrashLoopBackOff", "ErrImagePull"), False, "CrashLoopBackOff", id="waits"),
        pytest.param({"containerStatuses": [{}]}, False, None, id="without-a-state"),
    ],
)
def test_a_pod_says_how_it_is(status: dict[str, Any], is_ready: bool, waiting: str | None) -> None:
    """Ready or not, and why the first container that waits does so."""
    found = to_pod(pod(**status), CHECKOUT)
    assert (found.ready, found.waiting) == (is_ready, waiting)


def test_pods_are_read_by_one_list(fake: FakeApi) -> None:
    fake.put(f"{FOLDER}/p", **pod({"pod-template-hash": "h7"}, **ready("True")))
    assert read_pods(fake, CHECKOUT, "app=checkout") == (Pod("p", "h7", ready=True),)
    assert fake.calls == [("GET", FOLDER)]


def test_pods_that_may_not_be_read_are_unreadable(fake: FakeApi) -> None:
    """The guard that needs them blocks; silence is raised, for a repeat."""

    def refuse(_method: str, _path: str) -> None:
        raise fault

    fake.before = refuse
    fault: ClusterError = Forbidden("no", code=403)
    assert read_pods(fake, CHECKOUT, "a=b") == Unreadable("the pods of Deployment shop/checkout", "no")
    fault = Unavailable("no answer")
    with pytest.raises(Unavailable):
        read_pods(fake, CHECKOUT, "a=b")
