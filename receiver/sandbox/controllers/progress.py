"""A Deployment's status: its counts, and its conditions with their times."""

from datetime import timedelta
from typing import Any

from receiver.sandbox.clock import parse, stamp
from receiver.sandbox.controllers.sizes import counted, max_unavailable, replicas_of, total
from receiver.sandbox.controllers.work import Task, Work
from receiver.sandbox.controllers.writes import put_status
from receiver.sandbox.resources import DEPLOYMENTS

Object = dict[str, Any]
Said = tuple[str, str, str, str]
"""Type, status, reason and message of a condition."""
NO_DEADLINE = 2**31 - 1


def has_deadline(deployment: Object) -> bool:
    """Tell whether a rollout may take only so long."""
    return bool(deployment["spec"].get("progressDeadlineSeconds", NO_DEADLINE) != NO_DEADLINE)


def condition(status: Object, type_: str) -> Object | None:
    """Return a condition, None if there is none of the type."""
    return next((each for each in status.get("conditions") or [] if each["type"] == type_), None)


def with_condition(work: Work, status: Object, said: Said, *, force: bool = False) -> Object:
    """Return a status with a condition; one of the same status and reason stays, unless by `force`."""
    type_, value, reason, message = said
    held = condition(status, type_)
    if held is not None and (held["status"], held["reason"]) == (value, reason) and not force:
        return status
    now = stamp(work.now)
    same = held is not None and held["status"] == value
    new = {
        "type": type_,
        "status": value,
        "lastUpdateTime": now,
        "lastTransitionTime": held["lastTransitionTime"] if held is not None and same else now,
        "reason": reason,
        "message": message,
    }
    others = [each for each in status.get("conditions") or [] if each["type"] != type_]
    return {**status, "conditions": [*others, new]}


def note_pause(work: Work, deployment: Object) -> Object:
    """Return the Deployment with the condition that says it was paused, or resumed, if it was."""
    status = deployment.get("status") or {}
    held = (condition(status, "Progressing") or {}).get("reason")
    paused = bool(deployment["spec"].get("paused"))
    if not has_deadline(deployment) or held == "ProgressDeadlineExceeded":
        return deployment
    if paused == (held == "DeploymentPaused"):
        return deployment
    reason, message = (
        ("DeploymentPaused", "Deployment is paused")
        if paused
        else ("DeploymentResumed", "Deployment is resumed")
    )
    status = with_condition(work, status, ("Progressing", "Unknown", reason, message))
    return put_status(work, DEPLOYMENTS, deployment, status)


def is_complete(deployment: Object, status: Object) -> bool:
    """Tell whether every replica is of the present template and available, and no other is left."""
    counts = [status.get(each, 0) for each in ("updatedReplicas", "replicas", "availableReplicas")]
    observed: int = status.get("observedGeneration", 0)
    return counts == [replicas_of(deployment)] * 3 and observed >= deployment["metadata"]["generation"]


def put_counts(work: Work, deployment: Object, new: Object | None, old: list[Object]) -> Object:
    """Store the counts alone, as at a scaling or in a pause."""
    return put_status(work, DEPLOYMENTS, deployment, _counts(work, deployment, new, old))


def put_progress(work: Work, deployment: Object, new: Object | None, old: list[Object]) -> Object:
    """Store the counts and how the rollout goes; look again when its deadline is over."""
    status = _counts(work, deployment, new, old)
    held = condition(deployment.get("status") or {}, "Progressing")
    if not has_deadline(deployment):
        kept = [each for each in status["conditions"] if each["type"] != "Progressing"]
        return put_status(work, DEPLOYMENTS, deployment, {**status, "conditions": kept})
    settled = status.get("replicas", 0) == status.get("updatedReplicas", 0)
    if not (settled and held is not None and held["reason"] == "NewReplicaSetAvailable"):
        status = _judged(work, deployment, status, new)
    return put_status(work, DEPLOYMENTS, deployment, status)


def _judged(work: Work, deployment: Object, status: Object, new: Object | None) -> Object:
    name = deployment["metadata"]["name"] if new is None else new["metadata"]["name"]
    what = f'{"Deployment" if new is None else "ReplicaSet"} "{name}"'
    if is_complete(deployment, status):
        said = f"{what} has successfully progressed."
        return with_condition(work, status, ("Progressing", "True", "NewReplicaSetAvailable", said))
    if _moves(deployment.get("status") or {}, status):
        said = f"{what} is progressing."
        status = with_condition(work, status, ("Progressing", "True", "ReplicaSetUpdated", said), force=True)
    if _is_late(work, deployment, status):
        said = f"{what} has timed out progressing."
        return with_condition(work, status, ("Progressing", "False", "ProgressDeadlineExceeded", said))
    return status


def _moves(before: Object, now: Object) -> bool:
    """Tell whether pods were updated, or got ready or available, or old ones went."""
    grown = any(now.get(each, 0) > before.get(each, 0) for each in ("updatedReplicas", "readyReplicas"))
    return (
        grown
        or now.get("availableReplicas", 0) > before.get("availableReplicas", 0)
        or _old(now) < _old(before)
    )


def _old(status: Object) -> int:
    found: int = status.get("replicas", 0) - status.get("updatedReplicas", 0)
    return found


def _is_late(work: Work, deployment: Object, status: Object) -> bool:
    held = condition(status, "Progressing")
    if held is None or held["reason"] in {"NewReplicaSetAvailable", "ProgressDeadlineExceeded"}:
        return False
    # A second more, as the real one waits, for the time in the condition has no fractions.
    patience = work.store.clock.delay(deployment["spec"]["progressDeadlineSeconds"]) + timedelta(seconds=1)
    end = parse(held["lastUpdateTime"]) + patience
    if end <= work.now:
        return True
    work.later(
        Task(DEPLOYMENTS.key, deployment["metadata"]["namespace"], deployment["metadata"]["name"]), end
    )
    return False


def _counts(work: Work, deployment: Object, new: Object | None, old: list[Object]) -> Object:
    sets = old if new is None else [*old, new]
    before = deployment.get("status") or {}
    available = counted(sets, "availableReplicas")
    counts = {
        "replicas": counted(sets, "replicas"),
        "updatedReplicas": 0 if new is None else counted([new], "replicas"),
        "readyReplicas": counted(sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(total(sets) - available, 0),
    }
    kept = {key: before[key] for key in ("collisionCount", "conditions") if key in before}
    status = {
        "observedGeneration": deployment["metadata"]["generation"],
        **{name: count for name, count in counts.items() if count},
        "terminatingReplicas": 0,
        **kept,
    }
    if available >= replicas_of(deployment) - max_unavailable(deployment):
        said = ("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        message = "Deployment does not have minimum availability."
        said = ("Available", "False", "MinimumReplicasUnavailable", message)
    return with_condition(work, status, said)
