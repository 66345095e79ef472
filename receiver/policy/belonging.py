"""Which record of a workload an alert belongs to, by when it began and by what was patched when."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from receiver.policy.alerts import Alert
from receiver.policy.decision import Snapshot
from receiver.policy.record import IN_WORK, Phase
from receiver.policy.troubles import TOLERANCE
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

    def covers(self, alert: Alert, for_: timedelta | None) -> bool:
        """Tell whether its patch is surely younger than the trouble, which began `for_` before the alert."""
        if self.patched_at is None:
            return False
        began = alert.starts_at if for_ is None else min(alert.starts_at, alert.starts_at - for_ + TOLERANCE)
        return began < self.patched_at


def record_of(
    snapshot: Snapshot, standings: Sequence[Standing], alert: Alert, for_: timedelta | None = None
) -> str | None:
    """Return the record that an alert belongs to, None where it is to be judged.

    That is the first whose patch is younger than the trouble, else the live template's own while somebody
    works on it or has just claimed it. `for_` is the alert's own, None where the rule does not declare it.
    """
    for standing in _patches(snapshot, standings):
        if standing.covers(alert, for_):
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
