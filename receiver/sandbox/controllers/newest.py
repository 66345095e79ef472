"""The ReplicaSet of a Deployment's present template: which it is, how it is made, numbered and annotated."""

from collections.abc import Mapping
from typing import Any

from receiver.sandbox.controllers import writes
from receiver.sandbox.controllers.progress import condition, has_deadline, with_condition
from receiver.sandbox.controllers.sizes import max_surge, replicas_of, sizes, tell_scaled, total
from receiver.sandbox.controllers.work import Work
from receiver.sandbox.controllers.writes import digest, named, put, put_status, reference
from receiver.sandbox.errors import ApiError
from receiver.sandbox.resources import DEPLOYMENTS, REPLICA_SETS

Object = dict[str, Any]
HASH = "pod-template-hash"
REVISION, HISTORY = "deployment.kubernetes.io/revision", "deployment.kubernetes.io/revision-history"
OWN = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        HISTORY,
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
        "deprecated.deployment.rollback.to",
    }
)
LONGEST_HISTORY = 2000


def by_age(replica_set: Object) -> tuple[str, str]:
    """Return what ReplicaSets are sorted by from the oldest to the newest."""
    return replica_set["metadata"]["creationTimestamp"], replica_set["metadata"]["name"]


def revision_of(replica_set: Object) -> int:
    """Return the number of a ReplicaSet's revision, 0 if it has none."""
    text = (replica_set["metadata"].get("annotations") or {}).get(REVISION, "")
    return int(text) if text.isdecimal() else 0


def sort_out(deployment: Object, sets: list[Object]) -> tuple[Object | None, list[Object]]:
    """Return the oldest ReplicaSet with the Deployment's template, None if there is none; and the others."""
    wanted = _bare(deployment["spec"]["template"])
    ordered = sorted(sets, key=by_age)
    new = next((each for each in ordered if _bare(each["spec"]["template"]) == wanted), None)
    return new, [each for each in ordered if each is not new]


def renew(work: Work, deployment: Object, new: Object, old: list[Object]) -> tuple[Object, Object]:
    """Give the new ReplicaSet the highest number and the Deployment's annotations; return both as stored."""
    annotations = _annotated(deployment, new["metadata"].get("annotations") or {}, _next_revision(old))
    spec = {key: value for key, value in new["spec"].items() if key != "minReadySeconds"}
    spec |= _patience(deployment)
    changed = {**new, "metadata": {**new["metadata"], "annotations": annotations}, "spec": spec}
    new = put(work, REPLICA_SETS, new, changed)
    status = deployment.get("status") or {}
    if has_deadline(deployment) and condition(status, "Progressing") is None:
        said = f'Found new replica set "{new["metadata"]["name"]}"'
        status = with_condition(work, status, ("Progressing", "True", "FoundNewReplicaSet", said))
    return put_status(
        work, DEPLOYMENTS, deployment, status, annotations={REVISION: annotations[REVISION]}
    ), new


def create(work: Work, deployment: Object, old: list[Object]) -> tuple[Object, Object]:
    """Make the ReplicaSet of a new template; return the Deployment and it, as stored."""
    status = deployment.get("status") or {}
    ending = digest(_bare(deployment["spec"]["template"]), status.get("collisionCount"))
    made = _made(deployment, ending, old)
    try:
        new = writes.create(work, REPLICA_SETS, made)
    except ApiError as e:
        if e.code != 409:
            raise
        status = {**status, "collisionCount": status.get("collisionCount", 0) + 1}
        return create(work, put_status(work, DEPLOYMENTS, deployment, status), old)
    tell_scaled(work, deployment, new, before=0)
    if has_deadline(deployment):
        said = f'Created new replica set "{new["metadata"]["name"]}"'
        status = with_condition(work, status, ("Progressing", "True", "NewReplicaSetCreated", said))
    revision = made["metadata"]["annotations"][REVISION]
    return put_status(work, DEPLOYMENTS, deployment, status, annotations={REVISION: revision}), new


def _made(deployment: Object, ending: str, old: list[Object]) -> Object:
    template = deployment["spec"]["template"]
    labels = {**template["metadata"]["labels"], HASH: ending}
    selector = deployment["spec"]["selector"]
    fitting = {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH: ending}}
    wanted = replicas_of(deployment)
    room = max(wanted + max_surge(deployment) - total(old), 0)
    rolling = deployment["spec"]["strategy"]["type"] == "RollingUpdate"
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": named(deployment, ending),
            "namespace": deployment["metadata"]["namespace"],
            "labels": labels,
            "annotations": _annotated(deployment, sizes(deployment), _next_revision(old)),
            "ownerReferences": [reference(deployment)],
        },
        "spec": {
            "replicas": min(wanted, room) if rolling else wanted,
            **_patience(deployment),
            "selector": fitting,
            "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
        },
        "status": {"replicas": 0},
    }


def _patience(deployment: Object) -> Object:
    wanted = deployment["spec"].get("minReadySeconds")
    return {"minReadySeconds": wanted} if wanted else {}


def _next_revision(old: list[Object]) -> int:
    return max(map(revision_of, old), default=0) + 1


def _annotated(deployment: Object, held: Mapping[str, str], revision: int) -> dict[str, str]:
    """Return a ReplicaSet's annotations; a number that a higher one replaces goes to its history."""
    given = deployment["metadata"].get("annotations") or {}
    annotations = {**held, **{key: value for key, value in given.items() if key not in OWN}}
    before = held.get(REVISION, "")
    if before and not before.isdecimal():
        return annotations
    if int(before or 0) < revision:
        annotations[REVISION] = str(revision)
        if before:
            history = ",".join(filter(None, [held.get(HISTORY), before]))
            annotations[HISTORY] = history if len(history) <= LONGEST_HISTORY else history.partition(",")[2]
    return annotations


def _bare(template: Object) -> Object:
    """Return a template without its hash and without what is empty in its metadata."""
    metadata = dict(template.get("metadata") or {})
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH}
    metadata["labels"] = labels
    return {**template, "metadata": {key: value for key, value in metadata.items() if value}}
