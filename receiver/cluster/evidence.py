"""What the objects of every kind of workload tell: names, numbers, and when their templates were set."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from receiver.policy.record import PastRollback
from receiver.policy.times import parse_time
from receiver.policy.workload import Revision, WorkloadRef

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
    times = [
        parse_time(entry.get("time"))
        for entry in workload["metadata"].get("managedFields") or []
        if not entry.get("subresource")
        and "f:template" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
    ]
    return max((moment for moment in times if moment), default=None)


def restored_at(template_hash: str | None, past: Sequence[PastRollback]) -> datetime | None:
    """Return when we last put the revision of this hash back, None where nothing says that we did."""
    patches = [p.patched_at for p in past if p.patched_at and p.to_hash and p.to_hash == template_hash]
    return max(patches, default=None)
