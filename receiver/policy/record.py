"""The record of a rollback: its name, its phases, and what earlier records tell the judgement.

The name is computed from the workload's uid and the suspected template, so that creating the record is the
claim: whoever comes second finds it there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from receiver.policy.podtemplate import short_hash
from receiver.policy.times import parse_time
from receiver.policy.workload import Revision, WorkloadRef

GROUP = "rollback-receiver.dev"
VERSION = "v1alpha1"
KIND = "Rollback"
PLURAL = "rollbacks"
CLAIMED_BY = f"{GROUP}/claimed-by"
MODE_ANNOTATION = f"{GROUP}/mode"
BARRIER_ANNOTATION = f"{GROUP}/barrier"
BY_HAND = "by-hand"
"""The rule of a record that a person's command made; no rule file may use the name."""
ROLLED_OUT = "RolledOut"
"""The condition of a record that says when all that it put back was available."""
NAME_LENGTH = 40


class Phase(StrEnum):
    """Where a record stands; the strings are the CRD's."""

    REFUSED = "Refused"
    DRY_RUN = "DryRun"
    AWAITING_APPROVAL = "AwaitingApproval"
    PENDING = "Pending"
    ROLLING_BACK = "RollingBack"
    VERIFYING = "Verifying"
    SUCCEEDED = "Succeeded"
    NOT_CURED = "NotCured"
    FAILED = "Failed"
    SUPERSEDED = "Superseded"
    REJECTED = "Rejected"
    EXPIRED = "Expired"


IN_WORK = frozenset({Phase.PENDING, Phase.ROLLING_BACK, Phase.VERIFYING})
JUDGED_AFRESH = frozenset({Phase.REFUSED, Phase.DRY_RUN, Phase.EXPIRED, Phase.SUPERSEDED})
SETTLED = frozenset({Phase.SUCCEEDED, Phase.NOT_CURED, Phase.FAILED, Phase.REJECTED})


def settles(phase: Phase | None, *, patched: bool) -> bool:
    """Tell whether a record is final for its template; a superseded one only where the patch was made."""
    return phase in SETTLED or (phase is Phase.SUPERSEDED and patched)


class Review(StrEnum):
    """What the on-call said of a decision afterwards."""

    RIGHT = "right"
    WRONG = "wrong"
    UNSURE = "unsure"


def record_name(name: str, uid: str, digest: str) -> str:
    """Return the name of the record about a workload's suspected template: workload, uid and template.

    At most 62 characters. The uid has as many digits as the template, because the same name and template may
    stand in thousands of namespaces.
    """
    return f"{name[:NAME_LENGTH].rstrip('-.')}-{short_hash(uid)}-{digest}"


def target_record_name(rule: str, reason: str) -> str:
    """Return the name of the one record that says that a rule's alerts name no usable target."""
    return f"{rule}-target-{reason.replace('_', '-')}"


@dataclass(frozen=True, slots=True)
class PastRollback:
    """What an earlier record, or a workload's annotation, says was done.

    `patched_at` is None where nothing was patched, `rolled_out_at` where we have not seen that what was put
    back became fully available, `ended_at` where it has not ended, `rejected_by` where nobody rejected it;
    `phase` is None for an annotation, whose record may be gone, and for a record that was only just claimed.
    """

    record: str
    target: WorkloadRef | None
    rule: str
    phase: Phase | None = None
    uid: str | None = None
    from_number: int | None = None
    from_hash: str | None = None
    to_number: int | None = None
    to_hash: str | None = None
    patched_at: datetime | None = None
    review: Review | None = None
    approved_at: datetime | None = None
    rolled_out_at: datetime | None = None
    rejected_by: str | None = None
    ended_at: datetime | None = None

    @property
    def settled(self) -> bool:
        """Tell whether it is final for its template."""
        return settles(self.phase, patched=self.patched_at is not None)

    def suspects(self, revision: Revision, *, record: str) -> bool:
        """Tell whether this is about `revision`, whose record's name is `record`."""
        return self.record == record or (
            self.from_hash is not None and self.from_hash == revision.template_hash
        )

    def restored(self, revision: Revision) -> bool:
        """Tell whether this put `revision` back."""
        return (
            self.patched_at is not None
            and self.to_hash is not None
            and self.to_hash == revision.template_hash
        )


def parse_record(raw: Mapping[str, Any]) -> PastRollback:
    """Read a Rollback object.

    Raises:
        KeyError, TypeError, ValueError: the object is not one of ours.
    """
    spec, status = raw["spec"], raw.get("status") or {}
    decision = status.get("decision") or {}
    suspect, to = spec.get("suspect") or {}, decision.get("to") or {}
    return PastRollback(
        record=raw["metadata"]["name"],
        target=_target(spec.get("target") or {}),
        uid=(spec.get("target") or {}).get("uid"),
        rule=decision.get("rule") or spec.get("rule") or "",
        phase=phase_of(raw),
        from_number=suspect.get("revision"),
        from_hash=suspect.get("templateHash"),
        to_number=to.get("revision"),
        to_hash=to.get("templateHash"),
        patched_at=parse_time(status.get("patchedAt")),
        review=Review(status["review"]["verdict"]) if status.get("review") else None,
        approved_at=parse_time(status.get("approvedAt")),
        rolled_out_at=_rolled_out_at(status),
        rejected_by=status.get("rejectedBy"),
        ended_at=parse_time(status.get("finishedAt")),
    )


def _rolled_out_at(status: Mapping[str, Any]) -> datetime | None:
    conditions = status.get("conditions") or []
    times = [
        c.get("lastTransitionTime") for c in conditions if c["type"] == ROLLED_OUT and c["status"] == "True"
    ]
    return parse_time(times[0]) if times else None


def phase_of(raw: Mapping[str, Any]) -> Phase | None:
    """Return a record's phase; None while it is only claimed."""
    phase = (raw.get("status") or {}).get("phase")
    return Phase(phase) if phase else None


def blocking_guards(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the guards that block the leading rule of a record."""
    decision = (raw.get("status") or {}).get("decision") or {}
    return tuple(str(v["guard"]) for v in decision.get("verdicts") or [] if v.get("allowed") is False)


def naming(raw: Mapping[str, Any]) -> dict[str, str]:
    """Return what every log line about a record carries: record, target (empty for none), rule."""
    spec, target = raw["spec"], record_target(raw)
    decision = (raw.get("status") or {}).get("decision") or {}
    return {
        "record": str(raw["metadata"]["name"]),
        "target": "" if target is None else target.path,
        "rule": str(decision.get("rule") or spec["rule"]),
    }


def record_target(raw: Mapping[str, Any]) -> WorkloadRef | None:
    """Return the workload that a record is about, None where its alerts name none."""
    return _target(raw["spec"].get("target") or {})


def _target(target: Mapping[str, Any]) -> WorkloadRef | None:
    if not target.get("name"):
        return None
    return WorkloadRef(kind=target["kind"], namespace=target["namespace"], name=target["name"])
