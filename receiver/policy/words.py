"""The on-call's words: what approving, rejecting and reviewing change of a record's status. Pure.

A word that comes too late, or twice, is refused with the name of who was first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from receiver.policy.alerts import cut
from receiver.policy.intake import WrongPhase
from receiver.policy.record import IN_WORK, Phase, Review
from receiver.policy.times import format_precise, format_time, parse_time

Status = dict[str, Any]
NAME_LIMIT = 256
NOTE_LIMIT = 2048


class Act(StrEnum):
    """What people can say; the strings are those of the API's paths, the commands and the metric."""

    APPROVE = "approve"
    REJECT = "reject"
    REVIEW = "review"
    PAUSE = "pause"
    RESUME = "resume"


class Outcome(StrEnum):
    """What becomes of it; the strings are the metric's."""

    DONE = "done"
    WRONG_PHASE = "wrong_phase"
    NOT_FOUND = "not_found"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Word:
    """Somebody's word: who said it, when, and what was added (empty: nothing)."""

    by: str
    at: datetime
    note: str = ""

    @classmethod
    def said(cls, by: str, at: datetime, note: str = "") -> "Word":
        """Return the word as it is kept: texts that are too long are cut."""
        return cls(cut(by, limit_bytes=NAME_LIMIT), at, cut(note, limit_bytes=NOTE_LIMIT))


def approved(record: str, status: Mapping[str, Any], word: Word) -> Status | None:
    """Return the status of a record that may be acted on; None where this very word stands there already.

    Raises:
        WrongPhase: it does not await approval, or does so no more.
    """
    kept = {"approvedBy": word.by, "approvedAt": format_precise(word.at)}
    if kept.items() <= status.items():
        return None
    _demand_awaiting(record, status, word)
    message = f"Approved by {word.by} at {format_time(word.at)}; everything is judged again before the act"
    return {**status, **kept, "phase": Phase.PENDING.value, "message": message}


def rejected(record: str, status: Mapping[str, Any], word: Word) -> Status | None:
    """Return the status of a record that somebody does not want; else as `approved`."""
    at = format_precise(word.at)
    kept = {"rejectedBy": word.by, "rejectedAt": at}
    if kept.items() <= status.items():
        return None
    _demand_awaiting(record, status, word)
    note = {"rejectionNote": word.note} if word.note else {}
    message = f"Rejected by {word.by} at {format_time(word.at)}" + (f": {word.note}" if word.note else "")
    final = {"phase": Phase.REJECTED.value, "message": message, "finishedAt": at}
    return {**status, **kept, **note, **final}


def reviewed(record: str, status: Mapping[str, Any], word: Word, verdict: Review) -> Status:
    """Return the status with somebody's verdict on the decision, in place of what was said before.

    Raises:
        WrongPhase: there is no decision yet, or it is being carried out.
    """
    if not status.get("decision") or status.get("phase") in IN_WORK:
        raise WrongPhase(f"record {record} {_standing(status)}; it can be reviewed when that has ended")
    note = {"note": word.note} if word.note else {}
    review = {"verdict": verdict.value, **note, "by": word.by, "at": format_precise(word.at)}
    return {**status, "review": review}


def overdue(status: Mapping[str, Any], *, now: datetime) -> bool:
    """Tell whether a record has awaited approval for as long as its rule allows."""
    expires_at = parse_time(status.get("expiresAt"))
    return status.get("phase") == Phase.AWAITING_APPROVAL and expires_at is not None and expires_at <= now


def approval_of(status: Mapping[str, Any]) -> str | None:
    """Return by whom and when a record was approved, in words; None where it was not."""
    return _by("approved", status.get("approvedBy"), status.get("approvedAt"))


def _demand_awaiting(record: str, status: Mapping[str, Any], word: Word) -> None:
    if status.get("phase") != Phase.AWAITING_APPROVAL or overdue(status, now=word.at):
        raise WrongPhase(
            f"record {record} {_standing(status)}; "
            f"only what is {Phase.AWAITING_APPROVAL} and has not expired can be approved or rejected"
        )


def _standing(status: Mapping[str, Any]) -> str:
    """Say in which phase a record is, and whose doing that is."""
    phase = status.get("phase")
    if phase is None:
        return "is just being judged"
    said = approval_of(status) or _by("rejected", status.get("rejectedBy"), status.get("rejectedAt"))
    return f"is {phase}: {said or _decided(status)}"


def _decided(status: Mapping[str, Any]) -> str:
    if status.get("expiresAt"):
        return f"nobody approved it by {_second(status['expiresAt'])}"
    decision = status.get("decision") or {}
    return f"decided by rule {decision.get('rule')} at {_second(decision.get('at'))}"


def _by(done: str, who: str | None, at: str | None) -> str | None:
    return None if who is None else f"{done} by {who} at {_second(at)}"


def _second(text: str | None) -> str:
    moment = parse_time(text)
    return "an unknown time" if moment is None else format_time(moment)
