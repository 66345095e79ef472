"""Which record an alert belongs to, by when it began and by what was patched when."""

from collections.abc import Iterator
from datetime import datetime

from receiver.cluster.api import Object
from receiver.cluster.snapshots import Sighting
from receiver.engine.entries import phase_of
from receiver.policy.alerts import Alert
from receiver.policy.record import IN_WORK
from receiver.policy.times import parse_time
from receiver.policy.workload import Unreadable


def belongs(raw: Object, alert: Alert) -> bool:
    """Tell whether an alert belongs to a record: it is in work, or its patch is younger than the alert."""
    patched_at = parse_time((raw.get("status") or {}).get("patchedAt"))
    return phase_of(raw) in IN_WORK or (patched_at is not None and alert.starts_at < patched_at)


def record_of(sighting: Sighting, alert: Alert) -> str | None:
    """Return the record that an alert belongs to, None where it is to be judged.

    That is the first whose patch is younger than the alert, else the live template's own while somebody works
    on it or has just claimed it.
    """
    for record, patched_at in _patches(sighting):
        if alert.starts_at < patched_at:
            return record
    own = sighting.own_record
    if own is not None and (phase_of(own) is None or phase_of(own) in IN_WORK):
        return str(own["metadata"]["name"])
    return None


def _patches(sighting: Sighting) -> Iterator[tuple[str, datetime]]:
    """Yield each record that has made a patch, and when: by its own word, or by the workload's annotation.

    The annotation comes with the patch itself, the record's word a moment later.
    """
    for raw in sighting.records:
        if patched_at := parse_time((raw.get("status") or {}).get("patchedAt")):
            yield str(raw["metadata"]["name"]), patched_at
    there = {raw["metadata"]["name"] for raw in sighting.records}
    past = sighting.snapshot.past
    for note in () if isinstance(past, Unreadable) else past:
        if note.patched_at and note.record in there:
            yield note.record, note.patched_at
