"""The records: Rollback objects in the receiver's namespace. Creating one is the claim."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from receiver.cluster.api import Api, Object, path
from receiver.cluster.audit import tell_changes, tell_deletion
from receiver.cluster.errors import Conflict, Unavailable
from receiver.cluster.pages import PAGE, listed, page
from receiver.policy.notices import UNTOLD
from receiver.policy.record import CLAIMED_BY, GROUP, KIND, PLURAL, VERSION, Phase
from receiver.policy.retention import Stored
from receiver.policy.workload import WorkloadRef

API_VERSION = f"{GROUP}/{VERSION}"
TINY_PAGE = 10
"""For what is read again and again while alerts come in."""
SMALL_PAGE = 100
"""For what is read in the background: taking in a larger one would hold an alert up."""
TRIES = 30
FINAL = (Phase.SUCCEEDED, Phase.NOT_CURED, Phase.FAILED, Phase.SUPERSEDED, Phase.REJECTED, Phase.EXPIRED)
WITHOUT_WORK = (*FINAL, Phase.REFUSED, Phase.DRY_RUN)


class Noting(Protocol):
    """Notes on a record, in the write that changes it, whom that is to be told."""

    def note(self, raw: Object, after: Object) -> Object:
        """Return `after`, which is to be the status of `raw`, with what is noted; itself where nothing is."""

    def noted(self) -> None:
        """Hear that something noted was stored."""


class Records:
    """Creates, reads and changes Rollback objects.

    `writer` is who stands in the audit trail where no person's word made a change. `noting` None: nothing is
    noted.
    """

    def __init__(self, api: Api, namespace: str, *, writer: str = "", noting: Noting | None = None) -> None:
        self._api = api
        self._noting = noting
        self._writer = writer
        self.namespace = namespace
        self._folder = path("apis", GROUP, VERSION, "namespaces", namespace, PLURAL)

    def create(
        self, name: str, spec: Mapping[str, Any], labels: Mapping[str, str], *, claimed_by: str
    ) -> Object:
        """Create the record, with who made it as an annotation, because the API server drops any status.

        Raises:
            Conflict: it is there already.
            ClusterError: it could not be stored.
        """
        metadata = {
            "name": name,
            "namespace": self.namespace,
            "labels": dict(labels),
            "annotations": {CLAIMED_BY: claimed_by},
        }
        body = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": dict(spec)}
        return self._api.call("POST", self._folder, body=body)

    def get(self, name: str) -> Object:
        """Read one record.

        Raises:
            NotFound: there is none of that name.
            ClusterError: it could not be read.
        """
        return self._api.call("GET", f"{self._folder}/{path(name)[1:]}")

    def about(self, target: WorkloadRef) -> list[Object]:
        """List the records of one workload, oldest first."""
        chosen = f"spec.target.namespace={target.namespace},spec.target.name={target.name}"
        found = [raw for raw in self._pages(chosen) if raw["spec"]["target"].get("kind") == target.kind]
        return sorted(found, key=_created)

    def about_namespace(self, namespace: str) -> dict[tuple[str, str], list[Object]]:
        """List the records of all workloads of a namespace, oldest first, by (kind, name)."""
        found: dict[tuple[str, str], list[Object]] = defaultdict(list)
        for raw in sorted(self._pages(f"spec.target.namespace={namespace}"), key=_created):
            target = raw["spec"]["target"]
            found[target.get("kind", ""), target.get("name", "")].append(raw)
        return found

    def in_work(self) -> list[Object]:
        """List the records that somebody should work on: Pending, RollingBack, Verifying, just claimed."""
        return list(self._pages(",".join(f"status.phase!={phase}" for phase in WITHOUT_WORK)))

    def refused(self) -> Iterator[Object]:
        """List the records that are Refused, page by page: there may be many, and few are needed at once."""
        return self._pages(f"status.phase={Phase.REFUSED}", SMALL_PAGE)

    def untold(self) -> Iterator[Object]:
        """List the records of which something is still to be told, page by page."""
        return self._pages(f"status.untold={UNTOLD}", TINY_PAGE)

    def everything(self) -> Iterator[Object]:
        """List all records, page by page, in the background."""
        return self._pages("", SMALL_PAGE)

    def page(self, *, field_selector: str, limit: int, continue_: str | None) -> Object:
        """List one page of the records, as the API server gives them."""
        return page(self._api, self._folder, _chosen(field_selector), limit=limit, continue_=continue_)

    def probe(self, *, timeout_seconds: float) -> None:
        """Read next to nothing, to see whether the API server answers and knows the type.

        Raises:
            NotFound: the CRD is not installed.
            ClusterError: it does not answer, or refuses.
        """
        self._api.call("GET", self._folder, query={"limit": "1"}, timeout_seconds=timeout_seconds)

    def _pages(self, field_selector: str, limit: int = PAGE) -> Iterator[Object]:
        return listed(self._api, self._folder, _chosen(field_selector), limit=limit)

    def update_status(self, raw: Object, change: Callable[[Object], Object | None]) -> Object:
        """Change a record's status by compare-and-swap, starting from `raw` as it was last seen.

        `change` gets the status of that moment and returns the new one, or None to leave it; it may be called
        several times. Returns the record as it stands now.

        Raises:
            NotFound: the record was deleted.
            ClusterError: it could not be stored.
        """
        for _ in range(TRIES):
            status = change(dict(raw.get("status") or {}))
            if status is None:
                return raw
            try:
                stored = self._put_noted(raw, status)
            except Conflict:
                raw = self.get(raw["metadata"]["name"])
            else:
                tell_changes(raw, stored, writer=self._writer)
                return stored
        raise Unavailable(f"too many changes at once of the record {raw['metadata']['name']}")

    def delete(self, stored: Stored, why: str) -> None:
        """Delete a record as it was seen, with `why` in the audit trail.

        Raises:
            NotFound: it is gone.
            Conflict: it has changed since, or another has its name by now.
            ClusterError: it could not be deleted.
        """
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": stored.uid, "resourceVersion": stored.version},
        }
        self._api.call("DELETE", self._folder + path(stored.named["record"]), body=options)
        tell_deletion(stored, why=why, writer=self._writer)

    def _put_noted(self, raw: Object, status: Object) -> Object:
        new = status if self._noting is None else self._noting.note(raw, status)
        stored = self._put_status({**raw, "status": new})
        if self._noting is not None and new is not status:
            self._noting.noted()
        return stored

    def _put_status(self, raw: Object) -> Object:
        return self._api.call("PUT", f"{self._folder}/{path(raw['metadata']['name'])[1:]}/status", body=raw)


def _chosen(field_selector: str) -> dict[str, str]:
    return {"fieldSelector": field_selector} if field_selector else {}


def _created(raw: Object) -> str:
    return str(raw["metadata"]["creationTimestamp"])
