"""What goes with its owner: dependents of what is gone, and owners that wait for their dependents."""

from typing import Any

from receiver.sandbox.controllers.owners import references
from receiver.sandbox.controllers.work import Task, Work
from receiver.sandbox.resources import Resources
from receiver.sandbox.store import Event, Store

Object = dict[str, Any]
FOREGROUND = "foregroundDeletion"


def note(work: Work, event: Event) -> None:
    """Queue whom a change concerns: the dependents of what is gone, what has no owner, who waits."""
    obj = event.obj
    owners = [each["uid"] for each in references(obj)]
    if event.type == "DELETED":
        for place in work.owners.dependents(obj["metadata"]["uid"]):
            work.add(Task(*place, garbage=True))
        for place in filter(None, map(work.owners.place, owners)):
            work.add(Task(*place, garbage=True))
    elif _waits(obj) or any(work.owners.place(uid) is None for uid in owners):
        work.add(Task(event.key, event.namespace, obj["metadata"]["name"], garbage=True))


def collect(work: Work, task: Task) -> None:
    """Delete an object whose owners are all gone; let one go that waited for its dependents."""
    resource = work.resource(task.kind)
    obj = None if resource is None else work.store.find(resource, task.namespace, task.name)
    if resource is None or obj is None:
        return
    owners = [each["uid"] for each in references(obj)]
    if owners and not any(work.owners.place(uid) for uid in owners):
        _delete(work, task, obj)
    elif _waits(obj):
        _finish(work, task, obj)


def orphan(store: Store, resources: Resources, owner: Object) -> None:
    """Take an owner out of its dependents' references, so that they stay when it goes."""
    uid = owner["metadata"]["uid"]
    for resource in {each.key: each for each in resources.all()}.values():
        for obj in store.list(resource, owner["metadata"].get("namespace", ""))[0]:
            if any(each["uid"] == uid for each in references(obj)):
                place = (obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
                store.change(resource, *place, lambda old: _without(old, uid))


def _without(obj: Object, uid: str) -> Object:
    """Return an object without its references to an owner."""
    metadata = dict(obj["metadata"])
    metadata["ownerReferences"] = [each for each in references(obj) if each["uid"] != uid]
    if not metadata["ownerReferences"]:
        del metadata["ownerReferences"]
    return {**obj, "metadata": metadata}


def _waits(obj: Object) -> bool:
    metadata = obj["metadata"]
    return "deletionTimestamp" in metadata and FOREGROUND in (metadata.get("finalizers") or [])


def _finish(work: Work, task: Task, owner: Object) -> None:
    """Delete an owner's dependents, each after its own; the owner goes when none is left."""
    dependents = work.owners.dependents(owner["metadata"]["uid"])
    for place in dependents:
        resource = work.resource(place[0])
        obj = None if resource is None else work.store.find(resource, *place[1:])
        if resource is not None and obj is not None and not _waits(obj):
            if work.owners.dependents(obj["metadata"]["uid"]):
                work.store.change(resource, *place[1:], _with_finalizer)
            work.store.delete(resource, *place[1:])
    if not dependents:
        resource = work.resource(task.kind)
        if resource is not None:
            work.store.change(resource, task.namespace, task.name, _without_finalizer)


def _delete(work: Work, task: Task, obj: Object) -> None:
    resource = work.resource(task.kind)
    if resource is not None:
        work.store.delete(resource, task.namespace, task.name, uid=obj["metadata"]["uid"])


def _with_finalizer(obj: Object) -> Object:
    held = obj["metadata"].get("finalizers") or []
    return {**obj, "metadata": {**obj["metadata"], "finalizers": [*held, FOREGROUND]}}


def _without_finalizer(obj: Object) -> Object:
    kept = [each for each in obj["metadata"]["finalizers"] if each != FOREGROUND]
    return {**obj, "metadata": {**obj["metadata"], "finalizers": kept}}
