"""Reads what the judgement needs of workloads: side by side for a few, by the namespace for many.

A read that fails for good becomes `Unreadable`, which the guards block on; one that a later try may mend is
raised, so that the webhook answers 503 and Alertmanager sends the alert again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor

from receiver.cluster.api import Api, Object, path
from receiver.cluster.daemonsets import with_pods
from receiver.cluster.errors import ClusterError, Unavailable
from receiver.cluster.items import read_item
from receiver.cluster.kinds import FAMILIES, folder, folder_of, get_observed, patience
from receiver.cluster.owners import label_selector, owned
from receiver.cluster.pages import PAGE, listed
from receiver.cluster.podowners import owner_of
from receiver.cluster.pods import read_pods
from receiver.cluster.reading import readable
from receiver.cluster.records import Records
from receiver.cluster.selectors import Selectors
from receiver.cluster.services import Services
from receiver.cluster.sightings import (
    Annotations,
    Found,
    Readable,
    Sighting,
    fault_of,
    is_outdated,
    missing,
    sighting_of,
)
from receiver.policy.grouping import Resolve
from receiver.policy.inventory import State
from receiver.policy.needs import Item
from receiver.policy.pods import Pod
from receiver.policy.targets import ServiceRef
from receiver.policy.vocabulary import Kind
from receiver.policy.workload import Unreadable, WorkloadRef

BULK = 5
"""From so many workloads of one namespace on, the namespace is listed instead."""
AT_A_TIME = 10
"""So many of the things that templates name are read side by side."""


class SnapshotReader:
    """Reads workloads of every kind that can be rolled back."""

    def __init__(self, api: Api, records: Records, pool: Executor) -> None:
        self._api = api
        self._records = records
        self._pool = pool
        self._selectors = Selectors()

    def read(self, ref: WorkloadRef, until: float | None = None) -> Found:
        """Read one workload, with as few round trips one after the other as can be.

        `until` is when its controller is no longer waited for, None: a moment from now.

        Raises:
            ClusterError: the records cannot be read; Unavailable: anything may be there in a moment.
        """
        family, likely = FAMILIES[ref.kind], self._selectors.get(ref, f"app={ref.name}")
        reading = self._pool.submit(get_observed, self._api, ref, until or patience())
        records = self._pool.submit(self._records.about, ref)
        annotations = self._pool.submit(self._namespace_annotations, ref.namespace)
        query = {"labelSelector": likely}
        history = None if family.lists_late else self._history(ref.kind, ref.namespace, query)
        try:
            workload = reading.result()
        except Unavailable:
            raise
        except ClusterError as e:
            return fault_of(ref, e)
        if fault := family.fault(workload):
            return fault
        selector = self._selectors.note(ref, label_selector(workload))
        if history is None or selector != likely:
            history = self._history(ref.kind, ref.namespace, {"labelSelector": selector})
        known = with_pods(self._api, workload, history)
        about = records.result()
        if is_outdated(about, workload):
            about = self._records.about(ref)
        return sighting_of(workload, known, annotations.result(), about)

    def read_all(self, refs: Iterable[WorkloadRef]) -> dict[WorkloadRef, Found]:
        """Read many workloads.

        Raises:
            ClusterError: as `read`.
        """
        alike: dict[tuple[str, str], list[WorkloadRef]] = defaultdict(list)
        for ref in refs:
            alike[ref.namespace, ref.kind].append(ref)
        found: dict[WorkloadRef, Found] = {}
        until = patience()
        for (namespace, kind), wanted in alike.items():
            found |= (
                self._bulk(namespace, kind, wanted)
                if len(wanted) >= BULK
                else {r: self.read(r, until) for r in wanted}
            )
        return found

    def _bulk(self, namespace: str, kind: str, refs: Sequence[WorkloadRef]) -> dict[WorkloadRef, Found]:
        records = self._pool.submit(self._records.about_namespace, namespace)
        annotations = self._pool.submit(self._namespace_annotations, namespace)
        late = FAMILIES[kind].lists_late
        history = None if late else self._pool.submit(self._history, kind, namespace, {})
        try:
            listed = self._list(folder_of(kind, namespace), {})
        except Unavailable:
            raise
        except ClusterError as e:
            return {ref: fault_of(ref, e) for ref in refs}
        workloads = {raw["metadata"]["name"]: _typed(raw, kind) for raw in listed}
        by_owner = _by_owner(history.result() if history else self._history(kind, namespace, {}))
        by_target = records.result()
        if any(
            is_outdated(by_target.get((ref.kind, ref.name), []), workloads[ref.name])
            for ref in refs
            if ref.name in workloads
        ):
            by_target = self._records.about_namespace(namespace)
        return {
            ref: FAMILIES[kind].fault(workload)
            or sighting_of(
                workload,
                with_pods(self._api, workload, by_owner(workload)),
                annotations.result(),
                by_target.get((ref.kind, ref.name), []),
            )
            if (workload := workloads.get(ref.name))
            else missing(ref)
            for ref in refs
        }

    def pods(self, sightings: Iterable[Sighting]) -> list[tuple[Pod, ...] | Unreadable]:
        """Read the pods of each of these workloads.

        Raises:
            Unavailable: they may be readable in a moment.
        """
        wanted = [(sighting.snapshot.workload.ref, sighting.selector) for sighting in sightings]
        return list(self._pool.map(lambda one: read_pods(self._api, *one), wanted))

    def items(self, wanted: Sequence[Item]) -> dict[Item, State]:
        """Read things that templates name.

        Raises:
            Unavailable: they may be readable in a moment.
        """
        found: dict[Item, State] = {}
        for start in range(0, len(wanted), AT_A_TIME):
            some = wanted[start : start + AT_A_TIME]
            states = self._pool.map(lambda item: read_item(self._api, item), some)
            found |= dict(zip(some, states, strict=True))
        return found

    def resolver(self) -> Resolve:
        """Return what follows a pod by its controllers, or a Service by its selector, to the workload.

        It is for one payload, and raises Unavailable where a workload may be found in a moment.
        """
        services, api = Services(self._api, self._pool), self._api
        return lambda clue: (
            services.selected_by(clue) if isinstance(clue, ServiceRef) else owner_of(api, clue)
        )

    def _history(self, kind: str, namespace: str, query: Mapping[str, str]) -> Readable:
        family = FAMILIES[kind]
        return readable(
            f"the {family.revisions_name} of namespace {namespace}",
            lambda: self._list(folder(namespace, family.revisions_plural), query),
        )

    def _namespace_annotations(self, namespace: str) -> Annotations:
        return readable(f"namespace {namespace}", lambda: self._annotations(namespace))

    def _annotations(self, namespace: str) -> dict[str, str]:
        raw = self._api.call("GET", path("api", "v1", "namespaces", namespace))
        return raw["metadata"].get("annotations") or {}

    def _list(self, folder: str, query: Mapping[str, str]) -> list[Object]:
        return list(listed(self._api, folder, query, limit=PAGE))


def _typed(raw: Object, kind: str) -> Object:
    """Give an item of a list the type that the API server leaves out there."""
    return {"apiVersion": Kind(kind).api_version, "kind": kind, **raw}


def _by_owner(history: Readable) -> Callable[[Object], Readable]:
    if isinstance(history, Unreadable):
        unreadable = history
        return lambda _: unreadable
    sorted_out: dict[str, list[Object]] = defaultdict(list)
    for raw in history:
        for owner in raw["metadata"].get("ownerReferences") or []:
            sorted_out[owner["uid"]].append(raw)
    return lambda workload: owned(workload, sorted_out.get(workload["metadata"]["uid"], []))
