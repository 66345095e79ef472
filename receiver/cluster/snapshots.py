"""Reads what the judgement needs of workloads: side by side for a few, by the namespace for many.

A read that fails for good becomes `Unreadable`, which the guards block on; one that a later try may mend is
raised, so that the webhook answers 503 and Alertmanager sends the alert again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

from receiver.cluster.api import Api, Object, path
from receiver.cluster.deployments import get_deployment, label_selector, owned, remembered, to_workload
from receiver.cluster.errors import ClusterError, NotFound, Unavailable
from receiver.cluster.records import Records
from receiver.policy.decision import Snapshot
from receiver.policy.record import PastRollback, parse_record
from receiver.policy.targets import PodRef, TargetFault, TargetReason
from receiver.policy.workload import Unreadable, WorkloadRef

T = TypeVar("T")
PAGE = 500
BULK = 5
"""From so many workloads of one namespace on, the namespace is listed instead."""

Readable = list[Object] | Unreadable
Annotations = Mapping[str, str] | Unreadable


@dataclass(frozen=True, slots=True)
class Sighting:
    """A workload's snapshot, and its records as they are stored, oldest first."""

    snapshot: Snapshot
    records: tuple[Object, ...]

    @property
    def own_record(self) -> Object | None:
        """Return the record of the live template, None where there is none yet."""
        return next((raw for raw in self.records if raw["metadata"]["name"] == self.snapshot.record), None)


Found = Sighting | TargetFault


class Selectors:
    """The selectors of workloads that were read before: a likely one lets the revisions be listed at once.

    A selector never changes as long as its workload lives; what was listed by a wrong one is not used.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._known: dict[WorkloadRef, str] = {}

    def get(self, ref: WorkloadRef, default: str) -> str:
        """Return the selector that a workload had, `default` where it was never read."""
        return self._known.get(ref, default)

    def note(self, ref: WorkloadRef, selector: str) -> str:
        """Keep a workload's selector, and return it; when there are too many, all are forgotten."""
        if len(self._known) >= self._limit:
            self._known.clear()
        self._known[ref] = selector
        return selector


class SnapshotReader:
    """Reads workloads of every kind that can be rolled back."""

    def __init__(self, api: Api, records: Records, pool: Executor) -> None:
        self._api = api
        self._records = records
        self._pool = pool
        self._selectors = Selectors()

    def read(self, ref: WorkloadRef) -> Found:
        """Read one workload, with as few round trips one after the other as can be.

        Raises:
            ClusterError: the records cannot be read; Unavailable: anything may be there in a moment.
        """
        likely = self._selectors.get(ref, f"app={ref.name}")
        reading = self._pool.submit(get_deployment, self._api, ref)
        records = self._pool.submit(self._records.about, ref)
        annotations = self._pool.submit(self._namespace_annotations, ref.namespace)
        replica_sets = self._replica_sets(ref.namespace, {"labelSelector": likely})
        try:
            deployment = reading.result()
        except Unavailable:
            raise
        except ClusterError as e:
            return _fault(ref, e)
        selector = self._selectors.note(ref, label_selector(deployment))
        if selector != likely:
            replica_sets = self._replica_sets(ref.namespace, {"labelSelector": selector})
        return _sighting(deployment, replica_sets, annotations.result(), records.result())

    def read_all(self, refs: Iterable[WorkloadRef]) -> dict[WorkloadRef, Found]:
        """Read many workloads.

        Raises:
            ClusterError: as `read`.
        """
        by_namespace: dict[str, list[WorkloadRef]] = defaultdict(list)
        for ref in refs:
            by_namespace[ref.namespace].append(ref)
        found: dict[WorkloadRef, Found] = {}
        for namespace, wanted in by_namespace.items():
            found |= (
                self._bulk(namespace, wanted) if len(wanted) >= BULK else {r: self.read(r) for r in wanted}
            )
        return found

    def _bulk(self, namespace: str, refs: Sequence[WorkloadRef]) -> dict[WorkloadRef, Found]:
        records = self._pool.submit(self._records.about_namespace, namespace)
        annotations = self._pool.submit(self._namespace_annotations, namespace)
        replica_sets = self._pool.submit(self._replica_sets, namespace, {})
        try:
            listed = self._list(_folder("apps", namespace, "deployments"), {})
        except Unavailable:
            raise
        except ClusterError as e:
            return {ref: _fault(ref, e) for ref in refs}
        deployments = {raw["metadata"]["name"]: _typed(raw) for raw in listed}
        by_owner, by_target = _by_owner(replica_sets.result()), records.result()
        return {
            ref: _sighting(
                deployment,
                by_owner(deployment),
                annotations.result(),
                by_target.get((ref.kind, ref.name), []),
            )
            if (deployment := deployments.get(ref.name))
            else _missing(ref)
            for ref in refs
        }

    def owner(self, pod: PodRef) -> WorkloadRef | TargetFault:
        """Follow a pod's controllers up to its workload.

        Raises:
            Unavailable: the owner may be readable in a moment.
        """
        try:
            raw = self._api.call("GET", path("api", "v1", "namespaces", pod.namespace, "pods", pod.name))
            replica_set = _controller(raw, "ReplicaSet")
            if replica_set is None:
                return TargetFault(TargetReason.NO_OWNER, f"{pod} belongs to no ReplicaSet")
            raw = self._api.call("GET", _folder("apps", pod.namespace, "replicasets") + path(replica_set))
        except Unavailable:
            raise
        except NotFound:
            return TargetFault(
                TargetReason.NOT_FOUND, f"{pod}, or the ReplicaSet that owns it, does not exist"
            )
        except ClusterError as e:
            return TargetFault(TargetReason.UNREADABLE, f"cannot read the owner of {pod}: {e}")
        deployment = _controller(raw, "Deployment")
        if deployment is None:
            return TargetFault(
                TargetReason.NO_OWNER, f"ReplicaSet {pod.namespace}/{replica_set} has no Deployment"
            )
        return WorkloadRef("Deployment", pod.namespace, deployment)

    def _replica_sets(self, namespace: str, query: Mapping[str, str]) -> Readable:
        return self._readable(
            f"the ReplicaSets of namespace {namespace}",
            lambda: self._list(_folder("apps", namespace, "replicasets"), query),
        )

    def _namespace_annotations(self, namespace: str) -> Annotations:
        return self._readable(
            f"namespace {namespace}",
            lambda: self._annotations(namespace),
        )

    def _annotations(self, namespace: str) -> dict[str, str]:
        raw = self._api.call("GET", path("api", "v1", "namespaces", namespace))
        return raw["metadata"].get("annotations") or {}

    def _readable(self, what: str, read: Callable[[], T]) -> T | Unreadable:
        try:
            return read()
        except Unavailable:
            raise
        except ClusterError as e:
            return Unreadable(what, str(e))

    def _list(self, folder: str, query: Mapping[str, str]) -> list[Object]:
        items: list[Object] = []
        continue_: str | None = None
        while True:
            page = {"limit": str(PAGE), **({"continue": continue_} if continue_ else {})}
            found = self._api.call("GET", folder, query={**query, **page})
            items += found["items"]
            continue_ = found["metadata"].get("continue")
            if not continue_:
                return items


def _folder(group: str, namespace: str, plural: str) -> str:
    return path("apis", group, "v1", "namespaces", namespace, plural)


def _typed(raw: Object) -> Object:
    """Give an item of a list the type that the API server leaves out there."""
    return {"apiVersion": "apps/v1", "kind": "Deployment", **raw}


def _by_owner(replica_sets: Readable) -> Callable[[Object], Readable]:
    if isinstance(replica_sets, Unreadable):
        unreadable = replica_sets
        return lambda _: unreadable
    sorted_out: dict[str, list[Object]] = defaultdict(list)
    for raw in replica_sets:
        for owner in raw["metadata"].get("ownerReferences") or []:
            sorted_out[owner["uid"]].append(raw)
    return lambda deployment: owned(deployment, sorted_out.get(deployment["metadata"]["uid"], []))


def _controller(raw: Object, kind: str) -> str | None:
    owners = raw["metadata"].get("ownerReferences") or []
    return next((str(o["name"]) for o in owners if o.get("controller") and o["kind"] == kind), None)


def _fault(ref: WorkloadRef, error: ClusterError) -> TargetFault:
    if isinstance(error, NotFound):
        return _missing(ref)
    return TargetFault(TargetReason.UNREADABLE, f"cannot read {ref}: {error}")


def _missing(ref: WorkloadRef) -> TargetFault:
    return TargetFault(TargetReason.NOT_FOUND, f"{ref} does not exist")


def _sighting(
    deployment: Object, replica_sets: Readable, annotations: Annotations, records: Sequence[Object]
) -> Sighting:
    memory = remembered(deployment, [] if isinstance(replica_sets, Unreadable) else replica_sets)
    past = _past(records)
    known = () if isinstance(past, Unreadable) else past
    workload = to_workload(deployment, replica_sets, past=known, namespace_annotations=annotations)
    if isinstance(memory, Unreadable):
        return Sighting(Snapshot(workload, memory), tuple(records))
    everything = past if isinstance(past, Unreadable) else (*past, *memory)
    return Sighting(Snapshot(workload, everything), tuple(records))


def _past(records: Sequence[Object]) -> tuple[PastRollback, ...] | Unreadable:
    try:
        return tuple(parse_record(raw) for raw in records)
    except (KeyError, TypeError, ValueError) as e:
        return Unreadable("the earlier records", f"{type(e).__name__}: {e}; made by another version?")
