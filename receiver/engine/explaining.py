"""What would be decided, and why, without changing anything: the words of `explain`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from receiver.cluster.snapshots import SnapshotReader
from receiver.engine.beginnings import Beginnings
from receiver.engine.judging import Judging
from receiver.engine.needs import with_needs
from receiver.engine.witnesses import with_witnesses
from receiver.policy.alerts import Alert
from receiver.policy.decision import Decision
from receiver.policy.grouping import group, match_rules, matches
from receiver.policy.hearing import Case
from receiver.policy.matchers import Matcher
from receiver.policy.rules import Mode, Rule, Ruleset
from receiver.policy.targets import TargetFault


@dataclass(frozen=True, slots=True)
class RuleSight:
    """A rule and which of its matchers matched an alert."""

    rule: Rule
    matchers: tuple[tuple[Matcher, bool], ...]

    @property
    def matched(self) -> bool:
        """Tell whether all of them matched."""
        return all(matched for _, matched in self.matchers)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The rules as they look at the first alert, what would be decided, and what names no target."""

    rules: tuple[RuleSight, ...]
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
    rules = tuple(_sight(rule, firing[0]) for rule in ruleset.rules) if firing else ()
    matched = [(alert, rule) for alert in firing for rule in match_rules(ruleset, alert, ceiling=ceiling)]
    began = beginnings.ask([alert for alert, _ in matched])
    groups = group(matched, reader.resolver())
    found = reader.read_all(groups.by_target)
    for ref, sighting in found.items():
        if isinstance(sighting, TargetFault):
            groups.miss(ref, sighting)
    there = {ref: sighting for ref, sighting in found.items() if not isinstance(sighting, TargetFault)}
    seen = [(sighting, [alert for alert, _ in groups.by_target[ref]]) for ref, sighting in there.items()]
    snapshots = with_witnesses(reader, seen, began)
    cases = [
        Case(snapshot, matches(groups.by_target[ref], ruleset))
        for ref, snapshot in zip(there, snapshots, strict=True)
    ]
    complete = with_needs(reader, cases)
    decisions = judging.hear(complete, judging.look().ledger, now).decisions if cases else {}
    faults = tuple((fault.rule, fault.fault) for fault in groups.faults.values())
    return Explanation(rules, tuple(decisions.values()), faults)


def _sight(rule: Rule, alert: Alert) -> RuleSight:
    return RuleSight(rule, tuple((matcher, matcher.matches(alert.labels)) for matcher in rule.matchers))
