"""Whether a StatefulSet's or a DaemonSet's rollout is done: kubectl's criteria, in kubectl's words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from receiver.cluster.rollout import Progress, State, rollout_status
from tests.kubernetes.sets import workload

SINCE = datetime(2026, 4, 7, tzinfo=UTC)
ROLLING = {"type": "RollingUpdate"}
ON_DELETE = {"type": "OnDelete"}


def partition(number: int | None) -> dict[str, Any]:
    return {**ROLLING, "rollingUpdate": {} if number is None else {"partition": number}}


def judge(kind: str, strategy: dict[str, Any], status: dict[str, Any]) -> Progress:
    seen = {"observedGeneration": 7, **status}
    return rollout_status(workload(kind, spec={"updateStrategy": strategy}, status=seen), since=SINCE)


STATEFUL = [
    pytest.param(
        partition(0),
        {"observedGeneration": 6, "readyReplicas": 3, "updatedReplicas": 3},
        State.WAITING,
        "Waiting for statefulset spec update to be observed...",
        id="not-observed",
    ),
    pytest.param(
        partition(0), {"readyReplicas": 1}, State.WAITING, "Waiting for 2 pods to be ready...", id="not-ready"
    ),
    pytest.param(
        partition(0),
        {"readyReplicas": 3, "updatedReplicas": 2},
        State.WAITING,
        "Waiting for partitioned roll out to finish: 2 out of 3 new pods have been updated...",
        id="not-updated",
    ),
    pytest.param(
        partition(None),
        {"readyReplicas": 3, "updatedReplicas": 3},
        State.DONE,
        "partitioned roll out complete: 3 new pods have been updated...",
        id="all-updated",
    ),
    pytest.param(
        partition(2),
        {"readyReplicas": 3},
        State.WAITING,
        "Waiting for partitioned roll out to finish: 0 out of 1 new pods have been updated...",
        id="partition-not-updated",
    ),
    pytest.param(
        partition(2),
        {"readyReplicas": 3, "updatedReplicas": 1},
        State.DONE,
        "partitioned roll out complete: 1 new pods have been updated...",
        id="partition-updated",
    ),
    pytest.param(
        ROLLING,
        {"readyReplicas": 3, "updatedReplicas": 2, "updateRevision": "db-6", "currentRevision": "db-7"},
        State.WAITING,
        "waiting for statefulset rolling update to complete 2 pods at revision db-6...",
        id="revisions-differ",
    ),
    pytest.param(
        ROLLING,
        {"readyReplicas": 3, "updatedReplicas": 3, "updateRevision": "db-6", "currentRevision": "db-6"},
        State.DONE,
        "statefulset rolling update complete 3 pods at revision db-6...",
        id="revisions-agree",
    ),
    pytest.param(
        ON_DELETE,
        {"readyReplicas": 3, "updatedReplicas": 1, "updateRevision": "db-6", "currentRevision": "db-7"},
        State.WAITING,
        "Waiting for pods to be deleted by hand (OnDelete): 1 out of 3 have been made anew...",
        id="on-delete-pods-left",
    ),
    pytest.param(
        ON_DELETE,
        {"readyReplicas": 2, "updatedReplicas": 3},
        State.WAITING,
        "Waiting for 1 pods to be ready...",
        id="on-delete-not-ready",
    ),
    pytest.param(
        ON_DELETE,
        {"readyReplicas": 3, "updatedReplicas": 3, "updateRevision": "db-6", "currentRevision": "db-7"},
        State.DONE,
        "statefulset rolling update complete 3 pods at revision db-6...",
        id="on-delete-all-made-anew",
    ),
]


@pytest.mark.parametrize(("strategy", "status", "state", "message"), STATEFUL)
def test_stateful_set_is_judged_as_kubectl_does(
    strategy: dict[str, Any], status: dict[str, Any], state: State, message: str
) -> None:
    """Observed, ready, updated down to the partition; OnDelete, which kubectl leaves, by the pods' count."""
    assert judge("StatefulSet", strategy, status) == Progress(state, message)


START = 'Waiting for daemon set "db" rollout to finish: '
DAEMON = [
    pytest.param(
        ROLLING,
        {"observedGeneration": 6, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2},
        State.WAITING,
        "Waiting for daemon set spec update to be observed...",
        id="not-observed",
    ),
    pytest.param(
        ROLLING,
        {"desiredNumberScheduled": 2, "numberAvailable": 2},
        State.WAITING,
        f"{START}0 out of 2 new pods have been updated...",
        id="not-updated",
    ),
    pytest.param(
        ROLLING,
        {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1},
        State.WAITING,
        f"{START}1 of 2 updated pods are available...",
        id="not-available",
    ),
    pytest.param(
        ROLLING,
        {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2},
        State.DONE,
        'daemon set "db" successfully rolled out',
        id="done",
    ),
    pytest.param(ROLLING, {}, State.DONE, 'daemon set "db" successfully rolled out', id="no-node-wants-it"),
    pytest.param(
        ON_DELETE,
        {"desiredNumberScheduled": 2, "updatedNumberScheduled": 1, "numberAvailable": 2},
        State.WAITING,
        "Waiting for pods to be deleted by hand (OnDelete): 1 out of 2 have been made anew...",
        id="on-delete-pods-left",
    ),
    pytest.param(
        ON_DELETE,
        {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2},
        State.DONE,
        'daemon set "db" successfully rolled out',
        id="on-delete-all-made-anew",
    ),
]


@pytest.mark.parametrize(("strategy", "status", "state", "message"), DAEMON)
def test_daemon_set_is_judged_as_kubectl_does(
    strategy: dict[str, Any], status: dict[str, Any], state: State, message: str
) -> None:
    """Observed, updated on every node, available there."""
    assert judge("DaemonSet", strategy, status) == Progress(state, message)


def test_replicas_and_strategy_left_out_are_the_apis_defaults() -> None:
    """One replica, replaced by the controller."""
    raw = workload(status={"observedGeneration": 7})
    del raw["spec"]["replicas"]
    assert rollout_status(raw, since=SINCE).message == "Waiting for 1 pods to be ready..."
