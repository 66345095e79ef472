"""What would be decided, and why, without changing anything: the words of `explain`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from receiver.cluster.sightings import Found
from receiver.cluster.snapshots import SnapshotReader
from receiver.engine.beginnings import Beginnings
from receiver.engine.cases import Fresh, cases_of, look_up, sightings_of
from receiver.engine.judging import Judging
from receiver.policy.alerts import Alert
from receiver.policy.decision import Decision
from receiver.policy.grouping import Resolve, group, match_rules
from receiver.policy.matchers import Matcher
from receiver.policy.rules import Mode, Rule, Ruleset
from receiver.policy.targets import Clue, TargetFault, find_target
from receiver.policy.workload import WorkloadRef


@dataclass(frozen=True, slots=True)
class RuleSight:
    """A rule as one alert sees it: which of its matchers matched, and where it leads.

    `mode` is the lower of the rule's and the ceiling; `target` is None where the rule does not ask for one.
    """

    rule: Rule
    mode: Mode
    matchers: tuple[tuple[Matcher, bool], ...]
    target: WorkloadRef | TargetFault | None

    @property
    def matched(self) -> bool:
        """Tell whether all of them matched."""
        return all(matched for _, matched in self.matchers)


@dataclass(frozen=True, slots=True)
class AlertSight:
    """An alert, and every rule in force as it looks at it, in file order."""

    alert: Alert
    rules: tuple[RuleSight, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """How each alert meets the rules, what would be decided, and what names no target."""

    alerts: tuple[AlertSight, ...]
    decisions: tuple[Decision, ...]
    faults: tuple[tuple[Rule, TargetFault], ...]


def explain(
    alerts: Iterable[Alert],
    *,
    ruleset: Ruleset,
    ceiling: Mode,
    reader: SnapshotReader,
    judging: Judging,
    now: datetime,
    beginnings: Beginnings,
) -> Explanation:
    """Judge alerts as the intake would, all of them as firing, and store nothing.

    Raises:
        ClusterError: the cluster cannot be read.
    """
    firing = list(alerts)
    matched = [(alert, rule) for alert in firing for rule in match_rules(ruleset, alert, ceiling=ceiling)]
    began = beginnings.ask([alert for alert, _ in matched])
    resolve: Resolve = cache(reader.resolver())
    groups = group(matched, resolve)
    found = look_up(reader, groups)
    fresh = [Fresh(sighting, tuple(groups.by_target[ref])) for ref, sighting in sightings_of(found).items()]
    cases = cases_of(reader, fresh, ruleset, began=began, ended={})
    decisions = judging.hear(cases, judging.look().ledger, now).decisions if cases else {}
    faults = tuple((fault.rule, fault.fault) for fault in groups.faults.values())
    paths = _Paths(ruleset.rules, ceiling, resolve, found)
    return Explanation(tuple(map(paths.sight, firing)), tuple(decisions.values()), faults)


@dataclass(frozen=True, slots=True)
class _Paths:
    """The way from alerts through the rules to what was `found` in the cluster."""

    rules: Sequence[Rule]
    ceiling: Mode
    resolve: Resolve
    found: Mapping[WorkloadRef, Found]

    def sight(self, alert: Alert) -> AlertSight:
        """Say how an alert meets every rule."""
        return AlertSight(alert, tuple(self._sight(rule, alert) for rule in self.rules))

    def _sight(self, rule: Rule, alert: Alert) -> RuleSight:
        matchers = tuple((matcher, matcher.matches(alert.labels)) for matcher in rule.matchers)
        mode = Mode.lowest(rule.mode, self.ceiling)
        asks = mode is not Mode.OFF and all(matched for _, matched in matchers)
        return RuleSight(rule, mode, matchers, self._target(rule, alert) if asks else None)

    def _target(self, rule: Rule, alert: Alert) -> WorkloadRef | TargetFault:
        target = find_target(rule, alert.labels)
        if isinstance(target, Clue):
            target = self.resolve(target)
        if isinstance(target, TargetFault):
            return target
        sighting = self.found[target]
        return sighting if isinstance(sighting, TargetFault) else target
