"""What happened, told in one sentence for a record. Pure; texts are as senders wrote them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from receiver.policy.joining import firing_names
from receiver.policy.record import BY_HAND, Phase
from receiver.web.listing import number, place
from receiver.web.wording import clock, lasting, moment

Object = Mapping[str, Any]
SOMEBODY, SOME_ALERT = UNNAMED = ("somebody", "an alert without a name")
"""Who asked where the record has no name for it."""


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
        return str((self._spec.get("alert") or {}).get("name") or SOME_ALERT)

    @property
    def by_hand(self) -> bool:
        return (self.decision.get("rule") or self._spec.get("rule")) == BY_HAND

    @property
    def asker(self) -> str:
        """Name who asked for the rollback: the alert, or the person."""
        return str(self.status.get("approvedBy") or SOMEBODY) if self.by_hand else self.alert

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
        blocked = [str(v.get("guard")) for v in self._blocked]
        return " and ".join(blocked) or "a guard"

    @property
    def why(self) -> str:
        """Say what the first guard that blocked said, after a colon."""
        said = [v.get("evidence") for v in self._blocked if v.get("evidence")]
        return f": {said[0]}" if said else ""

    @property
    def _blocked(self) -> list[Object]:
        return [v for v in self.decision.get("verdicts") or [] if v.get("allowed") is False]

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
    if phase not in _SENTENCES:
        return f"{facts.alert} has just reached us; it is being judged."
    said = _SENTENCES[phase](facts)
    return said[0].upper() + said[1:] if said.startswith(UNNAMED) else said


def _acted(facts: _Facts) -> str:
    if facts.by_hand:
        return f"{facts.asker} rolled {facts.workload} back{facts.move}{facts.when('patchedAt')} by hand"
    took = facts.between("startedAt", "patchedAt")
    after = f", {took} after {facts.alert} reached us" if took else ""
    return f"Rolled {facts.workload} back{facts.move}{facts.when('patchedAt')}{after}"


def _succeeded(facts: _Facts) -> str:
    what = "it was rolled out" if facts.by_hand else "the alert cleared"
    patched, ended = facts.at("patchedAt"), facts.at("clearedAt") or facts.at("finishedAt")
    if patched is None or ended is None:
        return f"{_acted(facts)}; {what}."
    later = f"{lasting(ended - patched)} later" if ended >= patched else "before that"
    return f"{_acted(facts)}; {what} {later}."


def _not_cured(facts: _Facts) -> str:
    alerts = ", ".join(sorted(firing_names(facts.status))) or facts.alert
    blame = "the release was not the cause, or not alone"
    return f"{_acted(facts)}; nobody has said that {alerts} cleared: {blame}."


def _refused(facts: _Facts) -> str:
    who = facts.status.get("approvedBy")
    approved = f", and {who} approved" if who and not facts.by_hand else ""
    what = f"{facts.asker} asked to roll {facts.workload} back{facts.move}{approved}"
    return f"{what}; refused by {facts.guards}{facts.why}."


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
    cleared = f", which cleared{facts.when('clearedAt')}" if facts.at("clearedAt") else ""
    return f"{what}{cleared}; waits for approval{limit}."


_SENTENCES: Mapping[Any, Callable[[_Facts], str]] = {
    Phase.REFUSED: _refused,
    Phase.DRY_RUN: lambda f: (
        f"Would have rolled {f.workload} back{f.move}{f.when('startedAt')} because of {f.alert};"
        " changed nothing."
    ),
    Phase.AWAITING_APPROVAL: _awaiting,
    Phase.PENDING: lambda f: f"About to roll {f.workload} back{f.move}; {f.asker} asked for it.",
    Phase.ROLLING_BACK: lambda f: f"{_acted(f)}; the rollout is under way.",
    Phase.VERIFYING: lambda f: f"{_acted(f)}; it is rolled out, and the alert has yet to clear.",
    Phase.SUCCEEDED: _succeeded,
    Phase.NOT_CURED: _not_cured,
    Phase.FAILED: _failed,
    Phase.SUPERSEDED: _superseded,
    Phase.REJECTED: lambda f: (
        f"{f.status.get('rejectedBy') or 'Somebody'} rejected rolling {f.workload} back{f.move};"
        " changed nothing."
    ),
    Phase.EXPIRED: lambda f: f"Nobody approved rolling {f.workload} back{f.move} in time; changed nothing.",
}
