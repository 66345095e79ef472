"""What happened, told: one sentence for a record, and its timeline. Pure; texts are as senders wrote them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from receiver.policy.aftermath import Kind
from receiver.policy.record import BY_HAND, Phase
from receiver.web.listing import number, place
from receiver.web.wording import clock, lasting, moment

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


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the sentences are made of, read once."""

    raw: Object
    now: datetime

    @property
    def status(self) -> Object:
        return self.raw.get("status") or {}

    @property
    def decision(self) -> Object:
        return self.status.get("decision") or {}

    @property
    def alert(self) -> str:
        named = (self._spec.get("alert") or {}).get("name")
        unnamed = "somebody's order" if self._spec.get("rule") == BY_HAND else "an alert without a name"
        return str(named or unnamed)

    @property
    def workload(self) -> str:
        return place(self._spec.get("target") or {}) or "no workload that could be found"

    @property
    def move(self) -> str:
        """Say from where to where, as far as it is known."""
        before, after = number(self._spec.get("suspect")), number(self.decision.get("to"))
        return f"{f' from {before}' if before else ''}{f' to {after}' if after else ''}"

    @property
    def guards(self) -> str:
        """Name the guards that blocked."""
        blocked = [
            str(v.get("guard")) for v in self.decision.get("verdicts") or [] if v.get("allowed") is False
        ]
        return ", ".join(blocked) or "a guard"

    @property
    def _spec(self) -> Object:
        return self.raw.get("spec") or {}

    def at(self, key: str) -> datetime | None:
        return moment(self.status.get(key))

    def when(self, key: str) -> str:
        """Say at what time, empty where it is not known."""
        at = self.at(key)
        return "" if at is None else f" at {clock(at, now=self.now)}"

    def between(self, first: str, second: str) -> str:
        """Say how long it was from one time of the status to another; empty where one is missing."""
        start, end = self.at(first), self.at(second)
        return "" if start is None or end is None else lasting(end - start)


def headline(raw: Object, *, now: datetime) -> str:
    """Say in one sentence what happened."""
    facts = _Facts(raw, now)
    phase = facts.status.get("phase")
    return (
        _SENTENCES[phase](facts)
        if phase in _SENTENCES
        else f"{facts.alert} has just reached us; it is being judged."
    )


def _acted(facts: _Facts) -> str:
    took = facts.between("startedAt", "patchedAt")
    after = f", {took} after {facts.alert} reached us" if took else ""
    return f"Rolled {facts.workload} back{facts.move}{facts.when('patchedAt')}{after}"


def _succeeded(facts: _Facts) -> str:
    cleared = facts.between("patchedAt", "finishedAt")
    return (
        f"{_acted(facts)}; the alert cleared {cleared} later."
        if cleared
        else f"{_acted(facts)}; the alert cleared."
    )


def _failed(facts: _Facts) -> str:
    if facts.at("patchedAt") is None:
        return f"Could not roll {facts.workload} back{facts.move}; nothing was changed."
    return f"{_acted(facts)}; but the rollout did not finish."


def _superseded(facts: _Facts) -> str:
    if facts.at("patchedAt") is None:
        return f"Left {facts.workload} alone: somebody changed it first."
    return f"{_acted(facts)}; then somebody released over it."


def _awaiting(facts: _Facts) -> str:
    until = facts.at("expiresAt")
    limit = f" until {clock(until, now=facts.now)}" if until else ""
    what = f"Proposes to roll {facts.workload} back{facts.move} because of {facts.alert}"
    return f"{what}; waits for approval{limit}."


_SENTENCES: Mapping[Any, Callable[[_Facts], str]] = {
    Phase.REFUSED: lambda f: f"Did not roll {f.workload} back because of {f.alert}: {f.guards} said no.",
    Phase.DRY_RUN: lambda f: (
        f"Would have rolled {f.workload} back{f.move}{f.when('startedAt')} because of {f.alert};"
        " changed nothing."
    ),
    Phase.AWAITING_APPROVAL: _awaiting,
    Phase.PENDING: lambda f: f"About to roll {f.workload} back{f.move} because of {f.alert}.",
    Phase.ROLLING_BACK: lambda f: f"{_acted(f)}; the rollout is under way.",
    Phase.VERIFYING: lambda f: f"{_acted(f)}; it is rolled out, and the alert has yet to clear.",
    Phase.SUCCEEDED: _succeeded,
    Phase.NOT_CURED: lambda f: (
        f"{_acted(f)}; {f.alert} fires on: this release was not the cause, or not alone."
    ),
    Phase.FAILED: _failed,
    Phase.SUPERSEDED: _superseded,
    Phase.REJECTED: lambda f: (
        f"{f.status.get('rejectedBy') or 'Somebody'} rejected rolling {f.workload} back{f.move};"
        " changed nothing."
    ),
    Phase.EXPIRED: lambda f: f"Nobody approved rolling {f.workload} back{f.move} in time; changed nothing.",
}


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
    yield alert.get("startsAt"), "The alert fired", alert.get("name")
    yield status.get("startedAt"), "It reached the receiver", ""
    yield decision.get("at"), "Decided", f"rule {decision.get('rule', '')}, mode {decision.get('mode', '')}"
    yield status.get("approvedAt"), "Approved", _by(status.get("approvedBy"))
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
