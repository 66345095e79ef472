"""StatefulSets: which of their revisions never were available, and the pods that block the way back.

With OrderedReady, which is the default, the controller waits for a pod that never gets ready even when it is
to be replaced, until somebody deletes it (kubernetes#67250).
"""

from collections.abc import Iterator, Sequence

from receiver.cluster import controllerrevisions
from receiver.cluster.api import Api, path
from receiver.cluster.errors import Conflict, NotFound
from receiver.cluster.evidence import History, Object, labels, observed
from receiver.cluster.owners import label_selector, owned
from receiver.cluster.pods import REVISION_HASH
from receiver.policy.record import PastRollback

HASH_LABEL = "controller.kubernetes.io/hash"
ROLLING_UPDATE, ORDERED = "RollingUpdate", "OrderedReady"
NAME_IN_REVISION = 223
"""So much of a StatefulSet's name the controller takes into its revisions' names."""


def history(stateful_set: Object, found: Sequence[Object], past: Sequence[PastRollback]) -> History:
    """Return the revisions of a StatefulSet, from the ControllerRevisions that it owns."""
    complete = _complete(stateful_set)
    serving = (complete,) if complete else ()
    return controllerrevisions.history(stateful_set, found, past, hash_label=HASH_LABEL, serving=serving)


def _complete(stateful_set: Object) -> str | None:
    """Return the hash of the last revision whose rollout was complete, None where nothing tells.

    The controller says so as currentRevision, but only where it replaces pods by itself. Those below a
    partition keep that revision until there is none: what came since never had all replicas.
    """
    strategy = stateful_set["spec"].get("updateStrategy") or {}
    if strategy.get("type", ROLLING_UPDATE) != ROLLING_UPDATE:
        return None
    current = (stateful_set.get("status") or {}).get("currentRevision") or ""
    return current.rpartition("-")[2] or None


def free_stuck_pods(api: Api, stateful_set: Object, suspect_hash: str) -> Iterator[str]:
    """Delete the pods of the suspected revision that are not ready; yield the name of each that is deleted.

    Only of a StatefulSet whose controller has seen the patch and waits for them; each pod by its uid, so that
    none that was made meanwhile goes with it.

    Raises:
        ClusterError: they could not be listed, or one could not be deleted.
    """
    if not observed(stateful_set) or not _waits_for_pods(stateful_set):
        return
    namespace, name = stateful_set["metadata"]["namespace"], stateful_set["metadata"]["name"]
    of_suspect = f"{REVISION_HASH}={name[:NAME_IN_REVISION]}-{suspect_hash}"
    folder = path("api", "v1", "namespaces", namespace, "pods")
    selector = f"{label_selector(stateful_set)},{of_suspect}"
    listed = api.call("GET", folder, query={"labelSelector": selector})["items"]
    for pod in owned(stateful_set, listed):
        if _is_stuck(pod, of_suspect) and _delete(api, folder, pod):
            yield pod["metadata"]["name"]


def _waits_for_pods(stateful_set: Object) -> bool:
    spec = stateful_set["spec"]
    strategy = (spec.get("updateStrategy") or {}).get("type", ROLLING_UPDATE)
    return bool(strategy == ROLLING_UPDATE and spec.get("podManagementPolicy", ORDERED) == ORDERED)


def _is_stuck(pod: Object, of_suspect: str) -> bool:
    """Tell whether a pod is the suspect's, not ready, and not on its way out already."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    mine = f"{REVISION_HASH}={labels(pod).get(REVISION_HASH)}" == of_suspect
    return mine and not ready and not pod["metadata"].get("deletionTimestamp")


def _delete(api: Api, folder: str, pod: Object) -> bool:
    """Delete this very pod; False where it is gone, or another has its name by now."""
    options = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": pod["metadata"]["uid"]},
    }
    try:
        api.call("DELETE", folder + path(pod["metadata"]["name"]), body=options)
    except (NotFound, Conflict):
        return False
    return True
