"""What a Service stands for: from its selector to the one workload whose pods it sends traffic to.

The pods are not asked, of which a broken release may have none: the templates tell whose they would be.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from itertools import islice

from receiver.cluster.api import Api, Object, path
from receiver.cluster.errors import ClusterError, NotFound, Unavailable
from receiver.cluster.evidence import labels
from receiver.cluster.kinds import FAMILIES, folder
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
            selector: Labels = spec.get("selector") or {}
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
            found = self._pool.map(lambda kind: self._of_kind(kind, namespace), FAMILIES)
            self._listed[namespace] = [one for each in found for one in each]
        return self._listed[namespace]

    def _of_kind(self, kind: str, namespace: str) -> list[tuple[WorkloadRef, Labels]]:
        plural = FAMILIES[kind].plural
        found = list(islice(listed(self._api, folder(namespace, plural), {}, limit=PAGE), MOST + 1))
        if len(found) > MOST:
            said = f"namespace {namespace} has more than {MOST} {plural}: name one in the rule's target"
            raise ClusterError(said)
        return [(WorkloadRef(kind, namespace, raw["metadata"]["name"]), _pod_labels(raw)) for raw in found]


def _path_of(service: ServiceRef) -> str:
    return path("api", "v1", "namespaces", service.namespace, "services", service.name)


def _pod_labels(workload: Object) -> Labels:
    return labels({"metadata": workload["spec"]["template"].get("metadata") or {}})


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
