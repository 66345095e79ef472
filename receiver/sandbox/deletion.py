"""Deletes: at once, after finalizers, before or after dependents; and a namespace's end."""

from dataclasses import dataclass
from typing import Any

from receiver.sandbox import errors
from receiver.sandbox.bodies import read_json, unregistered
from receiver.sandbox.clock import stamp
from receiver.sandbox.controllers import garbage
from receiver.sandbox.exchange import Request
from receiver.sandbox.paths import Target
from receiver.sandbox.resources import NAMESPACES, PODS, Resources
from receiver.sandbox.store import Store

Object = dict[str, Any]
POLICIES = ("Foreground", "Background", "Orphan")
FOREGROUND = "foregroundDeletion"
IMMORTAL = frozenset({"default", "kube-system", "kube-public"})


@dataclass(frozen=True, slots=True)
class Options:
    """How to delete. A precondition that is None is none."""

    policy: str = "Background"
    uid: str | None = None
    version: str | None = None
    dry_run: bool = False


def read_options(request: Request, *, dry_run: bool) -> Options:
    """Read what a DELETE's body and parameters say.

    Raises:
        ApiError: 400 the body is no DeleteOptions, 422 an unknown policy.
    """
    sent = _body(request)
    policy = sent.get("propagationPolicy") or request.query.get("propagationPolicy") or "Background"
    if policy not in POLICIES:
        why = f'Unsupported value: "{policy}": supported values: "Foreground", "Background", "Orphan", "nil"'
        cause = ("propagationPolicy", "FieldValueNotSupported", why)
        raise errors.invalid("meta.k8s.io", "DeleteOptions", "", [cause])
    wanted = sent.get("preconditions") or {}
    return Options(
        policy=policy,
        uid=wanted.get("uid"),
        version=wanted.get("resourceVersion"),
        dry_run=dry_run or sent.get("dryRun") == ["All"],
    )


def delete(store: Store, resources: Resources, target: Target, options: Options) -> Object:
    """Delete an object; return the `Status` that says so, or the object where it is not gone yet.

    Raises:
        ApiError: 404; 409 a precondition does not hold.
    """
    place = (target.resource, target.namespace, target.name)
    with store.changed:
        # The dry run checks the preconditions, whatever the way of deleting.
        old = store.delete(*place, uid=options.uid, version=options.version, dry_run=True)
        if target.resource is NAMESPACES and target.name in IMMORTAL:
            why = f'namespaces "{target.name}" is forbidden: this namespace may not be deleted'
            raise errors.ApiError(403, "Forbidden", why, {"name": target.name, "kind": "namespaces"})
        if options.dry_run:
            return _done(target, old)
        if target.resource is NAMESPACES:
            return store.change(*place, lambda obj: _terminating(obj, stamp(store.clock.now())))
        if options.policy == "Orphan":
            garbage.orphan(store, resources, old)
        if options.policy == "Foreground":
            return store.change(*place, lambda obj: _waiting(obj, stamp(store.clock.now())))
        last = store.delete(*place)
        left = store.find(*place)
    if left is not None:
        return left
    # A pod is gone at once here; the answer is the one of a cluster whose node still has to stop it.
    return _stopping(last, stamp(store.clock.now())) if target.resource is PODS else _done(target, last)


def _body(request: Request) -> Object:
    if not request.body:
        return {}
    try:
        sent = read_json(request.body)
    except ValueError as e:
        raise errors.bad_request(f"couldn't get version/kind; json parse error: {e}") from e
    if not isinstance(sent, dict):
        raise errors.bad_request("couldn't get version/kind; json parse error: not an object")
    kind, version = sent.get("kind") or "DeleteOptions", sent.get("apiVersion") or "v1"
    if kind != "DeleteOptions":
        raise errors.bad_request(unregistered(version, kind))
    return sent


def _done(target: Target, obj: Object) -> Object:
    resource = target.resource
    named = {"name": target.name, "group": resource.group, "kind": resource.plural}
    details = {key: value for key, value in named.items() if value}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {**details, "uid": obj["metadata"]["uid"]},
    }


def _terminating(obj: Object, now: str) -> Object:
    """Mark a namespace; its controller empties it and removes it. A second time changes nothing."""
    moment = obj["metadata"].get("deletionTimestamp") or now
    metadata = {**obj["metadata"], "deletionTimestamp": moment}
    return {**obj, "metadata": metadata, "status": {**(obj.get("status") or {}), "phase": "Terminating"}}


def _waiting(obj: Object, now: str) -> Object:
    """Mark an object that goes after its dependents."""
    held = obj["metadata"].get("finalizers") or []
    own = {
        "deletionTimestamp": obj["metadata"].get("deletionTimestamp") or now,
        "deletionGracePeriodSeconds": 0,
        "finalizers": held if FOREGROUND in held else [*held, FOREGROUND],
    }
    return {**obj, "metadata": {**obj["metadata"], **own}}


def _stopping(pod: Object, now: str) -> Object:
    seconds = (pod.get("spec") or {}).get("terminationGracePeriodSeconds", 30)
    own = {"deletionTimestamp": now, "deletionGracePeriodSeconds": seconds}
    return {**pod, "metadata": {**pod["metadata"], **own}}
