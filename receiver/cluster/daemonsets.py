"""DaemonSets: which of their revisions has kept pods while a rollout is under way.

Their status names no revision. But a rollout that gets no further leaves pods as they were: whatever was
released since never was on all nodes.
"""

from collections.abc import Sequence

from receiver.cluster import controllerrevisions
from receiver.cluster.api import Api, path
from receiver.cluster.api import Object as Raw
from receiver.cluster.evidence import History, Object, labels, observed, reference
from receiver.cluster.owners import label_selector
from receiver.cluster.pages import PAGE, listed
from receiver.cluster.pods import REVISION_HASH, to_pod
from receiver.cluster.reading import readable
from receiver.policy.record import PastRollback
from receiver.policy.vocabulary import Kind
from receiver.policy.workload import Unreadable

ROLLING_UPDATE = "RollingUpdate"


def with_pods(api: Api, workload: Object, revisions: list[Raw] | Unreadable) -> list[Raw] | Unreadable:
    """Return what holds a workload's revisions; for a DaemonSet that is being rolled out, its pods too.

    Raises:
        Unavailable: the pods may be readable in a moment.
    """
    if isinstance(revisions, Unreadable) or not _is_under_way(workload):
        return revisions
    folder = path("api", "v1", "namespaces", workload["metadata"]["namespace"], "pods")
    query = {"labelSelector": label_selector(workload)}
    return readable(
        f"the pods of {reference(workload)}",
        lambda: [*revisions, *listed(api, folder, query, limit=PAGE)],
    )


def _is_under_way(workload: Object) -> bool:
    strategy = workload["spec"].get("updateStrategy") or {}
    if workload["kind"] != Kind.DAEMON_SET or strategy.get("type", ROLLING_UPDATE) != ROLLING_UPDATE:
        return False
    status = workload.get("status") or {}
    updated, desired = (status.get(f"{each}NumberScheduled") or 0 for each in ("updated", "desired"))
    return not observed(workload) or updated < desired


def history(daemon_set: Object, found: Sequence[Object], past: Sequence[PastRollback]) -> History:
    """Return the revisions of a DaemonSet, from the ControllerRevisions that it owns, and its pods."""
    serving = frozenset(labels(raw)[REVISION_HASH] for raw in found if _serves(raw, daemon_set))
    return controllerrevisions.history(daemon_set, found, past, hash_label=REVISION_HASH, serving=serving)


def _serves(raw: Object, daemon_set: Object) -> bool:
    """Tell whether this is a pod that is there to stay; one on a lost node is neither ready nor replaced."""
    ready = to_pod(raw, reference(daemon_set)).ready
    return ready and REVISION_HASH in labels(raw) and not raw["metadata"].get("deletionTimestamp")
