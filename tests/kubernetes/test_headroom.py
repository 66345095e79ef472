"""Whether a rollout can begin without room for one more pod than there are."""

from typing import Any

import pytest

from receiver.cluster.headroom import needs_room
from receiver.cluster.kinds import to_workload
from tests.kubernetes.objects import deployment
from tests.kubernetes.sets import workload


def status(of_live: int, all_of_them: int, observed: int = 7) -> dict[str, int]:
    return {"observedGeneration": observed, "replicas": all_of_them, "updatedReplicas": of_live}


def rolling(surge: int | str, unavailable: int | str) -> dict[str, Any]:
    return {"strategy": {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}}


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        pytest.param({}, True, id="three-replicas-by-default"),
        pytest.param({"spec": {"replicas": 4}}, False, id="a-quarter-of-four-may-be-missing"),
        pytest.param({"spec": rolling(1, 0)}, True, id="none-may-be-missing"),
        pytest.param({"spec": rolling(1, 1)}, False, id="one-may-be-missing"),
        pytest.param({"spec": rolling("50%", "30%")}, True, id="shares-that-round-to-none"),
        pytest.param({"spec": rolling("50%", "34%")}, False, id="shares-that-round-to-one"),
        pytest.param({"spec": rolling(0, "10%")}, False, id="no-surge-makes-one-missing"),
        pytest.param({"spec": {"strategy": {"type": "Recreate"}}}, False, id="recreate"),
        pytest.param({"spec": {"replicas": 0}}, False, id="scaled-to-nothing"),
        pytest.param({"status": status(1, 4)}, False, id="pods-of-two-templates"),
        pytest.param({"status": status(0, 3)}, False, id="pods-of-the-older-template-alone"),
        pytest.param({"status": status(2, 2)}, True, id="a-pod-is-missing-already"),
        pytest.param({"status": status(3, 3, observed=6)}, False, id="not-observed-yet"),
        pytest.param({"status": {}}, False, id="without-status"),
    ],
)
def test_a_deployment_needs_room_where_it_may_not_take_a_pod_away_first(
    changes: dict[str, Any], *, needed: bool
) -> None:
    """Only where all pods are of the live template, so that none makes room for another."""
    raw = deployment(**changes)
    assert needs_room(raw) is needed
    assert to_workload(raw, []).needs_room is needed


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_a_set_replaces_its_pods(kind: str) -> None:
    assert needs_room(workload(kind)) is False
