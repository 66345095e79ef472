"""Deployments: from the raw object and its ReplicaSets to a workload that can be judged.

Which ReplicaSets belong, which is the live one and what a revision's number is: as kubectl rollout. When a
revision went live is read from what a scale or an annotation does not move; see `_went_live`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from receiver.cluster.api import Api, path
from receiver.policy.history import Tenure, with_tenures
from receiver.policy.record import LAST_ROLLBACK, PastRollback, bare_template, parse_last_rollback
from receiver.policy.times import parse_time
from receiver.policy.workload import POD_TEMPLATE_HASH, Revision, Unreadable, Workload, WorkloadRef

Object = Mapping[str, Any]
Raw = TypeVar("Raw", bound=Object)
KIND = "Deployment"
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
ROLLED_OUT = "NewReplicaSetAvailable"
DEFAULT_HISTORY_LIMIT = 10
DIGITS = 18


def get_deployment(api: Api, ref: WorkloadRef) -> dict[str, Any]:
    """Read one Deployment.

    Raises:
        NotFound: there is none of that name.
        ClusterError: it could not be read.
    """
    return api.call("GET", path("apis", "apps", "v1", "namespaces", ref.namespace, "deployments", ref.name))


def label_selector(deployment: Object) -> str:
    """Write the Deployment's selector as a query parameter."""
    selector = deployment["spec"]["selector"]
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    return ",".join([*terms, *(_expression(item) for item in selector.get("matchExpressions") or [])])


def _expression(item: Object) -> str:
    key, values = item["key"], ",".join(item.get("values") or [])
    operators = {
        "In": f"{key} in ({values})",
        "NotIn": f"{key} notin ({values})",
        "Exists": key,
        "DoesNotExist": f"!{key}",
    }
    return str(operators[item["operator"]])


def owned(deployment: Object, replica_sets: Iterable[Raw]) -> list[Raw]:
    """Return the ReplicaSets whose controller is this Deployment: a like neighbour's are not."""
    uid = deployment["metadata"]["uid"]
    return [rs for rs in replica_sets if _controller_uid(rs) == uid]


def _controller_uid(replica_set: Object) -> str | None:
    owners = replica_set["metadata"].get("ownerReferences") or []
    return next((owner["uid"] for owner in owners if owner.get("controller")), None)


def to_workload(
    deployment: Object,
    replica_sets: Sequence[Object] | Unreadable,
    *,
    past: Sequence[PastRollback] = (),
    namespace_annotations: Mapping[str, str] | Unreadable | None = None,
) -> Workload:
    """Make the snapshot. `past` tells when a revision that we restored went live again."""
    metadata, spec = deployment["metadata"], deployment["spec"]
    live, others = _history(deployment, replica_sets, past)
    return Workload(
        ref=reference(deployment),
        api_version="apps/v1",
        uid=metadata["uid"],
        generation=metadata["generation"],
        live=live,
        revisions=others,
        paused=bool(spec.get("paused")),
        revision_history_limit=spec.get("revisionHistoryLimit", DEFAULT_HISTORY_LIMIT),
        annotations=metadata.get("annotations") or {},
        namespace_annotations=namespace_annotations,
    )


def reference(deployment: Object) -> WorkloadRef:
    """Name the Deployment."""
    return WorkloadRef(KIND, deployment["metadata"]["namespace"], deployment["metadata"]["name"])


def _history(
    deployment: Object, listed: Sequence[Object] | Unreadable, past: Sequence[PastRollback]
) -> tuple[Revision, tuple[Revision, ...] | Unreadable]:
    """Return the live revision and the others."""
    if isinstance(listed, Unreadable):
        return _unnumbered(deployment), listed
    replica_sets = owned(deployment, listed)
    numbered = [rs for rs in replica_sets if _number(rs) is not None]
    live = _live_replica_set(deployment, replica_sets)
    newest = max((_number(rs) or 0 for rs in numbered), default=0)
    tenures = [
        Tenure(_revision(rs), _created(rs), _renewed(deployment, rs, rs is live, newest=newest, past=past))
        for rs in numbered
    ]
    revisions = with_tenures(tenures)
    # By the template itself: a number that somebody wrote may stand on two ReplicaSets.
    mine = None if live is None else live["spec"]["template"]
    current = next((revision for revision in revisions if revision.template is mine), None)
    others = tuple(revision for revision in revisions if revision is not current)
    return current or _unnumbered(deployment), others


def _live_replica_set(deployment: Object, replica_sets: Sequence[Object]) -> Object | None:
    """Return the ReplicaSet of the live template, the oldest where several fit, as the controller does."""
    wanted = bare_template(deployment["spec"]["template"])
    fitting = [rs for rs in replica_sets if bare_template(rs["spec"]["template"]) == wanted]
    return min(fitting, key=lambda rs: (_created(rs), rs["metadata"]["name"]), default=None)


def _unnumbered(deployment: Object) -> Revision:
    return Revision(
        number=None, template=deployment["spec"]["template"], live_since=_template_set_at(deployment)
    )


def _revision(replica_set: Object) -> Revision:
    template = replica_set["spec"]["template"]
    wanted = replica_set["spec"].get("replicas") or 0
    available = (replica_set.get("status") or {}).get("availableReplicas") or 0
    return Revision(
        number=_number(replica_set),
        template=template,
        template_hash=(replica_set["metadata"].get("labels") or {}).get(POD_TEMPLATE_HASH),
        former_numbers=_former_numbers(replica_set),
        available=_available(wanted, available),
    )


def _available(wanted: int, available: int) -> bool | None:
    """Tell what the replicas of this moment say: all there, none there; anything else proves nothing."""
    if not wanted or 0 < available < wanted:
        return None
    return available >= wanted


def _renewed(
    deployment: Object, replica_set: Object, is_live: bool, *, newest: int, past: Sequence[PastRollback]
) -> datetime | None:
    """Tell when a revision last went live again; the live one's own creation is too old for that."""
    if is_live:
        reused = bool(_former_numbers(replica_set)) or (_number(replica_set) or 0) < newest
        return _went_live(deployment) if reused else None
    template_hash = (replica_set["metadata"].get("labels") or {}).get(POD_TEMPLATE_HASH)
    patches = [p.patched_at for p in past if p.patched_at and p.to_hash and p.to_hash == template_hash]
    return max(patches, default=None)


def _went_live(deployment: Object) -> datetime | None:
    """Tell when the live template was set, and no later than its rollout was complete."""
    set_at, complete = _template_set_at(deployment), _rolled_out_at(deployment)
    return min(set_at, complete) if set_at and complete else set_at


def _template_set_at(deployment: Object) -> datetime | None:
    """Return the newest time of a manager that owns the template; a scale's entry never does."""
    times = [
        parse_time(entry.get("time"))
        for entry in deployment["metadata"].get("managedFields") or []
        if not entry.get("subresource")
        and "f:template" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
    ]
    return max((moment for moment in times if moment), default=None)


def _rolled_out_at(deployment: Object) -> datetime | None:
    conditions = (deployment.get("status") or {}).get("conditions") or []
    progressing: Object = next((c for c in conditions if c["type"] == "Progressing"), {})
    if progressing.get("reason") != ROLLED_OUT or not _observed(deployment):
        return None
    return parse_time(progressing.get("lastUpdateTime"))


def _observed(deployment: Object) -> bool:
    observed = (deployment.get("status") or {}).get("observedGeneration") or 0
    return bool(observed >= deployment["metadata"]["generation"])


def _annotations(item: Object) -> Mapping[str, str]:
    return item["metadata"].get("annotations") or {}


def _number(replica_set: Object) -> int | None:
    text = _annotations(replica_set).get(REVISION, "")
    return int(text) if _is_number(text) else None


def _former_numbers(replica_set: Object) -> tuple[int, ...]:
    text = _annotations(replica_set).get(REVISION_HISTORY, "")
    return tuple(int(number) for number in text.split(",") if _is_number(number))


def _is_number(text: str) -> bool:
    """Tell whether this is a number that an int64, which kubectl and the record keep it in, surely holds."""
    return text.isdecimal() and len(text) <= DIGITS


def _created(replica_set: Object) -> datetime:
    created = parse_time(replica_set["metadata"]["creationTimestamp"])
    assert created is not None  # noqa: S101
    return created


def remembered(deployment: Object, replica_sets: Iterable[Object]) -> tuple[PastRollback, ...] | Unreadable:
    """Read our annotation from the Deployment and from its ReplicaSets, to which the controller copies it.

    A broken one on the Deployment makes the past unreadable; a broken copy is passed over.
    """
    ref, text = reference(deployment), _annotations(deployment).get(LAST_ROLLBACK)
    try:
        own = [] if text is None else [parse_last_rollback(text, target=ref)]
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        return Unreadable(
            f"the annotation {LAST_ROLLBACK} of {ref}", f"{type(e).__name__}, remove or mend it"
        )
    copies = [_annotations(rs).get(LAST_ROLLBACK) for rs in owned(deployment, replica_sets)]
    return (*own, *(past for copy in copies if copy and (past := _copy(copy, ref))))


def _copy(text: str, ref: WorkloadRef) -> PastRollback | None:
    try:
        return parse_last_rollback(text, target=ref)
    except (KeyError, TypeError, ValueError, AttributeError, json.JSONDecodeError):
        return None
