"""The one thread in which all controllers work, woken by the store's events and by timers.

It never looks through everything at a change: an event queues the object, and its controller.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from receiver.sandbox.controllers import (
    daemonsets,
    deployments,
    garbage,
    namespaces,
    pods,
    replicasets,
    statefulsets,
)
from receiver.sandbox.controllers.owners import Owners, references
from receiver.sandbox.controllers.work import Task, Work
from receiver.sandbox.errors import ApiError
from receiver.sandbox.resources import (
    DAEMON_SETS,
    DEPLOYMENTS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    Key,
    Resources,
)
from receiver.sandbox.store import Event, Store

LOG = logging.getLogger(__name__)
TRIES, PATIENCE, POLL = 6, timedelta(seconds=0.1), timedelta(seconds=0.05)
Reconcile = Callable[[Work, str, str], None]
RECONCILE: dict[Key, Reconcile] = {
    NAMESPACES.key: namespaces.reconcile,
    PODS.key: pods.reconcile,
    REPLICA_SETS.key: replicasets.reconcile,
    DEPLOYMENTS.key: deployments.reconcile,
    STATEFUL_SETS.key: statefulsets.reconcile,
    DAEMON_SETS.key: daemonsets.reconcile,
}


class Controllers:
    """Starts and stops the controllers over a store."""

    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._resources = resources
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    def start(self) -> None:
        """Begin with what is in the store."""
        self._ended.clear()
        self._thread = threading.Thread(target=self._run, name="sandbox-controllers", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, after the object at hand."""
        self._ended.set()
        with self._store.changed:
            self._store.changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        loop = Loop(Work(self._store, self._resources))
        while not self._ended.is_set():
            wait = loop.step()
            if wait != timedelta(0):
                loop.rest(wait, self._ended)


class Loop:
    """One thread's round: events, timers, one task."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._failures: Counter[Task] = Counter()
        self._seen = self._begin()

    def step(self) -> timedelta | None:
        """Do the next task: zero. If there is none: how long until the next, None if nothing waits."""
        self._read()
        wait = self._work.ring()
        task = self._work.next()
        if task is None:
            return wait
        self._do(task)
        return timedelta(0)

    def rest(self, wait: timedelta | None, ended: threading.Event) -> None:
        """Wait for an event or the next timer; the clock may be advanced, so it is looked at often."""
        store = self._work.store
        with store.changed:
            if store.version == self._seen and not ended.is_set():
                store.changed.wait(None if wait is None else min(wait, POLL).total_seconds())

    def _begin(self) -> int:
        """Take in all that is there, as if it were new; return the version of it."""
        work = self._work
        with work.store.changed:
            for resource in {each.key: each for each in work.resources.all()}.values():
                for obj in work.store.list(resource)[0]:
                    self._take(
                        Event(0, "ADDED", resource.key, obj["metadata"].get("namespace", ""), obj, None)
                    )
            return work.store.version

    def _read(self) -> None:
        store = self._work.store
        try:
            with store.changed:
                if store.version == self._seen:
                    return
                events = list(store.since(self._seen))
        except ApiError:
            LOG.warning("the controllers fell behind the store's history and begin anew")
            self._work.owners = Owners()
            self._seen = self._begin()
            return
        for event in events:
            self._take(event)
            self._seen = event.version

    def _take(self, event: Event) -> None:
        """Note an event, and queue whom it concerns."""
        work, obj = self._work, event.obj
        if event.type == "DELETED":
            work.owners.drop(event.key, event.before or obj)
        else:
            work.owners.put(event.key, obj, event.before)
            if event.key in RECONCILE:
                work.add(Task(event.key, event.namespace, obj["metadata"]["name"]))
        self._tell_owners(event)
        garbage.note(work, event)
        namespaces.note(work, event)
        if event.key == NODES.key:
            daemonsets.note(work)

    def _tell_owners(self, event: Event) -> None:
        for each in references(event.obj) + references(event.before or event.obj):
            place = self._work.owners.place(each["uid"])
            if place is not None and place[0] in RECONCILE:
                self._work.add(Task(*place))

    def _do(self, task: Task) -> None:
        reconcile = garbage.collect if task.garbage else self._reconcile
        try:
            reconcile(self._work, task)
        except Exception as e:  # noqa: BLE001
            self._again(task, e)
        else:
            self._failures.pop(task, None)

    @staticmethod
    def _reconcile(work: Work, task: Task) -> None:
        if task.namespace not in work.ending:
            RECONCILE[task.kind](work, task.namespace, task.name)

    def _again(self, task: Task, error: Exception) -> None:
        """Try a failed task again, so often; where somebody else was faster, at once and without a word."""
        self._failures[task] += 1
        tried = self._failures[task]
        overtaken = isinstance(error, ApiError) and error.status["reason"] in {"Conflict", "NotFound"}
        if not overtaken:
            LOG.warning(
                "%s/%s/%s: try %d failed", task.kind[1], task.namespace, task.name, tried, exc_info=error
            )
        if tried == TRIES:
            del self._failures[task]
        elif overtaken:
            self._work.add(task)
        else:
            self._work.later(task, self._work.now + PATIENCE * 2**tried)
