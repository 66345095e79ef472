"""Argo Rollouts: kind Rollout, whose revisions are ReplicaSets as a Deployment's are, under names of its own.

A Rollout's template lacks the defaults that its ReplicaSets' have, so which of them is live is what the
controller says: currentPodHash, which holds for the generation that it has seen and for no other.

Putting the template of the stable ReplicaSet back is all that a canary or a preview needs, whatever step it
is at: the controller brings every replica back to it at once and forgets an abort. So status.abort is never
set. Where the bad release was promoted, the one before it comes back by the Rollout's own steps.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from receiver.cluster import deployments
from receiver.cluster.evidence import Object, annotations, labels, reference
from receiver.cluster.rollout import Progress, State, is_ours
from receiver.policy.podtemplate import POD_TEMPLATE_HASH
from receiver.policy.record import PastRollback
from receiver.policy.targets import TargetFault, TargetReason
from receiver.policy.times import parse_time
from receiver.policy.workload import Revision, Unreadable

HASH_LABEL = "rollouts-pod-template-hash"
EPHEMERAL_METADATA = "rollout.argoproj.io/ephemeral-metadata"
"""What the controller has put on the pods of a canary or of the stable version, beyond their template."""
NAMES = {
    "rollout.argoproj.io/revision": deployments.REVISION,
    "rollout.argoproj.io/revision-history": deployments.REVISION_HISTORY,
}
"""The controller's annotations, and what a Deployment's are called."""
ANTI_AFFINITY_LISTS = (
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
)
HEALTHY, PAUSED, DEGRADED, INVALID = "Healthy", "Paused", "Degraded", "InvalidSpec"


def is_observed(rollout: Object) -> bool:
    """Tell whether the controller has seen the Rollout as it is now; it writes the generation as a string."""
    return str(_status(rollout).get("observedGeneration")) == str(rollout["metadata"]["generation"])


def fault(rollout: Object) -> TargetFault | None:
    """Tell why nothing can be judged of a Rollout, None where it can."""
    ref, status = reference(rollout), _status(rollout)
    if elsewhere := rollout["spec"].get("workloadRef"):
        owner = f"{elsewhere.get('kind')} {ref.namespace}/{elsewhere.get('name')}"
        return TargetFault(
            TargetReason.TEMPLATE_ELSEWHERE,
            f"{ref} takes its template from {owner} (spec.workloadRef): such a Rollout is not rolled back;"
            f" do it by hand with 'kubectl argo rollouts undo {ref.name} -n {ref.namespace}'",
        )
    if not is_observed(rollout):
        seen, wanted = status.get("observedGeneration", "none"), rollout["metadata"]["generation"]
        why = f"its controller has not seen generation {wanted} yet (seen: {seen}); does Argo Rollouts run?"
        return TargetFault(TargetReason.UNREADABLE, f"cannot tell which revision of {ref} is live: {why}")
    if invalid := _condition(rollout, INVALID):
        return TargetFault(
            TargetReason.UNREADABLE,
            f"cannot tell which revision of {ref} is live: its spec is invalid: {invalid.get('message')}",
        )
    return None


def history(
    rollout: Object, replica_sets: Sequence[Object], past: Sequence[PastRollback]
) -> tuple[Revision | None, tuple[Revision, ...] | Unreadable]:
    """Return the revisions of a Rollout, from the ReplicaSets that it owns.

    While an update is under way, none that came after the stable one has ever been promoted.
    """
    sets, status = [_as_of_deployment(raw) for raw in replica_sets], _status(rollout)
    live = _of_hash(sets, status.get("currentPodHash"))
    if live is None:
        why = f"no ReplicaSet has the hash of its live template, {status.get('currentPodHash')}"
        return None, Unreadable(f"the revisions of {reference(rollout)}", why)
    as_deployment, keeps_old = _as_deployment(rollout, live), _keeps_old(rollout)
    current, others = deployments.history(as_deployment, sets, past, keeps_old=keeps_old)
    stable = _of_hash(sets, status.get("stableRS"))
    if stable is None or stable is live:
        return current, others
    number = next((r.number for r in others if r.template is stable["spec"]["template"]), None) or 0
    return current, tuple(
        replace(each, available=False) if (each.number or 0) > number else each for each in others
    )


def rollout_status(rollout: Object, *, since: datetime) -> Progress:
    """Judge a Rollout's progress by its phase, as `kubectl argo rollouts status` does.

    What was degraded before `since`, our patch, is not ours.
    """
    ref, status = reference(rollout), _status(rollout)
    if not is_observed(rollout):
        return Progress(State.WAITING, "waiting for rollout spec update to be observed")
    phase, message = status.get("phase"), status.get("message") or ""
    if phase == HEALTHY and status.get("stableRS") == status.get("currentPodHash"):
        return Progress(State.DONE, f'rollout "{ref.name}" is healthy')
    said = f'rollout "{ref.name}" is {str(phase).lower()}: {message}'.removesuffix(": ")
    if phase == DEGRADED and is_ours(_progressed_at(rollout), since):
        return Progress(State.FAILED, said)
    if phase == PAUSED:
        promote = f"kubectl argo rollouts promote {ref.name} -n {ref.namespace} --full"
        return Progress(State.WAITING, f"{said}; skip its steps with '{promote}'")
    return Progress(State.WAITING, said)


def _progressed_at(rollout: Object) -> datetime | None:
    return parse_time((_condition(rollout, "Progressing") or {}).get("lastUpdateTime"))


def _status(rollout: Object) -> Mapping[str, Any]:
    return rollout.get("status") or {}


def _condition(rollout: Object, kind: str) -> Mapping[str, Any] | None:
    conditions = _status(rollout).get("conditions") or []
    return next((condition for condition in conditions if condition["type"] == kind), None)


def _of_hash(replica_sets: Sequence[Object], wanted: str | None) -> Object | None:
    return next(
        (raw for raw in replica_sets if wanted and labels(raw).get(POD_TEMPLATE_HASH) == wanted), None
    )


def _keeps_old(rollout: Object) -> bool:
    """Tell whether old replicas stay on when an update is complete: a plain canary's are gone by then."""
    canary = (rollout["spec"].get("strategy") or {}).get("canary")
    return canary is None or bool(canary.get("trafficRouting"))


def _as_deployment(rollout: Object, live: Object) -> Object:
    """Return a Rollout as if it were a Deployment; its template is the live ReplicaSet's."""
    status = {**_status(rollout), "observedGeneration": rollout["metadata"]["generation"]}
    return {**rollout, "spec": {**rollout["spec"], "template": live["spec"]["template"]}, "status": status}


def _as_of_deployment(replica_set: Object) -> Object:
    """Return a ReplicaSet as if a Deployment owned it."""
    has, notes = labels(replica_set), annotations(replica_set)
    kept = {key: value for key, value in notes.items() if key not in NAMES.values()}
    metadata = {
        **replica_set["metadata"],
        "labels": {**has, POD_TEMPLATE_HASH: has.get(HASH_LABEL)},
        "annotations": {**kept, **{name: notes[key] for key, name in NAMES.items() if key in notes}},
    }
    template = _as_released(replica_set["spec"]["template"], _ephemeral(replica_set))
    return {**replica_set, "metadata": metadata, "spec": {**replica_set["spec"], "template": template}}


def _ephemeral(replica_set: Object) -> Mapping[str, Any]:
    try:
        found = json.loads(annotations(replica_set).get(EPHEMERAL_METADATA, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _as_released(template: Mapping[str, Any], ephemeral: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ReplicaSet's template without what the controller has added to the one that was released."""
    metadata = dict(template.get("metadata") or {})
    for field, own in (("labels", {HASH_LABEL}), ("annotations", set[str]())):
        added = own | set(ephemeral.get(field) or ())
        kept = {key: value for key, value in (metadata.get(field) or {}).items() if key not in added}
        metadata[field] = kept or None
    spec = dict(template.get("spec") or {})
    if affinity := _own_affinity(spec.pop("affinity", None) or {}):
        spec["affinity"] = affinity
    kept = {key: value for key, value in metadata.items() if value is not None}
    return {**template, "metadata": kept, "spec": spec}


def _own_affinity(affinity: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the rule that keeps a canary's pods from the stable ones' nodes."""
    anti = dict(affinity.get("podAntiAffinity") or {})
    for field in ANTI_AFFINITY_LISTS:
        anti[field] = [term for term in anti.get(field) or [] if not _is_injected(term)]
    kept = {field: terms for field, terms in anti.items() if terms}
    others = {field: value for field, value in affinity.items() if field != "podAntiAffinity"}
    return {**others, **({"podAntiAffinity": kept} if kept else {})}


def _is_injected(term: Mapping[str, Any]) -> bool:
    selector = (term.get("podAffinityTerm") or term).get("labelSelector") or {}
    return any(each.get("key") == HASH_LABEL for each in selector.get("matchExpressions") or [])
