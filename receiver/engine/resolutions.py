"""Alerts that have resolved, until they stand in the records that they count for.

Nothing of this is on the way of an alert: hearing is a note in memory. A crash loses what was heard in the
last moments; such an alert counts as firing, so that its record stays open or ends as StillFiring, and blame
judges by it as well.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError, NotFound
from receiver.engine.desk import Desk
from receiver.policy.alerts import Alert
from receiver.policy.followed import hears_ends
from receiver.policy.grouping import Ended
from receiver.policy.joining import resolve
from receiver.policy.times import parse_time

log = logging.getLogger(__name__)
RecordOf = Callable[[Alert], str | None]


@dataclass(frozen=True, slots=True)
class Heard:
    """A resolution: of which alert, when it ended, when we heard of it, and its record as far as known."""

    fingerprint: str
    starts_at: datetime
    ended_at: datetime
    heard_at: datetime
    record: str | None


class Resolutions:
    """Enters resolutions in records that nobody works on, by what the last look at all records found."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: dict[tuple[str, datetime], Heard] = {}
        self._records: dict[str, set[str]] = {}
        self._lock = threading.Lock()
        self._news = threading.Event()

    def hear(self, alerts: Iterable[Alert], record_of: RecordOf) -> None:
        """Note that alerts have resolved; without a call, and without waiting."""
        now = self._desk.now()
        with self._lock:
            for alert in alerts:
                ended_at = min(alert.ends_at or now, now)
                heard = Heard(alert.fingerprint, alert.starts_at, ended_at, now, record_of(alert))
                self._waiting[alert.key] = heard
                self._news.set()

    def ended(self) -> Ended:
        """Return what has resolved and may not stand in its record yet."""
        with self._lock:
            return {heard.fingerprint[:64]: heard.starts_at for heard in self._waiting.values()}

    def wait(self, seconds: float) -> None:
        """Return when something was heard, or after so long."""
        self._news.wait(seconds)

    def wake(self) -> None:
        """End a wait."""
        self._news.set()

    def index(self, unresolved: Mapping[str, Collection[str]], *, listed_at: datetime) -> None:
        """Take what fires by a look at all records that began at `listed_at`, and enter what waits.

        `unresolved` are fingerprints by record. What was heard before that and is about none of them is
        dropped: it is about records in work, or none.
        """
        records: dict[str, set[str]] = defaultdict(set)
        for record, fingerprints in unresolved.items():
            for fingerprint in fingerprints:
                records[fingerprint].add(record)
        with self._lock:
            self._records = dict(records)
        self.enter()
        with self._lock:
            known = self._records
            self._waiting = {
                key: heard
                for key, heard in self._waiting.items()
                if heard.heard_at >= listed_at or heard.fingerprint in known
            }

    def enter(self) -> None:
        """Enter what waits in the records that it is known to be about; what cannot be stored waits on."""
        by_record: dict[str, list[Heard]] = defaultdict(list)
        with self._lock:
            self._news.clear()
            for heard in self._waiting.values():
                for name in {heard.record, *self._records.get(heard.fingerprint, ())} - {None}:
                    by_record[str(name)].append(heard)
        failed = {heard for name, some in by_record.items() if not self._enter(name, some) for heard in some}
        done = {heard for some in by_record.values() for heard in some} - failed
        with self._lock:
            self._waiting = {key: heard for key, heard in self._waiting.items() if heard not in done}

    def _enter(self, record: str, some: list[Heard]) -> bool:
        try:
            raw = self._desk.records.get(record)
            self._desk.records.update_status(raw, partial(_resolved, some))
        except NotFound:
            return True
        except ClusterError as e:
            log.warning("not entered that alerts have resolved: %s", e, extra={"record": record})
            return False
        return True


def _resolved(some: list[Heard], status: Object) -> Object | None:
    """Resolve what fires, unless it has begun anew since; what is in work, or done, is not ours to change."""
    if not hears_ends(status):
        return None
    changed: Object | None = None
    for heard in some:
        if not _fires_anew(changed or status, heard):
            changed = resolve(changed or status, {heard.fingerprint}, at=heard.ended_at) or changed
    return changed


def _fires_anew(status: Object, heard: Heard) -> bool:
    started = (
        parse_time(entry["startsAt"])
        for entry in status.get("alerts") or []
        if entry["fingerprint"] == heard.fingerprint
    )
    return any(at is not None and at > heard.starts_at for at in started)
