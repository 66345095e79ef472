"""What the records of the last ten minutes say of bystanders, kept in memory so that no alert waits for it.

Several receivers share the records, so they are read again and again in the background; what this one decides
itself is known at once.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError, Unavailable
from receiver.cluster.records import Records
from receiver.engine.rounds import Rounds
from receiver.policy.bystanders import RECENT_RECORDS, WINDOW, Bystander, Recent
from receiver.policy.hearing import Hearing
from receiver.policy.times import format_age
from receiver.policy.unblamed import bystander_on_record
from receiver.policy.workload import Unreadable

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0
NEVER = datetime.min.replace(tzinfo=UTC)
REST = 9
"""A pause is so many times as long as the read before it, so that reading takes a tenth of the time."""
LONGEST_PAUSE_SECONDS = 30.0
TOO_OLD = timedelta(seconds=60)
STORED_WITHIN = timedelta(seconds=30)
"""What was decided longer ago than this before a read stands in the records, or never will."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Recollection(Rounds):
    """Remembers who was a bystander by the records, and by what this receiver has decided since.

    Once it is started it reads at once, and then every 5 s.
    """

    def __init__(self, records: Records, now: Callable[[], datetime] = _utc_now) -> None:
        super().__init__(
            "recollection", "reading the recent records", every_seconds=EVERY_SECONDS, at_once=True
        )
        self._records = records
        self._now = now
        self._read: dict[str, Bystander] = {}
        self._read_at = NEVER
        self._fault = Unreadable(RECENT_RECORDS, "not read yet")
        self._decided: dict[str, tuple[datetime, Bystander | None]] = {}
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def recent(self) -> Recent | Unreadable:
        """Return what is remembered, without a call while that is at most 60 s old; else it is read now.

        An outage makes it older, and what is sent again right after one must not be refused for that.

        Raises:
            Unavailable: it is too old, and may be readable in a moment.
        """
        if self._too_old():
            self._read_now()
        with self._lock:
            if self._too_old():
                return self._fault
            known: dict[str, Bystander | None] = {
                **self._read,
                **{record: bystander for record, (_, bystander) in self._decided.items()},
            }
            return Recent(tuple(one for one in known.values() if one is not None), self._read_at)

    def note(self, hearing: Hearing) -> None:
        """Remember who is a bystander, and who is not, by what was decided just now."""
        found = {bystander.record: bystander for bystander in hearing.bystanders}
        with self._lock:
            for record in hearing.decisions:
                self._decided[record] = hearing.at, found.get(record)

    def read(self) -> None:
        """Read the records.

        Raises:
            ClusterError: they cannot be read; what was read before stays.
        """
        with self._reading:
            self._read_again()

    def _too_old(self) -> bool:
        return self._now() - self._read_at > TOO_OLD

    def _read_now(self) -> None:
        """Read, unless somebody else just has; a refusal is a fault that is kept."""
        with self._reading:
            if not self._too_old():
                return
            try:
                self._read_again()
            except Unavailable:
                raise
            except ClusterError:
                return

    def _read_again(self) -> None:
        began = self._now()
        try:
            read = _bystanders(self._records.refused(), since=began - WINDOW)
        except ClusterError as e:
            self._fault = Unreadable(RECENT_RECORDS, str(e))
            raise
        with self._lock:
            self._read, self._read_at = read, began
            self._fault = Unreadable(RECENT_RECORDS, f"reading them takes longer than {format_age(TOO_OLD)}")
            self._decided = {
                record: (at, bystander)
                for record, (at, bystander) in self._decided.items()
                if at > began - STORED_WITHIN
            }

    def _round(self) -> float | None:
        began = time.monotonic()
        try:
            self.read()
        except ClusterError as e:
            log.warning("cannot read the recent records: %s", e)
            return None
        return pause(time.monotonic() - began)


def pause(took_seconds: float) -> float:
    """Return how many seconds after a read to read again: a slow one is made less often."""
    return min(max(EVERY_SECONDS, took_seconds * REST), LONGEST_PAUSE_SECONDS)


def _bystanders(records: Iterable[Object], *, since: datetime) -> dict[str, Bystander]:
    found = (_bystander(raw) for raw in records)
    return {one.record: one for one in found if one is not None and one.seen_at > since}


def _bystander(raw: Object) -> Bystander | None:
    try:
        return bystander_on_record(raw)
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        name = raw["metadata"]["name"]
        raise ClusterError(f"the record {name}: {type(e).__name__}: {e}; made by another version?") from e
