"""Which pods are deleted so that a StatefulSet can go back, and which never are."""

from typing import Any

import pytest

from receiver.cluster.errors import Forbidden
from receiver.cluster.statefulsets import free_stuck_pods
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.sets import Object, pod, put, workload

PODS = "/api/v1/namespaces/shop/pods"
BAD, GOOD = "db-hash7", "db-hash6"


def free(fake: FakeApi, *pods: Object, **changes: Any) -> list[str]:
    raw = workload(image="db:6", **changes)
    put(fake, *pods, of=raw)
    return list(free_stuck_pods(fake, raw, "hash7"))


def test_pod_of_the_suspect_that_is_not_ready_is_deleted(fake: FakeApi) -> None:
    """No other: not the ready one, not the one of another revision."""
    pods = [pod("db-0", GOOD), pod("db-1", BAD, ready=True), pod("db-2", BAD)]
    assert free(fake, *pods) == ["db-2"]
    assert [place for place in fake.objects if place.startswith(PODS)] == [f"{PODS}/db-0", f"{PODS}/db-1"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"deletionTimestamp": "2026-04-07T12:00:00Z"}, id="on-its-way-out"),
        pytest.param({"ownerReferences": []}, id="nobodys"),
        pytest.param({"ownerReferences": [{"uid": "uid-2", "controller": True}]}, id="a-neighbours"),
        pytest.param({"labels": {}}, id="of-an-unknown-revision"),
    ],
)
def test_pod_that_is_not_surely_the_suspects_is_left(fake: FakeApi, changes: dict[str, Any]) -> None:
    """In doubt, no."""
    assert free(fake, pod("db-2", BAD, **changes)) == []
    assert fake.made("DELETE") == 0


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"status": {"observedGeneration": 6}}, id="patch-not-seen-yet"),
        pytest.param({"spec": {"updateStrategy": {"type": "OnDelete"}}}, id="on-delete"),
        pytest.param({"spec": {"podManagementPolicy": "Parallel"}}, id="waits-for-none"),
    ],
)
def test_pods_are_left_where_the_controller_does_not_wait_for_them(
    fake: FakeApi, changes: dict[str, Any]
) -> None:
    """Before it has seen the patch it would make the bad pod anew; OnDelete leaves deleting to people."""
    assert free(fake, pod("db-2", BAD), **changes) == []
    assert fake.calls == []


def test_pod_without_a_status_is_not_ready(fake: FakeApi) -> None:
    """Nobody has started it yet."""
    raw = pod("db-2", BAD)
    del raw["status"]
    assert free(fake, raw) == ["db-2"]


@pytest.mark.parametrize("made_anew", [True, False], ids=["made-anew", "gone"])
def test_pod_that_was_replaced_meanwhile_is_not_deleted(fake: FakeApi, made_anew: bool) -> None:
    """The uid is the precondition: the new pod of that name stays."""

    def replace(method: str, path: str) -> None:
        if method == "DELETE" and made_anew:
            fake.put(path, **pod("db-2", BAD, uid="another"))
        elif method == "DELETE":
            del fake.objects[path]

    fake.before = replace
    assert free(fake, pod("db-2", BAD)) == []
    assert (f"{PODS}/db-2" in fake.objects) is made_anew


def test_right_that_is_missing_is_raised_after_what_could_be_done(fake: FakeApi) -> None:
    """Each name comes as its pod is deleted."""

    def refuse(method: str, path: str) -> None:
        if method == "DELETE" and path.endswith("db-2"):
            raise Forbidden("no", code=403)

    fake.before = refuse
    raw = workload(image="db:6")
    put(fake, pod("db-1", BAD), pod("db-2", BAD), of=raw)
    freed = free_stuck_pods(fake, raw, "hash7")
    assert next(freed) == "db-1"
    with pytest.raises(Forbidden):
        next(freed)
