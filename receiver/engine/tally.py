"""Counts repeats. They are stored already, so their number can follow a moment later, together."""

import logging
import threading
from functools import partial

from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError
from receiver.engine import status
from receiver.engine.desk import Desk
from receiver.engine.rounds import Rounds
from receiver.policy.record import naming

log = logging.getLogger(__name__)
EVERY_SECONDS = 1.0


class Tally(Rounds):
    """Enters the number of repeats in their records every second; a crash or a stop loses some."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("tally", "counting repeats", every_seconds=EVERY_SECONDS, at_once=False)
        self._desk = desk
        self._waiting: dict[str, tuple[Object, int]] = {}
        self._lock = threading.Lock()

    def count(self, raw: Object, times: int) -> None:
        """Count so many alerts that a record, as it was just read, lists already."""
        name = str(raw["metadata"]["name"])
        with self._lock:
            _, before = self._waiting.get(name, (raw, 0))
            self._waiting[name] = raw, before + times

    def _round(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for raw, times in waiting.values():
            self._enter(raw, times)

    def _enter(self, raw: Object, times: int) -> None:
        change = partial(status.repeated, times=times, now=self._desk.now())
        try:
            self._desk.records.update_status(raw, change)
        except ClusterError as e:
            log.warning("%d repeats not counted: %s", times, e, extra=naming(raw))
