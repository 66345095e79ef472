"""The columns in which kubectl prints pods: what a pod is doing, in a word, takes some reading."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from receiver.sandbox.ages import age
from receiver.sandbox.columns import AGE, NAME, NONE, Column, at, column, made

Object = dict[str, Any]


def _statuses(pod: Object) -> list[Object]:
    return at(pod, "status", "containerStatuses") or []


def _ready(pod: Object) -> str:
    ready = sum(
        1 for each in _statuses(pod) if each.get("ready") and at(each, "state", "running") is not None
    )
    return f"{ready}/{len(at(pod, 'spec', 'containers') or [])}"


def _status(pod: Object) -> str:
    said = at(pod, "status", "reason") or at(pod, "status", "phase") or ""
    running = False
    for each in reversed(_statuses(pod)):
        waiting, terminated = at(each, "state", "waiting") or {}, at(each, "state", "terminated")
        if waiting.get("reason"):
            said = waiting["reason"]
        elif terminated is not None:
            said = terminated.get("reason") or f"ExitCode:{terminated.get('exitCode', 0)}"
        elif each.get("ready"):
            running = True
    if said == "Completed" and running:
        said = "Running"
    return "Terminating" if at(pod, "metadata", "deletionTimestamp") else said


def _restarts(pod: Object, now: datetime) -> str:
    total = sum(each.get("restartCount", 0) for each in _statuses(pod))
    ends = [at(each, "lastState", "terminated", "finishedAt") for each in _statuses(pod)]
    last = max(filter(None, ends), default=None)
    return f"{total} ({age(last, now)} ago)" if total and last else str(total)


def _gates(pod: Object) -> str:
    gates: Iterable[Object] = at(pod, "spec", "readinessGates") or []
    wanted = [gate["conditionType"] for gate in gates]
    held = {c["type"] for c in at(pod, "status", "conditions") or [] if c["status"] == "True"}
    return f"{len(held & set(wanted))}/{len(wanted)}" if wanted else NONE


COLUMNS: tuple[Column, ...] = (
    NAME,
    made("Ready", _ready),
    made("Status", _status),
    Column("Restarts", _restarts),
    AGE,
    column("IP", "status", "podIP", default=NONE, priority=1),
    column("Node", "spec", "nodeName", default=NONE, priority=1),
    column("Nominated Node", "status", "nominatedNodeName", default=NONE, priority=1),
    made("Readiness Gates", _gates, priority=1),
)
