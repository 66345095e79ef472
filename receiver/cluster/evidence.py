"""What the objects of every kind of workload tell: names, numbers, and when their templates were set."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from receiver.policy.history import EPOCH, Restored
from receiver.policy.record import PastRollback, Phase
from receiver.policy.times import parse_time
from receiver.policy.workload import Revision, WorkloadRef

CHANGE_CAUSE = "kubernetes.io/change-cause"
Object = Mapping[str, Any]
History = tuple[Revision | None, tuple[Revision, ...]]
"""The live revision, None where the controller has not made it yet; and the others, newest last."""


def reference(workload: Object) -> WorkloadRef:
    """Name a workload."""
    return WorkloadRef(workload["kind"], workload["metadata"]["namespace"], workload["metadata"]["name"])


def annotations(raw: Object) -> Mapping[str, str]:
    """Return an object's annotations, empty where it has none."""
    return raw["metadata"].get("annotations") or {}


def labels(raw: Object) -> Mapping[str, str]:
    """Return an object's labels, empty where it has none."""
    return raw["metadata"].get("labels") or {}


def created_at(raw: Object) -> datetime:
    """Return when an object was made."""
    created = parse_time(raw["metadata"]["creationTimestamp"])
    assert created is not None  # noqa: S101
    return created


def observed(workload: Object) -> bool:
    """Tell whether the controller has seen the workload as it is now."""
    seen = (workload.get("status") or {}).get("observedGeneration") or 0
    return bool(seen >= workload["metadata"]["generation"])


def template_set_at(workload: Object) -> datetime | None:
    """Return the newest time of a manager that owns the template; a scale's entry never does."""
    return _set_at(workload, "f:template")


def emptied_at(replica_set: Object) -> datetime | None:
    """Tell when a ReplicaSet without replicas lost its last ones, None where nothing tells.

    The controller that scaled it leaves it alone from then on, whatever becomes of its workload.
    """
    return _set_at(replica_set, "f:replicas")


def _set_at(raw: Object, field: str) -> datetime | None:
    """Return the newest time of a manager that owns this field of the spec."""
    times = [
        parse_time(entry.get("time"))
        for entry in raw["metadata"].get("managedFields") or []
        if not entry.get("subresource") and field in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
    ]
    return max((moment for moment in times if moment), default=None)


def restored_at(template_hash: str | None, past: Sequence[PastRollback]) -> datetime | None:
    """Return when we last put the revision of this hash back, None where nothing says that we did."""
    last = _last_patch(template_hash, past)
    return None if last is None else last.patched_at


def restored(template_hash: str | None, past: Sequence[PastRollback]) -> Restored | None:
    """Tell what came of our last putting the revision of this hash back, None where we did not."""
    last = _last_patch(template_hash, past)
    return None if last is None else Restored(last.rolled_out_at, failed=last.phase is Phase.FAILED)


def _last_patch(template_hash: str | None, past: Sequence[PastRollback]) -> PastRollback | None:
    patches = [p for p in past if p.patched_at and p.to_hash and p.to_hash == template_hash]
    return max(patches, key=lambda p: p.patched_at or EPOCH, default=None)
