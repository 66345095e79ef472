"""What must always be in sight of the on-call: the mode, what is left of the budget, and the kill switch."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from receiver.policy.durations import format_duration
from receiver.policy.ledger import Ledger, Pause
from receiver.policy.rules import Budget, Mode, Ruleset
from receiver.policy.vocabulary import Over
from receiver.policy.workload import Unreadable


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a budget where most of it is spent; `where` is empty for all of the cluster."""

    left: int
    budget: Budget
    where: str = ""

    def __str__(self) -> str:
        window = f"{self.left} of {self.budget.max} rollbacks left per {format_duration(self.budget.per)}"
        return f"{window} ({self.where})" if self.where else window


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far a rollout is: kubectl's message, and of the `wanted` pods how many are new, and available."""

    message: str
    wanted: int
    updated: int
    available: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The installation at one moment.

    `remaining` is the budget of which least is left, None where no rule has one; `unreadable` says why
    neither that nor `pause` is known, None where they are. `runbooks` are the rules' own, by rule.
    """

    mode: Mode
    pause: Pause | None = None
    remaining: Remaining | None = None
    unreadable: str | None = None
    rules: tuple[str, ...] = ()
    runbooks: Mapping[str, str] = field(default_factory=dict)


def overlook(ledger: Ledger | Unreadable, rules: Ruleset, *, mode: Mode, now: datetime) -> Overview:
    """Look at the installation; `mode` is its ceiling."""
    names = tuple(rule.name for rule in rules.rules)
    runbooks = {rule.name: rule.runbook_url for rule in rules.rules if rule.runbook_url}
    if isinstance(ledger, Unreadable):
        return Overview(mode, unreadable=str(ledger), rules=names, runbooks=runbooks)
    left = remaining_by_rule(ledger, rules, now=now).values()
    tightest = min(left, key=lambda remaining: remaining.left, default=None)
    return Overview(mode, ledger.pause, tightest, None, names, runbooks)


def remaining_by_rule(ledger: Ledger, rules: Ruleset, *, now: datetime) -> dict[str, Remaining]:
    """Return what is left of the budget of each rule that has one and is not off."""
    return {
        rule.name: _remaining(ledger, rule.name, rule.guards.budget, now)
        for rule in rules.rules
        if rule.mode is not Mode.OFF and rule.guards.budget is not None
    }


def _remaining(ledger: Ledger, rule: str, budget: Budget, now: datetime) -> Remaining:
    counting = (each for each in ledger.spendings if budget.over is not Over.RULE or each.rule == rule)
    spent = Counter(each.where(budget.over) for each in counting if each.at > now - budget.per)
    [(place, most)] = spent.most_common(1) or [("", 0)]
    return Remaining(max(0, budget.max - most), budget, place)
