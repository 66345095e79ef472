"""Deployments: from one ReplicaSet to the next, as the strategy has it."""

from typing import Any

from receiver.sandbox.controllers import newest, progress
from receiver.sandbox.controllers.podmaking import is_active
from receiver.sandbox.controllers.scaling import is_scaled, rescale
from receiver.sandbox.controllers.sizes import (
    active,
    counted,
    max_surge,
    max_unavailable,
    replicas_of,
    scale,
    total,
)
from receiver.sandbox.controllers.work import Work
from receiver.sandbox.controllers.writes import claim, remove
from receiver.sandbox.resources import DEPLOYMENTS, PODS, REPLICA_SETS

Object = dict[str, Any]
KEEP_ALL = 2**31 - 1


def reconcile(work: Work, namespace: str, name: str) -> None:
    """Take a Deployment a step further, and say in its status how far it is."""
    deployment = work.store.find(DEPLOYMENTS, namespace, name)
    if deployment is None:
        return
    sets = claim(work, deployment, REPLICA_SETS)
    ending = "deletionTimestamp" in deployment["metadata"]
    if not ending:
        deployment = progress.note_pause(work, deployment)
    new, old = newest.sort_out(deployment, sets)
    if new is not None:
        deployment, new = newest.renew(work, deployment, new, old)
    paused = deployment["spec"].get("paused", False)
    if ending:
        progress.put_counts(work, deployment, new, old)
    elif paused or is_scaled(deployment, old if new is None else [*old, new]):
        _resize(work, deployment, new, old)
    elif deployment["spec"]["strategy"]["type"] == "Recreate":
        _recreate(work, deployment, new, old)
    else:
        _roll(work, deployment, new, old)


def _resize(work: Work, deployment: Object, new: Object | None, old: list[Object]) -> None:
    new, old = rescale(work, deployment, new, old)
    if deployment["spec"].get("paused"):
        _clean_up(work, deployment, old)
    progress.put_counts(work, deployment, new, old)


def _recreate(work: Work, deployment: Object, new: Object | None, old: list[Object]) -> None:
    running = bool(active(old)) or _has_pods(work, old)
    old = [scale(work, deployment, each, 0) for each in old]
    if not running:
        if new is None:
            deployment, new = newest.create(work, deployment, old)
        new = scale(work, deployment, new, replicas_of(deployment))
        if progress.is_complete(deployment, deployment.get("status") or {}):
            _clean_up(work, deployment, old)
    progress.put_progress(work, deployment, new, old)


def _has_pods(work: Work, sets: list[Object]) -> bool:
    pods = [pod for each in sets for pod in work.controlled(each, PODS)]
    return counted(sets, "replicas") > 0 or any(map(is_active, pods))


def _roll(work: Work, deployment: Object, new: Object | None, old: list[Object]) -> None:
    if new is None:
        deployment, new = newest.create(work, deployment, old)
    grown = _scale_up(work, deployment, new, old)
    if grown is not new:
        progress.put_progress(work, deployment, grown, old)
        return
    shrunk = _scale_down(work, deployment, new, old)
    if total(shrunk) == total(old) and progress.is_complete(deployment, deployment.get("status") or {}):
        _clean_up(work, deployment, old)
    progress.put_progress(work, deployment, new, shrunk)


def _scale_up(work: Work, deployment: Object, new: Object, old: list[Object]) -> Object:
    wanted, size = replicas_of(deployment), replicas_of(new)
    room = max(wanted + max_surge(deployment) - total(old) - size, 0)
    return scale(work, deployment, new, min(size + room, wanted))


def _scale_down(work: Work, deployment: Object, new: Object, old: list[Object]) -> list[Object]:
    """Take from the old ones first what is not available, then as many as may be missing."""
    least = replicas_of(deployment) - max_unavailable(deployment)
    starting = replicas_of(new) - counted([new], "availableReplicas")
    spare = total([*old, new]) - least - starting
    if spare <= 0 or not total(old):
        return old
    sizes, left = {}, spare
    for each in sorted(old, key=newest.by_age):
        taken = min(left, max(replicas_of(each) - counted([each], "availableReplicas"), 0))
        sizes[each["metadata"]["uid"]] = replicas_of(each) - taken
        left -= taken
    left = counted([*old, new], "availableReplicas") - least
    for each in sorted(old, key=newest.by_age):
        size = sizes[each["metadata"]["uid"]]
        taken = min(max(left, 0), size)
        sizes[each["metadata"]["uid"]] = size - taken
        left -= taken
    return [scale(work, deployment, each, sizes[each["metadata"]["uid"]]) for each in old]


def _clean_up(work: Work, deployment: Object, old: list[Object]) -> None:
    """Delete the lowest revisions beyond the limit, but none that has pods."""
    limit = deployment["spec"].get("revisionHistoryLimit", KEEP_ALL)
    spare = max(len(old) - limit, 0)
    for each in sorted(old, key=lambda one: (newest.revision_of(one), newest.by_age(one)))[:spare]:
        status = each.get("status") or {}
        seen = status.get("observedGeneration", 0) >= each["metadata"]["generation"]
        if seen and not replicas_of(each) and not status.get("replicas"):
            remove(work, REPLICA_SETS, each)
