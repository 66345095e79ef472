"""The sandbox's time: the wall clock's, or behind it and run forward by hand; never ahead of it.

A story that needs releases of last week starts its clock there, and advances it between them.
"""

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time. `behind` is how far it starts behind the wall clock; `advance` takes it nearer.

    `pace` is how much faster everything goes that takes time here: a pod's start, a deadline.
    """

    def __init__(self, *, behind: timedelta = timedelta(0), pace: float = 1.0) -> None:
        self._behind = max(behind, timedelta(0))
        self._pace = pace
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the time, aware, UTC."""
        with self._lock:
            return datetime.now(UTC) - self._behind

    def advance(self, by: timedelta) -> None:
        """Run forward; at the wall clock's time it stops."""
        with self._lock:
            self._behind = max(self._behind - by, timedelta(0))

    def delay(self, seconds: float) -> timedelta:
        """Return how long something takes here that takes `seconds` in a real cluster."""
        return timedelta(seconds=seconds / self._pace)


def stamp(moment: datetime) -> str:
    """Write a time as Kubernetes does: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> datetime:
    """Read a time that `stamp` wrote."""
    return datetime.fromisoformat(text)
