"""What happened and when: the timeline of a record. Pure; texts are as senders wrote them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from receiver.policy.aftermath import Kind
from receiver.policy.record import BY_HAND, Phase
from receiver.web.listing import number
from receiver.web.wording import lasting, moment

Object = Mapping[str, Any]
AFTERMATHS: Mapping[str, str] = {
    Kind.ROLLED_BACK_BY_HAND: "Somebody rolled it back by hand",
    Kind.FIXED_FORWARD: "Somebody released a fix",
    Kind.CLEARED_BY_ITSELF: "The alert cleared by itself",
    Kind.STILL_FIRING: "The alert fired on",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline."""

    at: datetime
    what: str
    detail: str = ""


def timeline(raw: Object) -> tuple[Moment, ...]:
    """Return what happened and when, in order; what has no time that can be read is left out."""
    spec, status = raw.get("spec") or {}, raw.get("status") or {}
    moments = (_moment(*each) for each in (*_before(spec, status), *_after(status)))
    return tuple(sorted((each for each in moments if each is not None), key=lambda each: each.at))


def _moment(text: object, what: str, detail: object = "") -> Moment | None:
    at = moment(text)
    return None if at is None else Moment(at, what, str(detail or ""))


def _before(spec: Object, status: Object) -> Iterator[tuple[object, str, object]]:
    suspect, alert = spec.get("suspect") or {}, spec.get("alert") or {}
    decision = status.get("decision") or {}
    revision = number(suspect)
    yield suspect.get("rolledOutAt"), f"Revision {revision} went live" if revision else "It went live", ""
    by_hand = spec.get("rule") == BY_HAND
    if not by_hand:
        yield alert.get("startsAt"), "The alert fired", alert.get("name")
        yield status.get("startedAt"), "It reached the receiver", ""
    yield decision.get("at"), "Decided", f"rule {decision.get('rule', '')}, mode {decision.get('mode', '')}"
    yield status.get("approvedAt"), "Ordered" if by_hand else "Approved", _by(status.get("approvedBy"))
    yield status.get("rejectedAt"), "Rejected", _by(status.get("rejectedBy"), status.get("rejectionNote"))
    if status.get("phase") in {Phase.AWAITING_APPROVAL, Phase.EXPIRED}:
        yield status.get("expiresAt"), "Approval ends", ""


def _after(status: Object) -> Iterator[tuple[object, str, object]]:
    decision, review = status.get("decision") or {}, status.get("review") or {}
    aftermath = status.get("aftermath") or {}
    to = number(decision.get("to"))
    yield status.get("patchedAt"), f"Patched back to revision {to}" if to else "Patched back", ""
    for condition in status.get("conditions") or []:
        if condition.get("type") != "Patched" and condition.get("status") == "True":
            what = {"RolledOut": "Rolled out"}.get(str(condition.get("type")), str(condition.get("type")))
            yield condition.get("lastTransitionTime"), what, condition.get("message")
    yield status.get("clearedAt"), "The alert cleared", ""
    yield status.get("finishedAt"), f"Ended: {status.get('phase', '')}", ""
    verdict = f"Reviewed: {review.get('verdict', '')}"
    yield review.get("at"), verdict, _by(review.get("by"), review.get("note"))
    kind = str(aftermath.get("kind") or "")
    yield aftermath.get("at"), f"Aftermath: {AFTERMATHS.get(kind, kind)}", _aftermath(aftermath)


def _by(who: object, note: object = None) -> str:
    said = f"by {who}" if who else ""
    return f"{said}: {note}" if note else said


def _aftermath(aftermath: Object) -> str:
    revision, took = aftermath.get("revision"), aftermath.get("tookSeconds")
    choices: Mapping[Any, str] = {True: "as was chosen here", False: "not as was chosen here"}
    said = [
        f"revision {revision}" if revision else "",
        choices.get(aftermath.get("asChosen"), ""),
        f"{lasting(timedelta(seconds=took))} after the trouble began" if isinstance(took, int) else "",
    ]
    return ", ".join(part for part in said if part)
