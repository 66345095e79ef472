"""Readings that many browsers share: one at a time, and none sooner than the last is old."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from receiver.policy.intake import Unavailable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
LONGEST_WAIT_SECONDS = 5.0
MOST_KEPT = 256


class Reading(NamedTuple, Generic[V]):
    """What was read, and for how many seconds it serves."""

    value: V
    serves_seconds: float


class _Shelf(Generic[V]):
    """One thing's last reading, or its failure, and who is at it."""

    def __init__(self) -> None:
        self.busy = threading.Lock()
        self.reading: Reading[V] | None = None
        self.failure: Unavailable | None = None
        self.until = 0.0


class Shared(Generic[K, V]):
    """Reads each thing for all who ask; a failure serves as long as a success, so that outages cost little.

    Whoever asks while another reads gets what was read before, and waits only where there is nothing.
    """

    def __init__(
        self,
        read: Callable[[K], Reading[V]],
        *,
        failure_serves_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._failure_serves_seconds = failure_serves_seconds
        self._clock = clock
        self._shelves: dict[K, _Shelf[V]] = {}
        self._lock = threading.Lock()

    def get(self, key: K) -> V:
        """Return what is known of a thing.

        Raises:
            Unavailable: it could not be read, or is being read for too long.
        """
        shelf = self._shelf(key)
        if self._clock() >= shelf.until:
            self._renew(key, shelf)
        if shelf.failure is not None:
            raise shelf.failure
        if shelf.reading is None:
            raise Unavailable("the records are still being read")
        return shelf.reading.value

    def forget(self, key: K) -> None:
        """Have a thing read anew when it is asked for next: somebody has just changed it."""
        with self._lock:
            self._shelves.pop(key, None)

    def _renew(self, key: K, shelf: _Shelf[V]) -> None:
        known = shelf.reading is not None or shelf.failure is not None
        if not shelf.busy.acquire(timeout=0.0 if known else LONGEST_WAIT_SECONDS):
            return
        try:
            if self._clock() >= shelf.until:
                self._fill(key, shelf)
        finally:
            shelf.busy.release()

    def _fill(self, key: K, shelf: _Shelf[V]) -> None:
        serves_seconds = self._failure_serves_seconds
        try:
            shelf.reading = self._read(key)
            shelf.failure, serves_seconds = None, shelf.reading.serves_seconds
        except Unavailable as e:
            shelf.failure = e
        shelf.until = self._clock() + serves_seconds

    def _shelf(self, key: K) -> _Shelf[V]:
        with self._lock:
            if key not in self._shelves and len(self._shelves) >= MOST_KEPT:
                self._shelves.pop(next(iter(self._shelves)))
            return self._shelves.setdefault(key, _Shelf())
