"""Who owns whom, kept from the store's events, so that nobody has to look through everything."""

from collections import defaultdict
from typing import Any

from receiver.sandbox.resources import Key

Object = dict[str, Any]
Place = tuple[Key, str, str]
"""Kind, namespace and name of an object."""


def references(obj: Object) -> list[Object]:
    """Return an object's references to its owners."""
    found: list[Object] = obj["metadata"].get("ownerReferences") or []
    return found


def controller_of(obj: Object) -> str | None:
    """Return the uid of the one owner that controls an object, None if there is none."""
    return next((each["uid"] for each in references(obj) if each.get("controller")), None)


class Owners:
    """An index by uid: where an object is, and what refers to it as its owner."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._dependents: dict[str, set[Place]] = defaultdict(set)
        self._orphans: dict[tuple[Key, str], set[str]] = defaultdict(set)

    def put(self, key: Key, obj: Object, before: Object | None) -> None:
        """Take in an object that is new or changed."""
        if before is not None:
            self._forget(key, before)
        place = _place(key, obj)
        self._places[obj["metadata"]["uid"]] = place
        for each in references(obj):
            self._dependents[each["uid"]].add(place)
        if controller_of(obj) is None:
            self._orphans[place[:2]].add(place[2])

    def drop(self, key: Key, obj: Object) -> None:
        """Let go of an object that is gone."""
        self._forget(key, obj)
        self._places.pop(obj["metadata"]["uid"], None)

    def place(self, uid: str) -> Place | None:
        """Return where the object with a uid is, None if it is nowhere."""
        return self._places.get(uid)

    def dependents(self, uid: str) -> list[Place]:
        """Return what refers to an owner, in order."""
        return sorted(self._dependents.get(uid, ()))

    def orphans(self, key: Key, namespace: str) -> list[str]:
        """Return the names of what nobody controls, in order."""
        return sorted(self._orphans.get((key, namespace), ()))

    def _forget(self, key: Key, obj: Object) -> None:
        place = _place(key, obj)
        for each in references(obj):
            _take(self._dependents, each["uid"], place)
        _take(self._orphans, place[:2], place[2])


def _place(key: Key, obj: Object) -> Place:
    return key, obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _take(index: dict[Any, set[Any]], owner: Any, member: Any) -> None:
    members = index.get(owner)
    if members is not None:
        members.discard(member)
        if not members:
            del index[owner]
