"""What the controllers' writes have in common: references, names, hashes, and the store's own refusals."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from receiver.sandbox import defaults, managed, selectors
from receiver.sandbox.controllers.owners import controller_of, references
from receiver.sandbox.controllers.work import Work
from receiver.sandbox.resources import PODS, Resource

Object = dict[str, Any]
LETTERS = "bcdfghjklmnpqrstvwxz2456789"
LONGEST_NAME = 253
WRITER = "kube-controller-manager"


def reference(owner: Object) -> Object:
    """Return what a dependent carries of the owner that controls it."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def put(work: Work, resource: Resource, old: Object, new: Object) -> Object:
    """Store what became of an object that was read; return it as stored.

    Raises:
        ApiError: 409 somebody changed it since it was read; 404 it is gone.
    """
    return _put(work, resource, old, new, subresource="", writer=WRITER)


def put_status(
    work: Work,
    resource: Resource,
    old: Object,
    status: Object,
    *,
    annotations: Mapping[str, str] | None = None,
    writer: str = WRITER,
) -> Object:
    """Store an object's status, and annotations with it, which then move no generation.

    Raises:
        ApiError: as `put`.
    """
    new = {**old, "status": status}
    if annotations:
        held = {**(old["metadata"].get("annotations") or {}), **annotations}
        new["metadata"] = {**old["metadata"], "annotations": held}
    return _put(work, resource, old, new, subresource="status", writer=writer)


def create(work: Work, resource: Resource, obj: Object) -> Object:
    """Store a new object; return it as stored.

    Raises:
        ApiError: 409 the name is taken, 507 no room.
    """
    entries = managed.record(resource, obj, None, manager=WRITER, subresource="", now=work.now)
    signed = {**obj, "metadata": {**obj["metadata"], "managedFields": entries}}
    # What a pod gets by default is not in the writer's name; other kinds are made of what has its defaults.
    return work.store.create(resource, defaults.fill(resource, signed) if resource is PODS else signed)


def remove(work: Work, resource: Resource, obj: Object) -> None:
    """Delete an object, if it is still that one."""
    metadata = obj["metadata"]
    if work.store.find(resource, metadata["namespace"], metadata["name"]) is not None:
        work.store.delete(resource, metadata["namespace"], metadata["name"], uid=metadata["uid"])


def claim(work: Work, owner: Object, resource: Resource) -> list[Object]:
    """Return what an owner controls: it lets go of what no longer fits, and adopts orphans that do."""
    selector, held = owner["spec"]["selector"], []
    for each in work.controlled(owner, resource):
        if selectors.matches(selector, _labels(each)):
            held.append(each)
        else:
            _release(work, owner, resource, each)
    orphans = [] if _ending(owner) else work.uncontrolled(owner["metadata"]["namespace"], resource)
    fitting = [each for each in orphans if selectors.matches(selector, _labels(each)) and not _ending(each)]
    return held + [_refer(work, resource, each, [*references(each), reference(owner)]) for each in fitting]


def digest(content: Any, collisions: int | None) -> str:
    """Return ten letters that stand for some JSON, and for how often they stood for something else before."""
    text = json.dumps([content, collisions or 0], sort_keys=True)
    return "".join(LETTERS[each % len(LETTERS)] for each in hashlib.sha256(text.encode()).digest()[:10])


def named(owner: Object, ending: str) -> str:
    """Return a dependent's name, as long as a name may be."""
    return f"{owner['metadata']['name'][: LONGEST_NAME - len(ending) - 1]}-{ending}"


def random_ending() -> str:
    """Return what makes a generated name unlike any other."""
    return "".join(secrets.choice(LETTERS) for _ in range(5))


def _put(
    work: Work, resource: Resource, old: Object, new: Object, *, subresource: str, writer: str
) -> Object:
    if new == old:
        return old
    place = (old["metadata"].get("namespace", ""), old["metadata"]["name"])
    shown, before = (_outside_spec(new), _outside_spec(old)) if subresource else (new, old)
    signature = {"manager": writer, "subresource": subresource}
    entries = managed.record(resource, shown, before, **signature, now=work.now)
    signed = {**new, "metadata": {**new["metadata"], "managedFields": entries}}
    return work.store.change(resource, *place, lambda _: signed, counts=not subresource)


def _outside_spec(obj: Object) -> Object:
    """Return what a write of the status can change; to walk through the rest would be most of the work."""
    return {key: value for key, value in obj.items() if key != "spec"}


def _labels(obj: Object) -> dict[str, str]:
    return obj["metadata"].get("labels") or {}


def _ending(obj: Object) -> bool:
    return "deletionTimestamp" in obj["metadata"]


def _release(work: Work, owner: Object, resource: Resource, obj: Object) -> None:
    if not _ending(owner) and controller_of(obj) == owner["metadata"]["uid"]:
        kept = [each for each in references(obj) if each["uid"] != owner["metadata"]["uid"]]
        _refer(work, resource, obj, kept)


def _refer(work: Work, resource: Resource, obj: Object, refs: list[Object]) -> Object:
    return put(work, resource, obj, {**obj, "metadata": {**obj["metadata"], "ownerReferences": refs}})
