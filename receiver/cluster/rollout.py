"""How far a rollout is, by the criteria and in the words of `kubectl rollout status`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from receiver.policy.times import parse_time

DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"


class State(StrEnum):
    """Where a rollout stands."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """The state and kubectl's message for it."""

    state: State
    message: str


def rollout_status(deployment: Mapping[str, Any], *, since: datetime) -> Progress:
    """Judge a Deployment's rollout; a deadline that was exceeded before `since`, our patch, is not ours."""
    name, status = deployment["metadata"]["name"], deployment.get("status") or {}
    if deployment["metadata"]["generation"] > (status.get("observedGeneration") or 0):
        return Progress(State.WAITING, "Waiting for deployment spec update to be observed...")
    if _deadline_exceeded(status, since):
        return Progress(State.FAILED, f'deployment "{name}" exceeded its progress deadline')
    if waiting := _missing(status, wanted=deployment["spec"].get("replicas", 1)):
        return Progress(State.WAITING, f'Waiting for deployment "{name}" rollout to finish: {waiting}...')
    return Progress(State.DONE, f'deployment "{name}" successfully rolled out')


def _deadline_exceeded(status: Mapping[str, Any], since: datetime) -> bool:
    for condition in status.get("conditions") or []:
        if condition["type"] == "Progressing" and condition.get("reason") == DEADLINE_EXCEEDED:
            updated = parse_time(condition.get("lastUpdateTime"))
            # The API's times have whole seconds, ours have not.
            return updated is None or updated >= since - timedelta(seconds=1)
    return False


def _missing(status: Mapping[str, Any], *, wanted: int) -> str | None:
    updated = status.get("updatedReplicas") or 0
    total = status.get("replicas") or 0
    available = status.get("availableReplicas") or 0
    if updated < wanted:
        return f"{updated} out of {wanted} new replicas have been updated"
    if total > updated:
        return f"{total - updated} old replicas are pending termination"
    if available < updated:
        return f"{available} of {updated} updated replicas are available"
    return None
