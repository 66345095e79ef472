"""From what matched to the cases that are judged, with all that the guards need to see read."""

from collections.abc import Sequence

from receiver.cluster.sightings import Found, Sighting
from receiver.cluster.snapshots import SnapshotReader
from receiver.engine.beginnings import Answer
from receiver.engine.needs import with_needs
from receiver.engine.witnesses import with_witnesses
from receiver.policy.grouping import Ended, Groups, Matched, matches, with_known
from receiver.policy.hearing import Case
from receiver.policy.joining import joined
from receiver.policy.rules import Ruleset
from receiver.policy.targets import TargetFault
from receiver.policy.workload import WorkloadRef

Fresh = tuple[Sighting, tuple[Matched, ...]]
"""A workload, and what matched about it that is to be judged."""


def look_up(reader: SnapshotReader, groups: Groups) -> dict[WorkloadRef, Found]:
    """Read the workloads; those that cannot be judged become faults of the rules that named them.

    Raises:
        ClusterError: something may be readable in a moment.
    """
    found = reader.read_all(groups.by_target)
    for ref, sighting in found.items():
        if isinstance(sighting, TargetFault):
            groups.miss(ref, sighting)
    return found


def sightings_of(found: dict[WorkloadRef, Found]) -> dict[WorkloadRef, Sighting]:
    """Return the workloads that are there."""
    return {ref: sighting for ref, sighting in found.items() if isinstance(sighting, Sighting)}


def cases_of(
    reader: SnapshotReader, fresh: Sequence[Fresh], ruleset: Ruleset, *, began: Answer, ended: Ended
) -> list[Case]:
    """Return a case for each workload, completed by its record, the witnesses and what its revisions need.

    `ended` is what has resolved and may not stand in the record yet.

    Raises:
        Unavailable: something may be readable in a moment.
    """
    whole = [(sighting, _with_known(sighting, pairs, ended)) for sighting, pairs in fresh]
    seen = [(sighting, [alert for alert, _ in pairs]) for sighting, pairs in whole]
    snapshots = with_witnesses(reader, seen, began)
    cases = [
        Case(snapshot, matches(pairs, ruleset)) for snapshot, (_, pairs) in zip(snapshots, whole, strict=True)
    ]
    return with_needs(reader, cases)


def _with_known(sighting: Sighting, pairs: tuple[Matched, ...], ended: Ended) -> tuple[Matched, ...]:
    """Add what the workload's own record knows to fire of the same trouble."""
    own = sighting.own_record
    return pairs if own is None else with_known(pairs, joined(own["spec"], own.get("status") or {}), ended)
