"""Which record of a workload an alert belongs to, by when it began and by what was patched when."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from receiver.policy.alerts import Alert
from receiver.policy.decision import Snapshot
from receiver.policy.record import IN_WORK, Phase
from receiver.policy.workload import Unreadable


@dataclass(frozen=True, slots=True)
class Standing:
    """How a stored record stands. `phase` is None while it is only claimed, `patched_at` without a patch."""

    record: str
    phase: Phase | None
    patched_at: datetime | None

    @property
    def in_work(self) -> bool:
        """Tell whether somebody works on it."""
        return self.phase in IN_WORK

    def covers(self, alert: Alert) -> bool:
        """Tell whether its patch is younger than the alert."""
        return self.patched_at is not None and alert.starts_at < self.patched_at


def record_of(snapshot: Snapshot, standings: Sequence[Standing], alert: Alert) -> str | None:
    """Return the record that an alert belongs to, None where it is to be judged.

    That is the first whose patch is younger than the alert, else the live template's own while somebody works
    on it or has just claimed it.
    """
    for standing in _patches(snapshot, standings):
        if standing.covers(alert):
            return standing.record
    for standing in standings:
        if standing.record == snapshot.record and (standing.phase is None or standing.in_work):
            return standing.record
    return None


def _patches(snapshot: Snapshot, standings: Iterable[Standing]) -> Iterator[Standing]:
    """Yield each record with the time of its patch: by its own word, or by the workload's annotation.

    The annotation comes with the patch itself, the record's word a moment later.
    """
    yield from standings
    there = {standing.record: standing.phase for standing in standings}
    past = snapshot.past
    for note in () if isinstance(past, Unreadable) else past:
        if note.record in there:
            yield Standing(note.record, there[note.record], note.patched_at)
