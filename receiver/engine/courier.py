"""A thread that goes through the records of which something is still to be told, and has it told.

The records are the truth: what stands there is done by whoever lives, after any crash. Nobody waits for it.
One that fails keeps no other from its turn; after three, what it brings to counts as away.
"""

import logging
import threading
import time
from collections.abc import Callable

from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError, NotFound
from receiver.cluster.records import Records

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0
FIRST_SECONDS, MOST_SECONDS = 1.0, 60.0
MOST_FAILURES = 3


class Later(Exception):
    """Something was not taken now: its record waits, longer each time, before it is tried again."""


class Courier:
    """Calls `bring` for each such record, when woken and every few seconds.

    `since` tells from when the oldest is that `bring` has to see to on a record, None where there is nothing.
    """

    def __init__(
        self,
        name: str,
        records: Records,
        bring: Callable[[Object], None],
        *,
        since: Callable[[Object], str | None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.woken = threading.Event()
        self._name = name
        self._records = records
        self._bring = bring
        self._since = since
        self._now = now
        self._failed: dict[str, float] = {}
        self._pause = self._due = 0.0
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
            left = self._due - self._now()
            self.woken.wait(left if 0 < left < EVERY_SECONDS else EVERY_SECONDS)

    def round(self) -> None:
        """Give each record its turn; one that failed, and all while three have, only after the pause."""
        again = self._now() >= self._due
        if not again and len(self._failed) >= MOST_FAILURES:
            return
        try:
            failed = self._go_through([name for name in self._in_turn() if again or name not in self._failed])
        except ClusterError as e:
            log.warning("%s: cannot see what is to be told: %s", self._name, e)
        except Exception:
            log.exception("%s: a fault of the receiver's own", self._name)
        else:
            if again:
                self._rest(failed)

    def _in_turn(self) -> list[str]:
        """Name the records, the oldest first; then those that failed, by when they were tried last."""
        found = {raw["metadata"]["name"]: self._since(raw) for raw in self._records.untold()}
        ages = {name: since for name, since in found.items() if since is not None}
        self._failed = {name: at for name, at in self._failed.items() if name in ages}
        return sorted(ages, key=lambda name: (self._failed.get(name, 0.0), ages[name], name))

    def _go_through(self, names: list[str]) -> bool:
        failures = 0
        for name in names:
            if self._stopped.is_set() or failures == MOST_FAILURES:
                break
            failures += self._fails(name)
        return failures > 0

    def _fails(self, name: str) -> bool:
        try:
            self._bring(self._records.get(name))
        except NotFound:
            return False
        except (Later, ClusterError) as e:
            log.warning("%s: %s", self._name, e)
        except Exception:
            log.exception("%s: a fault of the receiver's own", self._name)
        else:
            self._failed.pop(name, None)
            return False
        self._failed[name] = self._now()
        return True

    def _rest(self, failed: bool) -> None:
        self._pause = min(MOST_SECONDS, max(FIRST_SECONDS, 2 * self._pause)) if failed else 0.0
        self._due = self._now() + self._pause
        if failed:
            log.warning("%s: trying again in %.0f s", self._name, self._pause)
