"""What the audit trail says of a record: what changed of it, from what to what, by whom and why.

A record in work is also written to say that its holder lives and which alerts joined: that is no change here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from receiver.policy.followed import aftermath_sentence
from receiver.policy.record import Phase, blocking_guards

Status = Mapping[str, Any]


class Aspect(StrEnum):
    """What of a record can change, up to that it is gone."""

    PHASE = "phase"
    BLOCKED_BY = "blocked_by"
    REVIEW = "review"
    AFTERMATH = "aftermath"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `was` is empty for what was not there, `why` is a sentence, empty where nobody said one."""

    aspect: Aspect
    was: str
    now: str
    by: str
    why: str


def changes(before: Status, after: Status, *, writer: str) -> Iterator[Change]:
    """Tell one status from the next; what no person said was changed by `writer`.

    That other guards refuse it now counts only where the phase is the same: a new phase says it all.
    """
    message = str(after.get("message") or "")
    by = _person(before, after) or writer
    if _phase(before) != _phase(after):
        yield Change(Aspect.PHASE, _phase(before), _phase(after), by, message)
    elif _phase(after) == Phase.REFUSED and _blocked_by(before) != _blocked_by(after):
        yield Change(Aspect.BLOCKED_BY, _blocked_by(before), _blocked_by(after), by, message)
    if (review := after.get("review")) and review != before.get("review"):
        was = (before.get("review") or {}).get("verdict", "")
        yield Change(Aspect.REVIEW, was, review["verdict"], review["by"], review.get("note", ""))
    if (aftermath := after.get("aftermath")) and aftermath != before.get("aftermath"):
        was = (before.get("aftermath") or {}).get("kind", "")
        yield Change(Aspect.AFTERMATH, was, aftermath["kind"], writer, aftermath_sentence(after) or "")


def _person(before: Status, after: Status) -> str:
    """Return who approved, ordered or rejected it just now; empty where nobody did."""
    for by, at in (("approvedBy", "approvedAt"), ("rejectedBy", "rejectedAt")):
        if after.get(at) and after.get(at) != before.get(at):
            return str(after.get(by) or "")
    return ""


def _phase(status: Status) -> str:
    return str(status.get("phase") or "")


def _blocked_by(status: Status) -> str:
    return ",".join(blocking_guards({"status": status}))
