"""A thread that goes through the records of which something is still to be told, and has it told.

The records are the truth: what stands there is done by whoever lives, after any crash. Nobody waits for it.
"""

import logging
import threading
from collections.abc import Callable

from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError
from receiver.cluster.records import Records

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0
FIRST_SECONDS, MOST_SECONDS = 1.0, 60.0


class Later(Exception):
    """What a courier brings to is away: it waits, longer each time, before it tries anything again."""


class Courier:
    """Calls `bring` for each such record, when woken and every few seconds."""

    def __init__(self, name: str, records: Records, bring: Callable[[Object], None]) -> None:
        self.woken = threading.Event()
        self._name = name
        self._records = records
        self._bring = bring
        self._pause = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"courier-{name}", daemon=True)

    def start(self) -> None:
        """Begin with what an earlier run has left."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing new; what is being sent may be sent yet."""
        self._stopped.set()
        self.woken.set()

    def finish(self, seconds: float) -> None:
        """Wait at most so long until it has stopped."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.woken.clear()
            self.round()
            if self._pause:
                self._stopped.wait(self._pause)
            else:
                self.woken.wait(EVERY_SECONDS)

    def round(self) -> None:
        """Go through the records once, until what it brings to is away."""
        try:
            for raw in self._records.untold():
                if self._stopped.is_set():
                    return
                self._bring(raw)
            self._pause = 0.0
        except Later as e:
            self._pause = min(MOST_SECONDS, max(FIRST_SECONDS, 2 * self._pause))
            log.warning("%s: %s; trying again in %.0f s", self._name, e, self._pause)
        except ClusterError as e:
            log.warning("%s: cannot see what is to be told: %s", self._name, e)
        except Exception:
            log.exception("%s: a fault of the receiver's own", self._name)
