"""The writes, and the reading of one object: what a request means for the store. It knows no sockets."""

from dataclasses import dataclass
from typing import Any

from receiver.sandbox import admission, definitions, deletion, errors, listing, patches
from receiver.sandbox.bodies import read_object
from receiver.sandbox.exchange import Request
from receiver.sandbox.listing import Page
from receiver.sandbox.options import check_fields, dry_run
from receiver.sandbox.paths import Target
from receiver.sandbox.resources import DEFINITIONS, NAMESPACES, Resource, Resources
from receiver.sandbox.scale import SCALE, scale_of, scaled
from receiver.sandbox.store import Change, Store

Object = dict[str, Any]
_MISMATCH = "the namespace of the provided object does not match the namespace sent on the request"


@dataclass(frozen=True, slots=True)
class Verbs:
    """What can be done to the objects of a store."""

    store: Store
    resources: Resources

    def get(self, target: Target) -> Object:
        """Return an object, or its Scale.

        Raises:
            ApiError: 404.
        """
        return self._shown(target, self.store.get(target.resource, target.namespace, target.name))

    def create(self, target: Target, request: Request) -> Object:
        """Store the object that the request carries; return it.

        Raises:
            ApiError: 400, 403 the namespace is about to go, 404 there is no such namespace, 409, 422.
        """
        resource = target.resource
        obj = _placed(read_object(request, resource, self.resources), target)
        check_fields(request, resource, obj)
        if obj["metadata"].pop("resourceVersion", ""):
            raise errors.ApiError(500, "", "resourceVersion should not be set on objects to be created")
        with self.store.changed:
            if target.namespace:
                self._check_namespace(resource, target.namespace, obj["metadata"].get("name", ""))
            admitted = admission.admit_create(
                resource, obj, manager=request.manager, now=self.store.clock.now()
            )
            stored = self.store.create(resource, admitted, dry_run=dry_run(request))
        self._refresh(resource)
        return self._shown(target, stored)

    def update(self, target: Target, request: Request) -> Object:
        """Put the object that the request carries in place of the stored one; return it.

        Raises:
            ApiError: 400, 404, 409, 422.
        """
        sent = read_object(request, _sent_as(target), self.resources)
        _check_place(sent["metadata"], target)
        check_fields(request, _sent_as(target), sent)

        def replaced(old: Object) -> Object:
            if target.subresource == "scale":
                return scaled(target.resource, old, sent)
            own = {"namespace": target.namespace} if target.namespace else {}
            return {**sent, "metadata": {**sent["metadata"], **own}}

        return self._changed(target, request, replaced)

    def patch(self, target: Target, request: Request) -> Object:
        """Patch the stored object; return it.

        Raises:
            ApiError: 400, 404, 409, 415, 422.
        """

        def patched(old: Object) -> Object:
            before = self._shown(target, old)
            new = patches.apply(_sent_as(target), request.content_type, request.body, before)
            _check_place(new.get("metadata") or {}, target)
            check_fields(request, _sent_as(target), new)
            return scaled(target.resource, old, new) if target.subresource == "scale" else new

        return self._changed(target, request, patched)

    def delete(self, target: Target, request: Request) -> Object:
        """Delete an object; return the `Status` that says so, or the object where it is not gone yet.

        Raises:
            ApiError: 400, 404, 409, 422.
        """
        options = deletion.read_options(request, dry_run=dry_run(request))
        found = deletion.delete(self.store, self.resources, target, options)
        self._refresh(target.resource)
        return found

    def delete_all(self, target: Target, request: Request) -> Page:
        """Delete the objects that the request selects; return them as they were.

        Raises:
            ApiError: 400, 422.
        """
        options = deletion.read_options(request, dry_run=dry_run(request))
        with self.store.changed:
            found = listing.page(self.store, target, request.query)
            for obj in found.items:
                one = Target(target.resource, target.namespace, obj["metadata"]["name"])
                deletion.delete(self.store, self.resources, one, options)
        self._refresh(target.resource)
        return found

    def _changed(self, target: Target, request: Request, change: Change) -> Object:
        """Store what `change` makes of the object, once it is admitted."""
        resource = target.resource

        def admitted(old: Object) -> Object:
            now = self.store.clock.now()
            new = change(old)
            return admission.admit_update(
                resource, new, old, subresource=target.subresource, manager=request.manager, now=now
            )

        place = (resource, target.namespace, target.name)
        counts = target.subresource != "status"
        stored = self.store.change(*place, admitted, dry_run=dry_run(request), counts=counts)
        self._refresh(resource)
        return self._shown(target, stored)

    def _shown(self, target: Target, obj: Object) -> Object:
        if target.subresource == "scale":
            return scale_of(target.resource, obj)
        return listing.shown(target.resource, obj)

    def _check_namespace(self, resource: Resource, namespace: str, name: str) -> None:
        found = self.store.get(NAMESPACES, "", namespace)
        if found["metadata"].get("deletionTimestamp"):
            raise _terminating(resource, namespace, name)

    def _refresh(self, resource: Resource) -> None:
        if resource is DEFINITIONS:
            definitions.refresh(self.store, self.resources)


def _sent_as(target: Target) -> Resource:
    return SCALE if target.subresource == "scale" else target.resource


def _placed(obj: Object, target: Target) -> Object:
    """Return a new object with its namespace."""
    metadata = dict(obj["metadata"])
    if metadata.pop("namespace", None) not in {None, "", target.namespace}:
        raise errors.bad_request(_MISMATCH)
    own = {"namespace": target.namespace} if target.namespace else {}
    return {**obj, "metadata": {**metadata, **own}}


def _check_place(metadata: Object, target: Target) -> None:
    name = metadata.get("name")
    if not name:
        why = f"the name of the object ({target.name} based on URL) was undeterminable"
        raise errors.bad_request(f"{why}: name must be provided")
    if name != target.name:
        why = f"the name of the object ({name}) does not match the name on the URL ({target.name})"
        raise errors.bad_request(why)
    if metadata.get("namespace") not in {None, "", target.namespace}:
        raise errors.bad_request(_MISMATCH)


def _terminating(resource: Resource, namespace: str, name: str) -> errors.ApiError:
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {namespace} is being terminated",
        "field": "metadata.namespace",
    }
    details = {"name": name, "group": resource.group, "kind": resource.plural, "causes": [cause]}
    named = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
    said = f"unable to create new content in namespace {namespace} because it is being terminated"
    found = {key: value for key, value in details.items() if value}
    return errors.ApiError(403, "Forbidden", f'{named} "{name}" is forbidden: {said}', found)
