"""Rules: which alerts mean a rollback, of what, to what, and within which bounds. All of it frozen.

The models are the rule file's schema too: a key, its default and its meaning stand here and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from receiver.policy.durations import format_duration
from receiver.policy.fields import Count, DnsLabel, Duration, Flag, Matchers, Url
from receiver.policy.ledger import KEPT_FOR
from receiver.policy.matchers import exact_alertnames, match_all
from receiver.policy.parsing import Parsed
from receiver.policy.problems import shown
from receiver.policy.record import BY_HAND
from receiver.policy.targeting import PodTarget, ServiceTarget, Target, WorkloadTarget
from receiver.policy.templates import MissingLabel, Template
from receiver.policy.timeintervals import Schedule
from receiver.policy.vocabulary import (
    Gitops,
    GitopsField,
    Kind,
    Mode,
    ModeField,
    Over,
    OverField,
    SystemicField,
    To,
    ToField,
)

__all__ = [
    "Approval",
    "Budget",
    "Gitops",
    "GuardSettings",
    "Kind",
    "MissingLabel",
    "Mode",
    "Over",
    "PodTarget",
    "Rollback",
    "Rule",
    "Ruleset",
    "Schedule",
    "ServiceTarget",
    "Target",
    "Template",
    "To",
    "Verify",
    "WorkloadTarget",
]


class Rollback(Parsed):
    """Where to go back to."""

    to: ToField = To.LAST_GOOD
    """last-good: the newest revision that proved itself; previous: the one before; or a revision's number."""
    soak: Duration = timedelta(minutes=10)
    """How long a revision must have been fully in service to count as good."""


class Budget(Parsed):
    """How many rollbacks are too many."""

    max: Count = 3
    """So many rollbacks in the window, and the next one is refused."""
    per: Duration = timedelta(hours=1)
    """The window, back from now; at most 1w."""
    over: OverField = Over.CLUSTER
    """What is counted together: all of the cluster, a namespace, a rule or a target."""

    @field_validator("per")
    @classmethod
    def _kept(cls, per: timedelta) -> timedelta:
        if per > KEPT_FOR:
            raise ValueError(f"must be at most {format_duration(KEPT_FOR)}, as long as rollbacks count")
        return per


def _off_is_none(value: object) -> object:
    if value == "off":
        return None
    if isinstance(value, dict | Budget | None):
        return value
    raise ValueError(f"must be off or a mapping of max, per and over, not {shown(value)}")


class Preflight(Parsed):
    """How closely it is looked whether a revision can still run."""

    secrets: Flag = False
    """Whether the Secrets that it needs are looked for; the receiver must be allowed to get Secrets."""


class GuardSettings(Parsed):
    """The bounds within which a rule may act."""

    deployed_within: Duration = timedelta(minutes=30)
    """The trouble must have begun at most so long after the suspected revision went live."""
    cooldown: Duration = timedelta(minutes=15)
    """No rollback of a workload sooner than this after the last one."""
    max_alert_age: Duration = timedelta(hours=1)
    """An alert that has been firing for longer is left to people."""
    budget: Annotated[
        Budget | None, BeforeValidator(_off_is_none, json_schema_input_type=Budget | Literal["off"])
    ] = Budget()
    """How many rollbacks are allowed in a window; off (None): any number."""
    systemic: SystemicField = 5
    """So many workloads with trouble that no rollout explains: no rollback; off (None): no limit."""
    gitops: GitopsField = Gitops.BLOCK
    """Where Argo CD or Flux owns the workload: block; warn and go on; pause it, if it can be, and go on."""
    schedule: Schedule = Schedule()
    """When the rule may act. Left out: at any time."""
    preflight: Preflight = Preflight()
    """How closely it is looked whether a revision can still run."""


class Approval(Parsed):
    """How somebody is asked."""

    expires_in: Duration = timedelta(minutes=30)
    """A rollback that nobody has approved for so long is off the table."""


class Verify(Parsed):
    """How long a rollback may take to prove itself."""

    rollout_timeout: Duration = timedelta(minutes=10)
    """The old revision must be fully available again within this."""
    resolved_within: Duration = timedelta(minutes=15)
    """The alert must have cleared within this after that."""


class Rule(Parsed):
    """One rule: alerts that match it ask for a rollback."""

    name: DnsLabel = Field(json_schema_extra={"not": {"const": BY_HAND}})
    """Unique over all rule files; records, metrics and pages name the rule by it."""
    matchers: Matchers
    """Alertmanager's matchers; an alert must match all of them."""
    for_: Duration | None = Field(default=None, validation_alias="for")
    """The alert's own `for`: its trouble began that much before it fired. Left out (None): unknown."""
    target: Target | None = None
    """What to roll back. Left out (None): the labels of kubernetes-mixin decide."""
    rollback: Rollback = Rollback()
    """Where to go back to."""
    mode: ModeField = Mode.DRY_RUN
    """off: nothing; dry-run: record; approve: ask; auto: act. The installation's mode is the ceiling."""
    approval: Approval = Approval()
    """How the rule asks, in mode approve."""
    guards: GuardSettings = Field(default=GuardSettings(), validate_default=True)
    """The bounds; what a rule leaves out is the installation's default."""
    verify: Verify = Verify()
    """How long a rollback may take to prove itself."""
    notify: tuple[DnsLabel, ...] | None = None
    """Which of the config file's receivers are notified. Left out (None): all; empty: none."""
    runbook_url: Url | None = None
    """Where people read on. Left out: None."""

    @field_validator("guards")
    @classmethod
    def _complete(cls, guards: GuardSettings, info: ValidationInfo) -> GuardSettings:
        return guards.on_top_of((info.context or {}).get("defaults", GuardSettings()))

    def hints(self) -> tuple[str, ...]:
        """Return what is allowed and yet probably not meant."""
        said = {
            "no `for`: copy the alert's own, which tells when its trouble began, or `0s`": self.for_ is None,
            "its matchers match an alert without labels, so nearly every alert": match_all(self.matchers, {}),
            "it matches no alert: its matchers want several alertnames at once": (
                exact_alertnames(self.matchers) == frozenset()
            ),
        }
        return tuple(hint for hint, holds in said.items() if holds)


@dataclass(frozen=True)
class Ruleset:
    """All rules in force, in the order of their files, found by alertname.

    Raises:
        ValueError: two rules have one name.
    """

    rules: tuple[Rule, ...] = ()
    _named: Mapping[str, Rule] = field(init=False, repr=False, compare=False)
    _exact: Mapping[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)
    _common: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named = {rule.name: rule for rule in self.rules}
        if len(named) < len(self.rules):
            raise ValueError("two rules have one name")
        exact, common = _by_alertname(self.rules)
        object.__setattr__(self, "_named", named)
        object.__setattr__(self, "_exact", exact)
        object.__setattr__(self, "_common", common)

    def matching(self, labels: Mapping[str, str]) -> tuple[Rule, ...]:
        """Return the rules that match an alert, in file order.

        Only rules that name this alertname, or could match any, are tried: ten thousand others cost nothing.
        """
        candidates = sorted((*self._exact.get(labels.get("alertname", ""), ()), *self._common))
        rules = (self.rules[position] for position in candidates)
        return tuple(rule for rule in rules if match_all(rule.matchers, labels))

    def get(self, name: str) -> Rule | None:
        """Return the rule of that name, None if there is none."""
        return self._named.get(name)

    def hints(self) -> tuple[str, ...]:
        """Return what is allowed and yet probably not meant, each line with its rule's name."""
        if not self.rules:
            return ("no rules: nothing will be rolled back",)
        return tuple(f"rule {rule.name}: {hint}" for rule in self.rules for hint in rule.hints())


def _by_alertname(rules: tuple[Rule, ...]) -> tuple[dict[str, tuple[int, ...]], tuple[int, ...]]:
    """Return the positions of the rules for each alertname, and of those that name none."""
    exact: dict[str, list[int]] = {}
    common: list[int] = []
    for position, rule in enumerate(rules):
        names = exact_alertnames(rule.matchers)
        if names is None:
            common.append(position)
        for name in names or ():
            exact.setdefault(name, []).append(position)
    return {name: tuple(positions) for name, positions in exact.items()}, tuple(common)
