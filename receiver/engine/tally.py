"""Counts repeats. They are stored already, so their number can follow a moment later, together."""

import logging
import threading
from collections import defaultdict
from collections.abc import Sequence

from receiver.cluster.errors import ClusterError
from receiver.engine.desk import Desk
from receiver.policy.alerts import Alert
from receiver.policy.joining import join

log = logging.getLogger(__name__)
EVERY_SECONDS = 1.0
Joining = Sequence[tuple[Alert, str]]


class Tally:
    """Enters repeats in their records every second; a crash loses the count of that second."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: dict[str, list[tuple[Alert, str]]] = defaultdict(list)
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tally", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is not entered yet is left out."""
        self._stopped.set()

    def count(self, record: str, joining: Joining) -> None:
        """Count alerts, each with its rule, that a record lists already."""
        with self._lock:
            self._waiting[record] += joining

    def _run(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            with self._lock:
                waiting, self._waiting = self._waiting, defaultdict(list)
            for record, joining in waiting.items():
                self._enter(record, joining)

    def _enter(self, record: str, joining: Joining) -> None:
        now = self._desk.now()
        try:
            raw = self._desk.records.get(record)
            self._desk.records.update_status(raw, lambda old: join(old, joining, now=now))
        except ClusterError as e:
            log.warning("%d repeats not counted: %s", len(joining), e, extra={"record": record})
