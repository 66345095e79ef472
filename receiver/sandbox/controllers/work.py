"""What the controllers share: the store, who owns what, and what is to be looked at, now or later."""

import heapq
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from receiver.sandbox.controllers.owners import Owners, controller_of
from receiver.sandbox.resources import Key, Resource, Resources
from receiver.sandbox.store import Store

Object = dict[str, Any]


class Task(NamedTuple):
    """An object to look at: by the controller of its kind, or, as `garbage`, by the garbage collector."""

    kind: Key
    namespace: str
    name: str
    garbage: bool = False


class Work:
    """The queue, in which nothing stands twice, and the timers, which go by the sandbox's clock."""

    def __init__(self, store: Store, resources: Resources) -> None:
        self.store = store
        self.resources = resources
        self.owners = Owners()
        self.ending: set[str] = set()
        self._queue: dict[Task, None] = {}
        self._timers: list[tuple[datetime, Task]] = []
        self._due: dict[Task, datetime] = {}

    @property
    def now(self) -> datetime:
        """Return the sandbox's time."""
        return self.store.clock.now()

    def add(self, task: Task) -> None:
        """Have an object looked at."""
        self._queue.setdefault(task)

    def later(self, task: Task, moment: datetime) -> None:
        """Have an object looked at then; of several moments the earliest counts."""
        if task in self._due and self._due[task] <= moment:
            return
        self._due[task] = moment
        heapq.heappush(self._timers, (moment, task))

    def waits(self, task: Task) -> bool:
        """Tell whether a timer is set for an object."""
        return task in self._due

    def next(self) -> Task | None:
        """Take the next task out of the queue, None if there is none."""
        task = next(iter(self._queue), None)
        if task is not None:
            del self._queue[task]
        return task

    def ring(self) -> timedelta | None:
        """Queue what is due; return how long until something else is, None if nothing waits."""
        now = self.now
        while self._timers and self._timers[0][0] <= now:
            moment, task = heapq.heappop(self._timers)
            if self._due.get(task) == moment:
                del self._due[task]
                self.add(task)
        return self._timers[0][0] - now if self._timers else None

    def resource(self, key: Key) -> Resource | None:
        """Return the resource of a kind, in any version; None if it is no longer served."""
        return next((each for each in self.resources.all() if each.key == key), None)

    def controlled(self, owner: Object, resource: Resource) -> list[Object]:
        """Return what an owner controls of a kind, by name."""
        uid = owner["metadata"]["uid"]
        places = [each for each in self.owners.dependents(uid) if each[0] == resource.key]
        found = [self.store.find(resource, namespace, name) for _, namespace, name in places]
        return [each for each in found if each is not None and controller_of(each) == uid]

    def uncontrolled(self, namespace: str, resource: Resource) -> list[Object]:
        """Return what nobody controls of a kind, by name."""
        names = self.owners.orphans(resource.key, namespace)
        found = [self.store.find(resource, namespace, name) for name in names]
        return [each for each in found if each is not None and controller_of(each) is None]
