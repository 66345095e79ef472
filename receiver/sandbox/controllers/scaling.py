"""Scaling a Deployment whose size changed: each ReplicaSet by its share, so that no rollout is hastened."""

from typing import Any

from receiver.sandbox.controllers.newest import by_age
from receiver.sandbox.controllers.sizes import (
    DESIRED,
    MAXIMUM,
    active,
    counted,
    max_surge,
    replicas_of,
    scale,
    total,
)
from receiver.sandbox.controllers.work import Work

Object = dict[str, Any]


def is_scaled(deployment: Object, sets: list[Object]) -> bool:
    """Tell whether a ReplicaSet in use was sized for a Deployment of another size."""
    sized = [_number(each, DESIRED) for each in active(sets)]
    return any(each is not None and each != replicas_of(deployment) for each in sized)


def rescale(
    work: Work, deployment: Object, new: Object | None, old: list[Object]
) -> tuple[Object | None, list[Object]]:
    """Return the new ReplicaSet and the old ones, scaled to the Deployment's size."""
    sets = old if new is None else [*old, new]
    sized = {each["metadata"]["uid"]: each for each in sets}
    for each, size, force in _targets(deployment, new, old):
        sized[each["metadata"]["uid"]] = scale(work, deployment, each, size, force=force)
    scaled_new = None if new is None else sized[new["metadata"]["uid"]]
    return scaled_new, [sized[each["metadata"]["uid"]] for each in old]


def _targets(deployment: Object, new: Object | None, old: list[Object]) -> list[tuple[Object, int, bool]]:
    """Return which ReplicaSets to scale, to what, and whether to renew the annotations in any case."""
    sets = active(old if new is None else [*old, new])
    if len(sets) <= 1:
        only = sets or ([new] if new is not None else sorted(old, key=by_age)[-1:])
        return [(each, replicas_of(deployment), False) for each in only]
    if new is not None and _is_saturated(deployment, new):
        return [(each, 0, False) for each in active(old)]
    if deployment["spec"]["strategy"]["type"] != "RollingUpdate":
        return []
    return [(each, size, True) for each, size in _shares(deployment, sets)]


def _shares(deployment: Object, sets: list[Object]) -> list[tuple[Object, int]]:
    """Spread what is to be added or taken away; the largest gets what rounding leaves."""
    wanted = replicas_of(deployment)
    to_add = (wanted + max_surge(deployment) if wanted else 0) - total(sets)
    ordered = sorted(sorted(sets, key=by_age, reverse=to_add > 0), key=replicas_of, reverse=True)
    added, shares = 0, []
    for each in ordered:
        part = _part(deployment, each) if to_add else 0
        part = min(part, to_add - added) if to_add > 0 else max(part, to_add - added)
        added += part
        shares.append((each, replicas_of(each) + part))
    largest, size = shares[0]
    return [(largest, max(size + to_add - added, 0)), *shares[1:]]


def _part(deployment: Object, replica_set: Object) -> int:
    size, wanted = replicas_of(replica_set), replicas_of(deployment)
    if not wanted:
        return -size
    before = _number(replica_set, MAXIMUM) or counted([deployment], "replicas")
    if not before:
        return 0
    exact = size * (wanted + max_surge(deployment)) / before
    return int(exact + 0.5) - size


def _is_saturated(deployment: Object, new: Object) -> bool:
    sizes = [replicas_of(new), _number(new, DESIRED), counted([new], "availableReplicas")]
    return sizes == [replicas_of(deployment)] * 3


def _number(replica_set: Object, annotation: str) -> int | None:
    text = (replica_set["metadata"].get("annotations") or {}).get(annotation, "")
    return int(text) if text.isdecimal() else None
