"""Whether a workload's rollout needs more room than its pods have already."""

import math

from receiver.cluster.evidence import Object, observed
from receiver.policy.vocabulary import Kind


def needs_room(raw: Object) -> bool:
    """Tell whether a workload's rollout cannot begin unless one more pod than it has now fits in.

    So it is with a Deployment that may not take a pod away first, and has pods of its live template only. The
    other kinds replace their pods, and where there are pods of two templates, one makes room for the other.
    """
    spec, status = raw["spec"], raw.get("status") or {}
    strategy = spec.get("strategy") or {}
    if raw["kind"] != Kind.DEPLOYMENT or strategy.get("type") == "Recreate":
        return False
    replicas = spec.get("replicas", 1)
    of_live = status.get("updatedReplicas", 0) == status.get("replicas", 0)
    return bool(replicas and of_live and observed(raw) and not _takes_away_first(strategy, replicas))


def _takes_away_first(strategy: Object, replicas: int) -> bool:
    """Tell whether a pod may be missing during a rollout, rounded as the deployment controller does."""
    rolling = strategy.get("rollingUpdate") or {}
    unavailable = math.floor(_share(rolling.get("maxUnavailable", "25%"), replicas))
    surge = math.ceil(_share(rolling.get("maxSurge", "25%"), replicas))
    return unavailable > 0 or surge == 0


def _share(wanted: int | str, replicas: int) -> float:
    return int(wanted.removesuffix("%")) * replicas / 100 if isinstance(wanted, str) else wanted
