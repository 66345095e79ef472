"""The changes of a record's status that the engine makes, each as a pure function of the status before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from receiver.engine.instance import Instance
from receiver.policy.decision import Decision
from receiver.policy.followed import before_by_hand
from receiver.policy.record import BY_HAND, PastRollback, Phase
from receiver.policy.times import format_precise
from receiver.policy.wording import approval_refused, decision_sentence, refusals
from receiver.policy.words import approval_of

Status = dict[str, Any]
APPROVAL = ("expiresAt", "approvedBy", "approvedAt")


def held(status: Mapping[str, Any], instance: Instance, *, now: datetime) -> Status:
    """Say that this receiver works on the record and lives."""
    return {**status, "holder": str(instance), "renewTime": format_precise(now)}


def renewed(status: Mapping[str, Any], instance: Instance, *, now: datetime) -> Status | None:
    """Say that this receiver still lives; None where somebody else has taken the record over."""
    return held(status, instance, now=now) if instance.holds(status) else None


def handed_over(status: Mapping[str, Any]) -> Status:
    """Say that nobody works on the record, so that anybody may take it at once."""
    return {**_without(status, "renewTime"), "holder": ""}


def decided(
    status: Mapping[str, Any], decision: Decision, *, document: Status, received_at: datetime
) -> Status:
    """Enter a decision and its document; the phase is Refused, DryRun, AwaitingApproval or Pending."""
    wait = decision.leading.rule.approval.expires_in
    awaiting = decision.leading.phase is Phase.AWAITING_APPROVAL
    before = before_by_hand(status) if decision.leading.rule.name == BY_HAND else None
    return {
        **_without(status, "holder", "renewTime", "finishedAt", *APPROVAL),
        **({"before": before} if before else {}),
        **({"expiresAt": format_precise(decision.at + wait)} if awaiting else {}),
        "target": decision.snapshot.workload.ref.path,
        "phase": decision.leading.phase.value,
        "message": decision_sentence(decision),
        "decision": document,
        "startedAt": format_precise(received_at),
    }


def rejudged(
    status: Mapping[str, Any], decision: Decision, *, document: Status, received_at: datetime
) -> Status:
    """Enter the decision of a later look; who approved the record stays, also where it is refused now."""
    new = decided(status, decision, document=document, received_at=received_at)
    said = approval_of(status)
    if said is None:
        return new
    kept = {key: status[key] for key in APPROVAL if key in status}
    if decision.leading.phase is not Phase.REFUSED:
        return {**new, **kept}
    ref, why = decision.snapshot.workload.ref, refusals(decision.leading.verdicts)
    return {**new, **kept, "message": approval_refused(ref, said, why)}


def adopted(status: Mapping[str, Any], done: PastRollback) -> Status:
    """Enter, from the workload's annotation, what was done before the decision could be stored."""
    if status.get("decision") or done.target is None:
        return dict(status)
    to = {"revision": done.to_number, "templateHash": done.to_hash}
    known = {key: value for key, value in to.items() if value is not None}
    return {**status, "target": done.target.path, "decision": {"rule": done.rule, "to": known}}


def patched(status: Mapping[str, Any], *, at: datetime, message: str) -> Status:
    """Enter that the workload was patched: the rollout is under way."""
    changed = {
        **status,
        "phase": Phase.ROLLING_BACK.value,
        "message": message,
        "patchedAt": format_precise(at),
    }
    return with_condition(changed, "Patched", "True", "Patched", message, now=at)


def ended(status: Mapping[str, Any], phase: Phase, message: str, *, now: datetime) -> Status:
    """Enter a final phase."""
    released = _without(status, "holder", "renewTime")
    return {**released, "phase": phase.value, "message": message, "finishedAt": format_precise(now)}


def repeated(status: Mapping[str, Any], *, times: int, now: datetime) -> Status:
    """Count alerts that were told again; what is known of each is left as it is."""
    seen = status.get("occurrences", 0) + times
    return {**status, "occurrences": seen, "lastSeenAt": format_precise(now)}


def with_condition(
    status: Mapping[str, Any], kind: str, value: str, reason: str, message: str, *, now: datetime
) -> Status:
    """Set one condition; the time of its last transition moves only when its status does."""
    conditions = list(status.get("conditions") or [])
    before = next((c for c in conditions if c["type"] == kind), None)
    moved = before is None or before["status"] != value
    condition = {
        "type": kind,
        "status": value,
        "reason": reason,
        "message": message,
        "lastTransitionTime": format_precise(now)
        if moved or before is None
        else before["lastTransitionTime"],
    }
    return {**status, "conditions": [*(c for c in conditions if c["type"] != kind), condition]}


def condition_time(status: Mapping[str, Any], kind: str) -> str | None:
    """Return when a condition last changed, None where it was never set."""
    conditions = status.get("conditions") or []
    return next((str(c["lastTransitionTime"]) for c in conditions if c["type"] == kind), None)


def _without(status: Mapping[str, Any], *keys: str) -> Status:
    return {key: value for key, value in status.items() if key not in keys}
