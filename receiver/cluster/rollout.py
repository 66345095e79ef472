"""How far a rollout is, by the criteria and in the words of `kubectl rollout status`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from receiver.policy.times import parse_time
from receiver.policy.vocabulary import Kind

ON_DELETE = "OnDelete"
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


def rollout_status(workload: Mapping[str, Any], *, since: datetime) -> Progress:
    """Judge a workload's rollout; a deadline that was exceeded before `since`, our patch, is not ours.

    kubectl does not judge updateStrategy OnDelete. Here it is done when all pods have been made anew.
    """
    kind, status = workload["kind"], workload.get("status") or {}
    if workload["metadata"]["generation"] > (status.get("observedGeneration") or 0):
        called = "daemon set" if kind == Kind.DAEMON_SET else kind.lower()
        return Progress(State.WAITING, f"Waiting for {called} spec update to be observed...")
    if kind == Kind.STATEFUL_SET:
        return _stateful_set(workload, status)
    if kind == Kind.DAEMON_SET:
        return _daemon_set(workload, status)
    return _deployment(workload, status, since)


def _deployment(deployment: Mapping[str, Any], status: Mapping[str, Any], since: datetime) -> Progress:
    name = deployment["metadata"]["name"]
    if _deadline_exceeded(status, since):
        return Progress(State.FAILED, f'deployment "{name}" exceeded its progress deadline')
    if waiting := _missing(status, wanted=deployment["spec"].get("replicas", 1)):
        return Progress(State.WAITING, f'Waiting for deployment "{name}" rollout to finish: {waiting}...')
    return Progress(State.DONE, f'deployment "{name}" successfully rolled out')


def _stateful_set(stateful_set: Mapping[str, Any], status: Mapping[str, Any]) -> Progress:
    wanted, strategy = stateful_set["spec"].get("replicas", 1), _strategy(stateful_set)
    updated, ready = status.get("updatedReplicas") or 0, status.get("readyReplicas") or 0
    if strategy.get("type") == ON_DELETE and updated < wanted:
        return _by_hand(updated, wanted)
    if ready < wanted:
        return Progress(State.WAITING, f"Waiting for {wanted - ready} pods to be ready...")
    if (rolling := strategy.get("rollingUpdate")) is not None:
        return _partitioned(updated, wanted - (rolling.get("partition") or 0))
    revision = status.get("updateRevision")
    if strategy.get("type") != ON_DELETE and revision != status.get("currentRevision"):
        return Progress(
            State.WAITING,
            f"waiting for statefulset rolling update to complete {updated} pods at revision {revision}...",
        )
    return Progress(
        State.DONE, f"statefulset rolling update complete {updated} pods at revision {revision}..."
    )


def _partitioned(updated: int, wanted: int) -> Progress:
    if updated < wanted:
        return Progress(
            State.WAITING,
            f"Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods"
            " have been updated...",
        )
    return Progress(State.DONE, f"partitioned roll out complete: {updated} new pods have been updated...")


def _daemon_set(daemon_set: Mapping[str, Any], status: Mapping[str, Any]) -> Progress:
    name, wanted = daemon_set["metadata"]["name"], status.get("desiredNumberScheduled") or 0
    updated, available = status.get("updatedNumberScheduled") or 0, status.get("numberAvailable") or 0
    start = f'Waiting for daemon set "{name}" rollout to finish: '
    if _strategy(daemon_set).get("type") == ON_DELETE and updated < wanted:
        return _by_hand(updated, wanted)
    if updated < wanted:
        return Progress(State.WAITING, f"{start}{updated} out of {wanted} new pods have been updated...")
    if available < wanted:
        return Progress(State.WAITING, f"{start}{available} of {wanted} updated pods are available...")
    return Progress(State.DONE, f'daemon set "{name}" successfully rolled out')


def _strategy(workload: Mapping[str, Any]) -> Mapping[str, Any]:
    return workload["spec"].get("updateStrategy") or {}


def _by_hand(updated: int, wanted: int) -> Progress:
    done = f"{updated} out of {wanted} have been made anew"
    return Progress(State.WAITING, f"Waiting for pods to be deleted by hand (OnDelete): {done}...")


def _deadline_exceeded(status: Mapping[str, Any], since: datetime) -> bool:
    for condition in status.get("conditions") or []:
        if condition["type"] == "Progressing" and condition.get("reason") == DEADLINE_EXCEEDED:
            updated = parse_time(condition.get("lastUpdateTime"))
            return is_ours(updated, since)
    return False


def is_ours(updated: datetime | None, since: datetime) -> bool:
    """Tell whether what a controller says, at a time that it may not tell, is about our patch."""
    # The API's times have whole seconds, ours have not.
    return updated is None or updated >= since - timedelta(seconds=1)


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
