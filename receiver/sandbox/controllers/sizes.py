"""How many pods a rollout may have too many, or too few, and how a ReplicaSet is scaled."""

from typing import Any

from receiver.sandbox.controllers.events import tell
from receiver.sandbox.controllers.work import Work
from receiver.sandbox.controllers.writes import put
from receiver.sandbox.resources import REPLICA_SETS

Object = dict[str, Any]
DESIRED, MAXIMUM = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"


def share(value: int | str | None, total: int, *, up: bool) -> int:
    """Return a count, given as such or as a percentage of a total (`25%`), which is rounded."""
    if not isinstance(value, str):
        return value or 0
    part = int(value.removesuffix("%")) * total
    return -(-part // 100) if up else part // 100


def max_surge(deployment: Object) -> int:
    """Return how many pods there may be beyond those wanted."""
    return _fences(deployment)[0]


def max_unavailable(deployment: Object) -> int:
    """Return how many of the pods wanted may be missing."""
    return min(_fences(deployment)[1], replicas_of(deployment))


def replicas_of(obj: Object) -> int:
    """Return how many replicas are wanted."""
    found: int = obj["spec"]["replicas"]
    return found


def active(sets: list[Object]) -> list[Object]:
    """Return the ReplicaSets of which replicas are wanted."""
    return [each for each in sets if replicas_of(each) > 0]


def total(sets: list[Object]) -> int:
    """Return how many replicas are wanted of all."""
    return sum(map(replicas_of, sets))


def counted(sets: list[Object], count: str) -> int:
    """Return the sum of a count in the status of ReplicaSets."""
    return sum((each.get("status") or {}).get(count, 0) for each in sets)


def sizes(deployment: Object) -> dict[str, str]:
    """Return the annotations that tell a ReplicaSet its Deployment's size."""
    wanted = replicas_of(deployment)
    return {DESIRED: str(wanted), MAXIMUM: str(wanted + max_surge(deployment))}


def scale(work: Work, deployment: Object, replica_set: Object, size: int, *, force: bool = False) -> Object:
    """Return a ReplicaSet scaled; `force` renews the annotations of one that has the size already."""
    if size == replicas_of(replica_set) and not force:
        return replica_set
    held = {**(replica_set["metadata"].get("annotations") or {}), **sizes(deployment)}
    scaled = {
        **replica_set,
        "metadata": {**replica_set["metadata"], "annotations": held},
        "spec": {**replica_set["spec"], "replicas": size},
    }
    stored = put(work, REPLICA_SETS, replica_set, scaled)
    tell_scaled(work, deployment, stored, before=replicas_of(replica_set))
    return stored


def tell_scaled(work: Work, deployment: Object, replica_set: Object, *, before: int) -> None:
    """Write the Event that a ReplicaSet was scaled, if it was."""
    name, size = replica_set["metadata"]["name"], replicas_of(replica_set)
    if size != before:
        way = "up" if size > before else "down"
        said = f"Scaled {way} replica set {name} from {before} to {size}"
        tell(work, deployment, "ScalingReplicaSet", said, component="deployment-controller")


def _fences(deployment: Object) -> tuple[int, int]:
    strategy, wanted = deployment["spec"]["strategy"], replicas_of(deployment)
    if strategy["type"] != "RollingUpdate":
        return 0, 0
    rolling = strategy.get("rollingUpdate") or {}
    surge = share(rolling.get("maxSurge"), wanted, up=True)
    unavailable = share(rolling.get("maxUnavailable"), wanted, up=False)
    # Rounded down to nothing on both sides a rollout could never begin.
    return surge, unavailable or int(surge == 0)
