"""From what matched to the cases that are judged, with all that the guards need to see read."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from receiver.cluster.sightings import Found, Sighting
from receiver.cluster.snapshots import SnapshotReader
from receiver.engine.beginnings import Answer
from receiver.engine.needs import with_needs
from receiver.engine.witnesses import with_witnesses
from receiver.policy.alerts import Alert
from receiver.policy.followed import parse_followed
from receiver.policy.grouping import Ended, Groups, Matched, matches, of_same_trouble, with_known
from receiver.policy.hearing import Case
from receiver.policy.joining import joined
from receiver.policy.rules import Ruleset
from receiver.policy.targets import TargetFault
from receiver.policy.workload import WorkloadRef


@dataclass(frozen=True, slots=True)
class Fresh:
    """A workload, and what matched about it that is to be judged.

    `told` is what was told of it in the same payload and belongs to another record: it bears witness.
    """

    sighting: Sighting
    pairs: tuple[Matched, ...]
    told: tuple[Matched, ...] = ()


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
    """Return a case for each workload, completed by its records, the witnesses and what its revisions need.

    `ended` is what has resolved and may not stand in its record yet.

    Raises:
        Unavailable: something may be readable in a moment.
    """
    whole = [(one.sighting, _whole(one, ended)) for one in fresh]
    seen = [(sighting, [alert for alert, _ in pairs]) for sighting, pairs in whole]
    snapshots = with_witnesses(reader, seen, began)
    cases = [
        Case(snapshot, matches(pairs, ruleset)) for snapshot, (_, pairs) in zip(snapshots, whole, strict=True)
    ]
    return with_needs(reader, cases)


def _whole(fresh: Fresh, ended: Ended) -> tuple[Matched, ...]:
    """Add what else was told of the same trouble, and what the workload's records know to fire of it."""
    pairs = (*fresh.pairs, *of_same_trouble(fresh.told, fresh.pairs))
    return with_known(pairs, _known(fresh.sighting), ended)


def _known(sighting: Sighting) -> dict[str, list[Alert]]:
    """Return by rule the alerts in the live template's record, and in others while those are followed.

    Of an alert that stands in several the newest word counts, and that of the live template's before all.
    """
    own = [] if sighting.own_record is None else [sighting.own_record]
    followed = [raw for raw in reversed(sighting.records) if raw not in own and parse_followed(raw)]
    known: dict[str, dict[str, Alert]] = defaultdict(dict)
    for raw in (*own, *followed):
        for rule, alerts in joined(raw["spec"], raw.get("status") or {}).items():
            for alert in alerts:
                known[rule].setdefault(alert.fingerprint, alert)
    return {rule: list(alerts.values()) for rule, alerts in known.items()}
