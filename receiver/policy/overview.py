"""What must always be in sight of the on-call: the mode, what is left of the budget, and the kill switch."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from receiver.policy.durations import format_duration
from receiver.policy.ledger import Ledger, Pause
from receiver.policy.rules import Budget, Mode, Rule, Ruleset
from receiver.policy.vocabulary import Over
from receiver.policy.workload import Unreadable

ACTING = frozenset({Mode.APPROVE, Mode.AUTO})
"""The modes that roll back, if only once somebody has approved it."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a budget where most of it is spent.

    `where` is empty for all of the cluster, `rule` where no other rule has another budget.
    """

    left: int
    budget: Budget
    where: str = ""
    rule: str = ""

    def __str__(self) -> str:
        window = f"{self.left} of {self.budget.max} rollbacks left per {format_duration(self.budget.per)}"
        named = f"rule {self.rule}" if self.rule else ""
        places = [place for place in dict.fromkeys((self.where, named)) if place]
        return f"{window} ({', '.join(places)})" if places else window


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

    `remaining` is the budget of which least is left, of the rules that may act, or where none may of those
    in dry-run; None where no such rule has one. `unreadable` says why neither that nor `pause` is known, None
    where they are. `runbooks` are the rules' own, by rule.
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
    counting = _acting(rules, mode) or [rule for rule in rules.rules if rule.mode is not Mode.OFF]
    return Overview(mode, ledger.pause, _tightest(ledger, counting, now), None, names, runbooks)


def remaining_by_rule(ledger: Ledger, rules: Ruleset, *, now: datetime) -> dict[str, Remaining]:
    """Return what is left of the budget of each rule that has one and, by its own mode, may act."""
    return _budgets(ledger, _acting(rules, Mode.AUTO), now)


def _acting(rules: Ruleset, ceiling: Mode) -> list[Rule]:
    return [rule for rule in rules.rules if Mode.lowest(rule.mode, ceiling) in ACTING]


def _tightest(ledger: Ledger, rules: Sequence[Rule], now: datetime) -> Remaining | None:
    """Return the budget of which least is left, with its rule's name where not all rules have that budget."""
    left = _budgets(ledger, rules, now)
    if not left:
        return None
    name = min(left, key=lambda rule: left[rule].left)
    alike = all(rule.guards.budget == left[name].budget for rule in rules)
    return left[name] if alike else replace(left[name], rule=name)


def _budgets(ledger: Ledger, rules: Sequence[Rule], now: datetime) -> dict[str, Remaining]:
    return {
        rule.name: _remaining(ledger, rule.name, rule.guards.budget, now)
        for rule in rules
        if rule.guards.budget is not None
    }


def _remaining(ledger: Ledger, rule: str, budget: Budget, now: datetime) -> Remaining:
    counting = (each for each in ledger.spendings if budget.over is not Over.RULE or each.rule == rule)
    spent = Counter(each.where(budget.over) for each in counting if each.at > now - budget.per)
    [(place, most)] = spent.most_common(1) or [("", 0)]
    return Remaining(max(0, budget.max - most), budget, place)
