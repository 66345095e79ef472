"""From a request to its answer: which verb it is, what it is done to, and in which form it is told.

It knows no sockets; every answer is written to the audit, a watch's when it ends.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from receiver.sandbox import errors, listing, paths
from receiver.sandbox.aside import answer_aside
from receiver.sandbox.audit import Audit, AuditEntry
from receiver.sandbox.exchange import Request, Response, answer
from receiver.sandbox.paths import Target
from receiver.sandbox.resources import NAMESPACES, Resources
from receiver.sandbox.store import Store
from receiver.sandbox.tables import table, wants_table
from receiver.sandbox.verbs import Verbs
from receiver.sandbox.watching import Watch

Object = dict[str, Any]
_LOG = logging.getLogger(__name__)
_ITEM_VERBS = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class Api:
    """Answers requests. `address` is the server's host and port, which discovery tells."""

    def __init__(self, store: Store, resources: Resources, audit: Audit, *, address: str) -> None:
        self._store = store
        self._resources = resources
        self._audit = audit
        self._address = address
        self._verbs = Verbs(store, resources)

    def answer(self, request: Request) -> Response:
        """Return the answer, whatever happens: a fault of ours is a 500."""
        received = self._store.clock.now()
        target, verb = None, request.method.lower()
        try:
            target = paths.resolve(self._resources, request.path)
            if target is None:
                response = answer_aside(request, self._resources, self._address)
            else:
                verb = verb_of(request, target)
                response = self._done(request, target, verb)
        except errors.ApiError as e:
            response = answer(e.code, e.status)
        except Exception as e:  # noqa: BLE001 - a fault of ours must not take the connection with it
            _LOG.exception("%s %s", request.method, request.uri)
            response = answer(500, errors.ApiError(500, "InternalError", f"Internal error: {e!r}").status)
        if isinstance(response.body, bytes):
            self._record(request, target, verb, response.code, received)
            return response
        recorded = self._recorded(response.body, request, target, received)
        return Response(response.code, recorded, response.content_type)

    def _done(self, request: Request, target: Target, verb: str) -> Response:
        if verb == "watch":
            show = self._show_events(request, target)
            return Response(200, Watch(self._store, target, request.query, show, request.alive).lines())
        if verb == "create":
            return answer(201, self._verbs.create(target, request))
        return answer(200, self._found(request, target, verb))

    def _found(self, request: Request, target: Target, verb: str) -> Object:
        match verb:
            case "get":
                return self._one(request, target)
            case "list":
                return self._listed(request, target)
            case "update":
                return self._verbs.update(target, request)
            case "patch":
                return self._verbs.patch(target, request)
            case "deletecollection":
                return listing.listed(target.resource, self._verbs.delete_all(target, request))
        return self._verbs.delete(target, request)

    def _one(self, request: Request, target: Target) -> Object:
        found = self._verbs.get(target)
        if target.subresource == "scale" or not wants_table(request.headers.get("accept", "")):
            return found
        metadata = {"resourceVersion": found["metadata"]["resourceVersion"]}
        return self._table(request, target, [found], metadata)

    def _listed(self, request: Request, target: Target) -> Object:
        found = listing.page(self._store, target, request.query)
        if wants_table(request.headers.get("accept", "")):
            return self._table(request, target, found.items, found.metadata)
        return listing.listed(target.resource, found)

    def _table(
        self,
        request: Request,
        target: Target,
        objects: list[Object],
        metadata: Object,
        *,
        headed: bool = True,
    ) -> Object:
        include = request.query.get("includeObject", "")
        now = self._store.clock.now()
        return table(target.resource, objects, now=now, metadata=metadata, include=include, headed=headed)

    def _show_events(self, request: Request, target: Target) -> Any:
        """Return what makes a watch's objects of the stored ones; a Table tells its columns once."""
        if not wants_table(request.headers.get("accept", "")):
            return lambda obj: listing.shown(target.resource, obj)
        told: list[bool] = []

        def row(obj: Object) -> Object:
            metadata = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            shown = self._table(request, target, [obj], metadata, headed=not told)
            told.append(True)
            return shown

        return row

    def _recorded(
        self, lines: Iterator[bytes], request: Request, target: Target | None, received: datetime
    ) -> Iterator[bytes]:
        try:
            yield from lines
        finally:
            self._record(request, target, "watch", 200, received)

    def _record(
        self, request: Request, target: Target | None, verb: str, code: int, received: datetime
    ) -> None:
        entry = AuditEntry(
            verb=verb,
            user=request.user,
            resource=target.resource.plural if target else "",
            subresource=target.subresource if target else "",
            namespace=target.namespace if target else "",
            name=target.name if target else "",
            code=code,
            uri=request.uri,
            dry_run="dryRun" in request.query,
            user_agent=request.headers.get("user-agent", ""),
            received_at=received,
            completed_at=self._store.clock.now(),
        )
        self._audit.append(entry)


def verb_of(request: Request, target: Target) -> str:
    """Return what a request does: get, list, watch, create, update, patch, delete or deletecollection.

    Raises:
        ApiError: 405 that cannot be done there.
    """
    method = "GET" if request.method == "HEAD" else request.method
    if target.name:
        if method not in _ITEM_VERBS or (target.subresource and method == "DELETE"):
            raise errors.method_not_allowed()
        return _ITEM_VERBS[method]
    somewhere = target.namespace or not target.resource.namespaced
    if method == "GET":
        return "watch" if request.query.get("watch") in {"true", "1"} else "list"
    if method == "POST" and somewhere:
        return "create"
    if method == "DELETE" and somewhere and target.resource is not NAMESPACES:
        return "deletecollection"
    raise errors.method_not_allowed()
