"""The objects, their versions and their recent history. It knows nothing of HTTP and of no kind's meaning.

What is stored is never changed in place: a change stores a new object, and whoever reads one must not touch
it. All state is in memory and bounded: so many objects, so many past events.
"""

import copy
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from receiver.sandbox import errors
from receiver.sandbox.clock import Clock, stamp
from receiver.sandbox.resources import Generation, Key, Resource

Object = dict[str, Any]
Change = Callable[[Object], Object]
OBJECTS, HISTORY = 20_000, 1_000


@dataclass(frozen=True, slots=True)
class Event:
    """One change. `before` is None for ADDED; for DELETED `obj` is the last state, with the end's version."""

    version: int
    type: str
    key: Key
    namespace: str
    obj: Object
    before: Object | None


class Store:
    """Objects by kind, namespace and name. `changed` is notified of every change; it is the store's lock."""

    def __init__(self, clock: Clock, *, objects: int = OBJECTS, history: int = HISTORY) -> None:
        self.clock = clock
        self.changed = threading.Condition(threading.RLock())
        self._limit = objects
        self._objects: dict[Key, dict[tuple[str, str], Object]] = {}
        self._count = 0
        self._version = 1
        self._history: deque[Event] = deque(maxlen=history)

    @property
    def version(self) -> int:
        """Return the version of the last change."""
        with self.changed:
            return self._version

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """Return an object; `namespace` is "" for one that has none.

        Raises:
            ApiError: 404.
        """
        with self.changed:
            found = self._objects.get(resource.key, {}).get((namespace, name))
        if found is None:
            raise errors.not_found(resource.group, resource.plural, name)
        return found

    def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """Return an object, None where there is none."""
        with self.changed:
            return self._objects.get(resource.key, {}).get((namespace, name))

    def list(self, resource: Resource, namespace: str = "") -> tuple[list[Object], int]:
        """Return the objects by namespace and name, and the version; "" means every namespace."""
        with self.changed:
            found = self._objects.get(resource.key, {})
            keys = sorted(key for key in found if not namespace or key[0] == namespace)
            return [found[key] for key in keys], self._version

    def create(self, resource: Resource, obj: Object, *, dry_run: bool = False) -> Object:
        """Store a new object, with uid, creation time and version; return it as stored.

        Raises:
            ApiError: 409 the name is taken, 507 no room.
        """
        metadata = obj["metadata"]
        place = (metadata.get("namespace", ""), metadata["name"])
        with self.changed:
            if place in self._objects.get(resource.key, {}):
                raise errors.already_exists(resource.group, resource.plural, place[1])
            if self._count >= self._limit:
                raise errors.full()
            own = {"uid": str(uuid.uuid4()), "creationTimestamp": stamp(self.clock.now())}
            counted = {} if resource.generation is Generation.NEVER else {"generation": 1}
            new = {**obj, "metadata": {**metadata, **own, **counted}}
            if dry_run:
                return new
            self._count += 1
            return self._put(resource, place, new, None)

    def change(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        change: Change,
        *,
        dry_run: bool = False,
        counts: bool = True,
    ) -> Object:
        """Store what `change` makes of a copy of the object; return it as stored.

        A change that changes nothing stores nothing. An object that carries another resourceVersion than the
        stored one's is refused; one without any is taken. `counts` is False for a write of the status: it
        never moves the generation, whatever annotations come with it.

        Raises:
            ApiError: 404; 409 the version is not the stored one; whatever `change` raises.
        """
        with self.changed:
            old = self.get(resource, namespace, name)
            new = change(copy.deepcopy(old))
            self._check(resource, old, new)
            new = self._kept(resource, old, new, counts=counts)
            if _bare(new) == _bare(old):
                return old
            if dry_run:
                return new
            if _ended(new) and old["metadata"].get("finalizers"):
                return self._remove(resource, (namespace, name), new)
            return self._put(resource, (namespace, name), new, old)

    def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        uid: str | None = None,
        version: str | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Remove an object, or mark it where it has finalizers; return its last state.

        Raises:
            ApiError: 404; 409 another uid or version.
        """
        with self.changed:
            old = self.get(resource, namespace, name)
            self._check_wanted(resource, old, {"uid": uid, "resourceVersion": version})
            if dry_run:
                return old
            if not old["metadata"].get("finalizers"):
                return self._remove(resource, (namespace, name), old)
            if old["metadata"].get("deletionTimestamp"):
                return old
            own = {"deletionTimestamp": stamp(self.clock.now()), "deletionGracePeriodSeconds": 0}
            return self._put(
                resource, (namespace, name), {**old, "metadata": {**old["metadata"], **own}}, old
            )

    def since(self, version: int) -> Iterator[Event]:
        """Return the events after a version, oldest first.

        Raises:
            ApiError: 410 the history no longer goes back that far.
        """
        with self.changed:
            if self._history.maxlen == len(self._history) and self._history[0].version > version + 1:
                raise errors.expired(f"too old resource version: {version} ({self._history[0].version - 1})")
            found: list[Event] = []
            for event in reversed(self._history):
                if event.version <= version:
                    break
                found.append(event)
        return reversed(found)

    def _check(self, resource: Resource, old: Object, new: Object) -> None:
        sent = new["metadata"].get("resourceVersion")
        if sent not in {None, "", old["metadata"]["resourceVersion"]}:
            raise errors.conflict(resource.group, resource.plural, old["metadata"]["name"])

    def _check_wanted(self, resource: Resource, old: Object, wanted: dict[str, str | None]) -> None:
        for field, said, end in (
            ("uid", "UID", "deleted and then recreated"),
            ("resourceVersion", "ResourceVersion", "modified"),
        ):
            held = old["metadata"][field]
            if wanted[field] not in {None, held}:
                why = f"the {said} in the precondition ({wanted[field]}) does not match the {said} in record"
                why += f" ({held}). The object might have been {end}"
                raise errors.conflict(resource.group, resource.kind, old["metadata"]["name"], why)

    def _kept(self, resource: Resource, old: Object, new: Object, *, counts: bool) -> Object:
        """Return the new state with what nobody can set, and its generation."""
        own = {key: old["metadata"][key] for key in ("uid", "creationTimestamp", "resourceVersion")}
        metadata = {**new["metadata"], **own}
        if resource.generation is not Generation.NEVER:
            moved = counts and _counted(resource, old) != _counted(resource, new)
            metadata["generation"] = old["metadata"].get("generation", 1) + moved
        return {**new, "metadata": metadata}

    def _put(self, resource: Resource, place: tuple[str, str], new: Object, old: Object | None) -> Object:
        self._version += 1
        stored = {**new, "metadata": {**new["metadata"], "resourceVersion": str(self._version)}}
        self._objects.setdefault(resource.key, {})[place] = stored
        self._tell(resource, "ADDED" if old is None else "MODIFIED", stored, old)
        return stored

    def _remove(self, resource: Resource, place: tuple[str, str], last: Object) -> Object:
        old = self._objects[resource.key].pop(place)
        self._count -= 1
        self._version += 1
        gone = {**last, "metadata": {**last["metadata"], "resourceVersion": str(self._version)}}
        self._tell(resource, "DELETED", gone, old)
        return gone

    def _tell(self, resource: Resource, type_: str, obj: Object, before: Object | None) -> None:
        namespace = obj["metadata"].get("namespace", "")
        self._history.append(Event(self._version, type_, resource.key, namespace, obj, before))
        self.changed.notify_all()


def _counted(resource: Resource, obj: Object) -> Any:
    """Return the part of an object whose change moves the generation."""
    if resource.generation is Generation.ALL_BUT_METADATA:
        return {key: value for key, value in obj.items() if key not in {"metadata", "status"}}
    if resource.generation is Generation.SPEC_AND_ANNOTATIONS:
        return obj.get("spec"), obj["metadata"].get("annotations") or {}
    return obj.get("spec")


def _bare(obj: Object) -> Object:
    """Return an object without the record of who manages it, which alone is no change."""
    metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    return {**obj, "metadata": metadata}


def _ended(obj: Object) -> bool:
    metadata = obj["metadata"]
    return bool(metadata.get("deletionTimestamp")) and not metadata.get("finalizers")
