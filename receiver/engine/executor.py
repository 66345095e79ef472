"""The executor: runs the steps of every record in work, each record by one thread at a time."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from receiver.cluster.errors import ClusterError, Unavailable
from receiver.engine.task import Task

log = logging.getLogger(__name__)
WORKERS = 8
RETRY_SECONDS = 2.0
STEPS_A_SECOND = 40
Step = Callable[[Task], float | None]
"""Does what is due and returns after how many seconds to come back, None when the record is done."""


class Executor:
    """Steps tasks until they are done. A step that the API server fails is tried again."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="executor")
        self._due: list[tuple[float, int, Task]] = []
        self._order = itertools.count()
        self._tasks: dict[str, Task] = {}
        self._hurried: set[str] = set()
        self._changed = threading.Condition()
        self._stopped = False
        self._clock = threading.Thread(target=self._run, name="executor-clock", daemon=True)

    def start(self) -> None:
        """Start the clock that brings tasks back when they are due."""
        self._clock.start()

    def begin(self, task: Task) -> None:
        """Work on a record, at once. One that is in work already is left as it is."""
        with self._changed:
            if self._take(task):
                self._pool.submit(self._work, task)

    def begin_here(self, task: Task) -> None:
        """Work on a record as `begin` does, its first step in the caller's own thread, which is soonest."""
        with self._changed:
            taken = self._take(task)
        if taken:
            self._work(task)

    def _take(self, task: Task) -> bool:
        if self._stopped or task.record in self._tasks:
            return False
        self._tasks[task.record] = task
        return True

    def works_on(self, record: str) -> bool:
        """Tell whether this process works on a record."""
        with self._changed:
            return record in self._tasks

    def hurry(self, record: str) -> None:
        """Bring a waiting task back now, because something has happened to its record.

        One whose step runs, and may have read the record before that, comes back right after it.
        """
        with self._changed:
            if self._stopped or record not in self._tasks:
                return
            if all(task.record != record for _, _, task in self._due):
                self._hurried.add(record)
                return
            self._due = [(0.0 if task.record == record else due, n, task) for due, n, task in self._due]
            heapq.heapify(self._due)
            self._changed.notify()

    def stop(self, seconds: float) -> tuple[Task, ...]:
        """Finish the steps that run, start no other, and return the tasks that are not done."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        waiter = threading.Thread(target=self._pool.shutdown, kwargs={"cancel_futures": True}, daemon=True)
        waiter.start()
        waiter.join(seconds)
        with self._changed:
            return tuple(self._tasks.values())

    def _work(self, task: Task) -> None:
        try:
            seconds = self._step(task)
        except Unavailable as e:
            log.warning("trying again in %.0f s: %s", RETRY_SECONDS, e, extra=task.naming)
            seconds = RETRY_SECONDS
        except ClusterError as e:
            log.error("left for the sweep: %s", e, extra=task.naming)  # noqa: TRY400
            seconds = None
        except Exception:
            log.exception("a fault of the receiver's own; left for the sweep", extra=task.naming)
            seconds = None
        self._again(task, seconds)

    def _again(self, task: Task, seconds: float | None) -> None:
        with self._changed:
            hurried = task.record in self._hurried
            self._hurried.discard(task.record)
            if seconds is None:
                self._tasks.pop(task.record, None)
            elif not self._stopped:
                # Many records in work are looked at less often, so that they don't crowd the API server.
                seconds = 0.0 if hurried else max(seconds, len(self._tasks) / STEPS_A_SECOND)
                heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), task))
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopped:
                    return
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                _, _, task = heapq.heappop(self._due)
                self._pool.submit(self._work, task)
