"""What was seen of a workload, put together from all that was read for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError, NotFound
from receiver.cluster.kinds import FAMILIES, to_workload
from receiver.cluster.memory import made_for, remembered
from receiver.cluster.owners import label_selector
from receiver.policy.decision import Snapshot
from receiver.policy.record import PastRollback, parse_record
from receiver.policy.targets import TargetFault, TargetReason
from receiver.policy.workload import Unreadable, WorkloadRef

Readable = list[Object] | Unreadable
Annotations = Mapping[str, str] | Unreadable


@dataclass(frozen=True, slots=True)
class Sighting:
    """A workload's snapshot, its records as they are stored, oldest first, and what selects its pods."""

    snapshot: Snapshot
    records: tuple[Object, ...]
    selector: str

    @property
    def own_record(self) -> Object | None:
        """Return the record of the live template, None where there is none yet."""
        return next((raw for raw in self.records if raw["metadata"]["name"] == self.snapshot.record), None)


Found = Sighting | TargetFault


def is_outdated(records: Sequence[Object], workload: Object) -> bool:
    """Tell whether records were read before the one was made that the workload has been patched for."""
    made = made_for(workload)
    return made is not None and all(raw["metadata"]["name"] != made for raw in records)


def fault_of(ref: WorkloadRef, error: ClusterError) -> TargetFault:
    """Say why a workload cannot be judged."""
    if isinstance(error, NotFound):
        return missing(ref)
    return TargetFault(TargetReason.UNREADABLE, f"cannot read {ref}: {error}")


def missing(ref: WorkloadRef) -> TargetFault:
    """Say that a workload is not there."""
    addon = FAMILIES[ref.kind].addon
    absent = f", or {addon} is not installed" if addon else ""
    return TargetFault(TargetReason.NOT_FOUND, f"{ref} does not exist{absent}")


def sighting_of(
    raw: Object, history: Readable, annotations: Annotations, records: Sequence[Object]
) -> Sighting:
    """Put together a workload, what holds its revisions, its namespace's annotations and its records."""
    memory = remembered(raw, [] if isinstance(history, Unreadable) else history)
    past = _past(records)
    known = () if isinstance(past, Unreadable) else past
    workload = to_workload(raw, history, past=known, namespace_annotations=annotations)
    if isinstance(memory, Unreadable):
        return Sighting(Snapshot(workload, memory), tuple(records), label_selector(raw))
    everything = past if isinstance(past, Unreadable) else (*past, *memory)
    return Sighting(Snapshot(workload, everything), tuple(records), label_selector(raw))


def _past(records: Sequence[Object]) -> tuple[PastRollback, ...] | Unreadable:
    try:
        return tuple(parse_record(raw) for raw in records)
    except (KeyError, TypeError, ValueError) as e:
        return Unreadable("the earlier records", f"{type(e).__name__}: {e}; made by another version?")
