"""What a page shows beyond the records: the installation at a glance, and a rollout under way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from receiver.cluster.api import Api, Object
from receiver.cluster.errors import NotFound
from receiver.cluster.kinds import get_workload, progress_of
from receiver.policy.overview import Rollout
from receiver.policy.record import record_target
from receiver.policy.times import parse_time
from receiver.policy.vocabulary import Kind


def rollout_of(api: Api, raw: Object, *, now: datetime) -> Rollout | None:
    """Look at the rollout of the workload that a record is about; None where there is none.

    Raises:
        ClusterError: it could not be read.
    """
    target = record_target(raw)
    if target is None:
        return None
    try:
        workload = get_workload(api, target)
    except NotFound:
        return None
    since = parse_time((raw.get("status") or {}).get("patchedAt")) or now
    message = progress_of(workload, since=since).message
    return Rollout(message, *_counts(workload, workload.get("status") or {}))


def _counts(workload: Mapping[str, Any], status: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return how many pods are wanted, made of the newest template, and available."""
    if workload["kind"] == Kind.DAEMON_SET:
        names = ("desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable")
        wanted, updated, available = (int(status.get(name) or 0) for name in names)
        return wanted, updated, available
    wanted = int(workload["spec"].get("replicas", 1))
    return wanted, int(status.get("updatedReplicas") or 0), int(status.get("availableReplicas") or 0)
