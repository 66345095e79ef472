"""Deployments: their revisions are ReplicaSets, numbered by an annotation.

Which one is live and what a revision's number is: as kubectl rollout. When a revision went live is read from
what a scale or an annotation does not move; see `_went_live`.
"""

from collections.abc import Sequence
from datetime import datetime

from receiver.cluster.evidence import (
    CHANGE_CAUSE,
    History,
    Object,
    annotations,
    created_at,
    emptied_at,
    labels,
    observed,
    restored,
    restored_at,
    template_set_at,
)
from receiver.policy.history import Tenure, with_tenures
from receiver.policy.podtemplate import POD_TEMPLATE_HASH, bare_template
from receiver.policy.record import PastRollback
from receiver.policy.times import parse_time
from receiver.policy.workload import Revision

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
ROLLED_OUT = "NewReplicaSetAvailable"
DIGITS = 18


def history(
    deployment: Object,
    replica_sets: Sequence[Object],
    past: Sequence[PastRollback],
    *,
    keeps_old: bool = False,
) -> History:
    """Return the revisions of a Deployment, from the ReplicaSets that it owns.

    `keeps_old` says that its controller keeps old replicas when a rollout is complete: they prove nothing.
    """
    numbered = [rs for rs in replica_sets if _number(rs) is not None]
    live = _live_replica_set(deployment, replica_sets)
    newest = max((_number(rs) or 0 for rs in numbered), default=0)
    tenures = [
        Tenure(
            _revision(rs),
            created_at(rs),
            _renewed(deployment, rs, rs is live, newest=newest, past=past),
            live=rs is live,
            serving=not keeps_old and rs is not live and bool(_wanted(rs)),
            emptied_at=None if keeps_old or _wanted(rs) else emptied_at(rs),
            restored=restored(labels(rs).get(POD_TEMPLATE_HASH), past),
        )
        for rs in numbered
    ]
    revisions = with_tenures(tenures)
    # By the template itself: a number that somebody wrote may stand on two ReplicaSets.
    mine = None if live is None else live["spec"]["template"]
    current = next((revision for revision in revisions if revision.template is mine), None)
    return current, tuple(revision for revision in revisions if revision is not current)


def _live_replica_set(deployment: Object, replica_sets: Sequence[Object]) -> Object | None:
    """Return the ReplicaSet of the live template, the oldest where several fit, as the controller does."""
    wanted = bare_template(deployment["spec"]["template"])
    fitting = [rs for rs in replica_sets if bare_template(rs["spec"]["template"]) == wanted]
    return min(fitting, key=lambda rs: (created_at(rs), rs["metadata"]["name"]), default=None)


def _revision(replica_set: Object) -> Revision:
    template = replica_set["spec"]["template"]
    available = (replica_set.get("status") or {}).get("availableReplicas") or 0
    return Revision(
        number=_number(replica_set),
        template=template,
        template_hash=labels(replica_set).get(POD_TEMPLATE_HASH),
        former_numbers=_former_numbers(replica_set),
        first_live_since=created_at(replica_set),
        available=_available(_wanted(replica_set), available),
        change_cause=annotations(replica_set).get(CHANGE_CAUSE),
    )


def _wanted(replica_set: Object) -> int:
    wanted: int = replica_set["spec"].get("replicas") or 0
    return wanted


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
    return restored_at(labels(replica_set).get(POD_TEMPLATE_HASH), past)


def _went_live(deployment: Object) -> datetime | None:
    """Tell when the live template was set, and no later than its rollout was complete."""
    set_at, complete = template_set_at(deployment), _rolled_out_at(deployment)
    return min(set_at, complete) if set_at and complete else set_at


def _rolled_out_at(deployment: Object) -> datetime | None:
    conditions = (deployment.get("status") or {}).get("conditions") or []
    progressing: Object = next((c for c in conditions if c["type"] == "Progressing"), {})
    if progressing.get("reason") != ROLLED_OUT or not observed(deployment):
        return None
    return parse_time(progressing.get("lastUpdateTime"))


def _number(replica_set: Object) -> int | None:
    text = annotations(replica_set).get(REVISION, "")
    return int(text) if _is_number(text) else None


def _former_numbers(replica_set: Object) -> tuple[int, ...]:
    text = annotations(replica_set).get(REVISION_HISTORY, "")
    return tuple(int(number) for number in text.split(",") if _is_number(number))


def _is_number(text: str) -> bool:
    """Tell whether this is a number that an int64, which kubectl and the record keep it in, surely holds."""
    return text.isdecimal() and len(text) <= DIGITS
