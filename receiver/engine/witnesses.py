"""Who else is heard of a trouble: the pods that alerts name, and Prometheus."""

from collections.abc import Sequence
from dataclasses import replace

from receiver.cluster.sightings import Sighting
from receiver.cluster.snapshots import SnapshotReader
from receiver.engine.beginnings import Answer
from receiver.policy.alerts import Alert
from receiver.policy.decision import Snapshot
from receiver.policy.pods import pod_names


def with_witnesses(
    reader: SnapshotReader, seen: Sequence[tuple[Sighting, Sequence[Alert]]], began: Answer
) -> list[Snapshot]:
    """Return the snapshots of workloads, each with its alerts, completed by what the witnesses say.

    The pods are read, while Prometheus is still asked, only where an alert names one.

    Raises:
        Unavailable: the pods may be readable in a moment.
    """
    naming = [position for position, (_, alerts) in enumerate(seen) if pod_names(alerts)]
    found = dict(zip(naming, reader.pods([seen[position][0] for position in naming]), strict=True))
    active = began()
    return [
        replace(sighting.snapshot, pods=found.get(position, ()), active_since=active)
        for position, (sighting, _) in enumerate(seen)
    ]
