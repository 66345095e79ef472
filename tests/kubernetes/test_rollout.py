"""Whether a rollout is done: kubectl's criteria, in kubectl's words (rollout_status_test.go)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from receiver.cluster.rollout import Progress, State, rollout_status
from tests.kubernetes.objects import deployment, progressing

PATCHED = datetime(2026, 4, 7, 12, 0, 0, 500_000, tzinfo=UTC)
START = 'Waiting for deployment "checkout" rollout to finish: '


def judge(*, wanted: int = 1, generation: int = 1, since: datetime = PATCHED, **status: Any) -> Progress:
    raw = deployment(metadata={"generation": generation}, spec={"replicas": wanted}, status=status)
    return rollout_status(raw, since=since)


CASES = [
    pytest.param(
        {"generation": 2, "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1},
        State.WAITING,
        "Waiting for deployment spec update to be observed...",
        id="not-observed-yet",
    ),
    pytest.param(
        {"observedGeneration": 1},
        State.WAITING,
        f"{START}0 out of 1 new replicas have been updated...",
        id="nothing-updated",
    ),
    pytest.param(
        {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 1, "availableReplicas": 2},
        State.WAITING,
        f"{START}1 old replicas are pending termination...",
        id="old-ones-left",
    ),
    pytest.param(
        {
            "wanted": 2,
            "observedGeneration": 1,
            "replicas": 2,
            "updatedReplicas": 2,
            "availableReplicas": 1,
            "unavailableReplicas": 1,
        },
        State.WAITING,
        f"{START}1 of 2 updated replicas are available...",
        id="not-all-available",
    ),
    pytest.param(
        {
            "wanted": 2,
            "observedGeneration": 1,
            "replicas": 2,
            "updatedReplicas": 2,
            "availableReplicas": 2,
        },
        State.DONE,
        'deployment "checkout" successfully rolled out',
        id="done",
    ),
    pytest.param(
        {"wanted": 0, "observedGeneration": 1},
        State.DONE,
        'deployment "checkout" successfully rolled out',
        id="scaled-to-none",
    ),
    pytest.param(
        {
            "generation": 1,
            "observedGeneration": 2,
            "replicas": 1,
            "updatedReplicas": 1,
            "availableReplicas": 1,
        },
        State.DONE,
        'deployment "checkout" successfully rolled out',
        id="observed-later-than-read",
    ),
]


@pytest.mark.parametrize(("status", "state", "message"), CASES)
def test_rollout_is_judged_as_kubectl_does(status: dict[str, Any], state: State, message: str) -> None:
    """Observed first, then updated, then old ones gone, then available; each with kubectl's message."""
    assert judge(**status) == Progress(state, message)


def test_replicas_left_out_are_one() -> None:
    """That is the API's own default."""
    raw = deployment(metadata={"generation": 1}, status={"observedGeneration": 1})
    del raw["spec"]["replicas"]
    assert "0 out of 1 new replicas" in rollout_status(raw, since=PATCHED).message


@pytest.mark.parametrize("status", [None, {}, "absent"])
def test_missing_status_is_an_update_not_observed(status: Any) -> None:
    """A controller that has not looked yet has not failed and has not finished."""
    raw = deployment(status=status)
    if status == "absent":
        del raw["status"]
    assert rollout_status(raw, since=PATCHED) == Progress(
        State.WAITING, "Waiting for deployment spec update to be observed..."
    )


@pytest.mark.parametrize(
    ("updated", "state"),
    [
        pytest.param("2026-04-07T12:05:00Z", State.FAILED, id="after-the-patch"),
        pytest.param("2026-04-07T12:00:00Z", State.FAILED, id="in-the-second-of-the-patch"),
        pytest.param("2026-04-07T11:59:59Z", State.WAITING, id="before-the-patch"),
        pytest.param("2026-04-06T00:00:00Z", State.WAITING, id="long-before"),
        pytest.param(None, State.FAILED, id="no-time"),
    ],
)
def test_deadline_exceeded_counts_from_the_patch_on(updated: str | None, state: State) -> None:
    """The broken release's own exceeded deadline must not fail the rollback that cures it."""
    conditions = [progressing("ProgressDeadlineExceeded", updated)]
    progress = judge(observedGeneration=1, conditions=conditions)
    assert progress.state is state
    if state is State.FAILED:
        assert progress.message == 'deployment "checkout" exceeded its progress deadline'


def test_deadline_comes_before_the_counts_and_after_the_observation() -> None:
    """As in kubectl: a complete rollout with an exceeded deadline has failed, an unobserved one waits."""
    whole: dict[str, Any] = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    conditions = [progressing("ProgressDeadlineExceeded", "2026-04-07T12:05:00Z")]
    assert judge(observedGeneration=1, conditions=conditions, **whole).state is State.FAILED
    assert judge(generation=2, observedGeneration=1, conditions=conditions).state is State.WAITING


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(progressing("ReplicaSetUpdated", "2026-04-07T12:05:00Z"), id="another-reason"),
        pytest.param({"type": "Progressing", "status": "True"}, id="no-reason"),
        pytest.param(
            {
                "type": "Available",
                "reason": "ProgressDeadlineExceeded",
                "lastUpdateTime": "2026-04-07T12:05:00Z",
            },
            id="another-type",
        ),
    ],
)
def test_other_conditions_fail_nothing(condition: dict[str, Any]) -> None:
    """Only Progressing with the deadline's reason is a failure."""
    assert judge(observedGeneration=1, conditions=[condition]).state is State.WAITING


def test_time_zone_of_the_patch_does_not_matter() -> None:
    """Times are compared as moments."""
    conditions = [progressing("ProgressDeadlineExceeded", "2026-04-07T14:05:00+02:00")]
    assert judge(observedGeneration=1, conditions=conditions).state is State.FAILED
    later = PATCHED + timedelta(minutes=6)
    assert judge(observedGeneration=1, since=later, conditions=conditions).state is State.WAITING
