"""The record of a rollback: its name, its phases, and what earlier records tell the judgement.

The name is computed from the workload's uid and the suspected template, so that creating the record is the
claim: whoever comes second finds it there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from receiver.policy.podtemplate import short_hash
from receiver.policy.times import parse_time
from receiver.policy.workload import Revision, Unreadable, WorkloadRef

T = TypeVar("T")
GROUP = "rollback-receiver.dev"
VERSION = "v1alpha1"
KIND = "Rollback"
PLURAL = "rollbacks"
LAST_ROLLBACK = f"{GROUP}/last-rollback"
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
    back became fully available; `phase` is None for an annotation, whose record may be
    gone, and for a record that was only just claimed.
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


def last_rollback_annotation(*, record: str, at: str, rule: str, suspect: Revision, chosen: Revision) -> str:
    """Return what the patch leaves on the workload, so that it outlives the record: one line of JSON."""
    return json.dumps(
        {
            "record": record,
            "at": at,
            "from": {"revision": suspect.number, "templateHash": suspect.template_hash},
            "to": {"revision": chosen.number, "templateHash": chosen.template_hash},
            "rule": rule,
        },
        separators=(",", ":"),
    )


def parse_last_rollback(text: str, *, target: WorkloadRef) -> PastRollback:
    """Read the annotation back; a revision may be its number alone, as whoever writes a rule test puts it.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: somebody else wrote it, or broke it.
    """
    try:
        value = json.loads(text)
    except RecursionError as e:
        raise ValueError("nested too deeply") from e
    source, to = _end(value["from"]), _end(value["to"])
    patched_at = parse_time(value["at"])
    if patched_at is None:
        raise ValueError("no time in it")
    return PastRollback(
        record=str(value["record"]),
        target=target,
        rule=str(value["rule"]),
        from_number=_checked(source.get("revision"), int),
        from_hash=_checked(source.get("templateHash"), str),
        to_number=_checked(to.get("revision"), int),
        to_hash=_checked(to.get("templateHash"), str),
        patched_at=patched_at,
    )


def _end(value: Any) -> Any:
    return {"revision": value} if type(value) is int else value


def own_memory(text: str | None, *, target: WorkloadRef) -> tuple[PastRollback, ...] | Unreadable:
    """Read the annotation of a workload (None: it has none); a broken one makes its past unreadable."""
    try:
        return () if text is None else (parse_last_rollback(text, target=target),)
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        where = f"the annotation {LAST_ROLLBACK} of {target}"
        return Unreadable(where, f"{type(e).__name__}, remove or mend it")


def _checked(value: Any, kind: type[T]) -> T | None:
    """Return a value of this type or None; the guards compare it, and must never meet another."""
    if value is not None and type(value) is not kind:
        raise TypeError(f"{type(value).__name__} for {kind.__name__}")
    return value
