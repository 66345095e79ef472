"""What a Service stands for: from its selector to the one workload whose pods it sends traffic to.

The pods are not asked, of which a broken release may have none: the templates tell whose they would be.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from itertools import islice

from receiver.cluster.api import Api, Object, path
from receiver.cluster.argo_rollouts import HASH_LABEL
from receiver.cluster.errors import ClusterError, Forbidden, NotFound, Unavailable
from receiver.cluster.evidence import labels
from receiver.cluster.kinds import FAMILIES, folder_of, is_served
from receiver.cluster.pages import PAGE, listed
from receiver.policy.targets import ServiceRef, TargetFault, TargetReason
from receiver.policy.workload import WorkloadRef

MOST = 5000
"""So many workloads of one kind in one namespace are looked through, and no more."""
NAMED = 5
"""So many of several workloads are named; an on-call needs no more of them."""

Labels = Mapping[str, str]


class Services:
    """What the Services of one payload select: a namespace's workloads are listed once for all of them."""

    def __init__(self, api: Api, pool: Executor) -> None:
        self._api = api
        self._pool = pool
        self._listed: dict[str, list[tuple[WorkloadRef, Labels]]] = {}

    def selected_by(self, service: ServiceRef) -> WorkloadRef | TargetFault:
        """Find the only workload whose template a Service's selector matches.

        Raises:
            Unavailable: what is needed may be readable in a moment.
        """
        try:
            spec = self._api.call("GET", _path_of(service))["spec"]
            selector = _of_every_version(spec.get("selector") or {})
            if spec.get("type") == "ExternalName":
                return _without_pods(service, "is of type ExternalName, which selects no pods")
            if not selector:
                return _without_pods(service, "has no selector")
            workloads = self._workloads(service.namespace)
        except Unavailable:
            raise
        except NotFound:
            return TargetFault(TargetReason.NOT_FOUND, f"{service} does not exist")
        except ClusterError as e:
            return TargetFault(TargetReason.UNREADABLE, f"cannot read what {service} selects: {e}")
        return _only(service, selector, [ref for ref, has in workloads if selector.items() <= has.items()])

    def _workloads(self, namespace: str) -> list[tuple[WorkloadRef, Labels]]:
        """Return the workloads of a namespace and their pod labels; the kinds are read side by side."""
        if namespace not in self._listed:
            listed = self._pool.map(lambda kind: self._of_kind(kind, namespace), FAMILIES)
            found = {ref: spec for each in listed for ref, spec in each}
            self._listed[namespace] = [(ref, _pod_labels(ref, found)) for ref in found]
        return self._listed[namespace]

    def _of_kind(self, kind: str, namespace: str) -> list[tuple[WorkloadRef, Object]]:
        """Return the workloads of a kind and their specs; none where the cluster does not know the kind."""
        plural = FAMILIES[kind].plural
        try:
            found = list(islice(listed(self._api, folder_of(kind, namespace), {}, limit=PAGE), MOST + 1))
        except (NotFound, Forbidden):
            if is_served(self._api, kind):
                raise
            return []
        if len(found) > MOST:
            said = f"namespace {namespace} has more than {MOST} {plural}: name one in the rule's target"
            raise ClusterError(said)
        return [(WorkloadRef(kind, namespace, raw["metadata"]["name"]), raw["spec"]) for raw in found]


def _path_of(service: ServiceRef) -> str:
    return path("api", "v1", "namespaces", service.namespace, "services", service.name)


def _of_every_version(selector: Labels) -> Labels:
    """Leave out by what Argo Rollouts narrows the Services of a Rollout to the pods of one version."""
    return {key: value for key, value in selector.items() if key != HASH_LABEL}


def _pod_labels(ref: WorkloadRef, specs: Mapping[WorkloadRef, Object]) -> Labels:
    """Return the labels of a workload's template, which may be another's whose pods it makes instead."""
    spec = specs[ref]
    if elsewhere := spec.get("workloadRef"):
        spec = specs.get(WorkloadRef(elsewhere.get("kind", ""), ref.namespace, elsewhere.get("name", "")), {})
    return labels({"metadata": (spec.get("template") or {}).get("metadata") or {}})


def _without_pods(service: ServiceRef, fault: str) -> TargetFault:
    return TargetFault(
        TargetReason.NO_SELECTOR, f"{service} {fault}: name the workload in the rule's target instead"
    )


def _only(service: ServiceRef, selector: Labels, found: Sequence[WorkloadRef]) -> WorkloadRef | TargetFault:
    if len(found) == 1:
        return found[0]
    who = f"{service} ({','.join(f'{key}={value}' for key, value in sorted(selector.items()))})"
    if not found:
        *kinds, last = FAMILIES
        return TargetFault(TargetReason.SELECTS_NONE, f"{who} selects no {', '.join(kinds)} or {last}")
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    names = ", ".join(str(ref) for ref in found[:NAMED])
    return TargetFault(
        TargetReason.SELECTS_SEVERAL, f"{who} selects {len(found)} workloads, not one: {names}{more}"
    )
