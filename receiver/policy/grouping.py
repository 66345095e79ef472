"""From a payload's alerts to what is to be judged: rules matched, targets found, put together by workload."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from receiver.policy.alerts import Alert
from receiver.policy.decision import Match
from receiver.policy.rules import Mode, Rule, Ruleset
from receiver.policy.targets import Clue, TargetFault, find_target
from receiver.policy.workload import WorkloadRef

Matched = tuple[Alert, Rule]
Ended = Mapping[str, datetime]
"""By fingerprint when the alert had begun that has resolved; later ones of it are not over."""
Resolve = Callable[[Clue], WorkloadRef | TargetFault]


@dataclass(slots=True)
class FaultGroup:
    """The alerts of one rule whose targets cannot be found for one reason; `fault` is the first one's."""

    rule: Rule
    fault: TargetFault
    alerts: list[Alert] = field(default_factory=list)


@dataclass(slots=True)
class Groups:
    """What matched, by the workload that it names; and what names none, by rule and reason."""

    by_target: dict[WorkloadRef, list[Matched]] = field(default_factory=lambda: defaultdict(list))
    faults: dict[tuple[str, str], FaultGroup] = field(default_factory=dict)

    def add_fault(self, alert: Alert, rule: Rule, fault: TargetFault) -> None:
        """Put an alert to those of its rule that fail for the same reason."""
        key = rule.name, fault.reason.value
        self.faults.setdefault(key, FaultGroup(rule, fault)).alerts.append(alert)

    def miss(self, ref: WorkloadRef, fault: TargetFault) -> None:
        """Move what names a workload that cannot be read to the faults."""
        for alert, rule in self.by_target.pop(ref):
            self.add_fault(alert, rule, fault)


def match_rules(ruleset: Ruleset, alert: Alert, *, ceiling: Mode) -> tuple[Rule, ...]:
    """Return the rules that an alert matches, in file order, without those that are off."""
    return tuple(
        rule for rule in ruleset.matching(alert.labels) if Mode.lowest(rule.mode, ceiling) is not Mode.OFF
    )


def group(matched: Iterable[Matched], resolve: Resolve) -> Groups:
    """Put together what is about one workload; where a pod or a Service leads is asked once."""
    groups, known = Groups(), dict[Clue, WorkloadRef | TargetFault]()
    for alert, rule in matched:
        target = find_target(rule, alert.labels)
        if isinstance(target, Clue):
            target = known[target] if target in known else known.setdefault(target, resolve(target))
        if isinstance(target, TargetFault):
            groups.add_fault(alert, rule, target)
        else:
            groups.by_target[target].append((alert, rule))
    return groups


def of_same_trouble(told: Iterable[Matched], fresh: Iterable[Matched]) -> tuple[Matched, ...]:
    """Return those that have rule and alertname in common with anything that is to be judged."""
    troubles = {(rule.name, alert.name) for alert, rule in fresh}
    return tuple((alert, rule) for alert, rule in told if (rule.name, alert.name) in troubles)


def with_known(
    matched: Sequence[Matched], known: Mapping[str, Sequence[Alert]], ended: Ended
) -> tuple[Matched, ...]:
    """Add to what is told now the other firing alerts of the same rule and alertname that a record knows.

    So a trouble is judged as a whole, however Alertmanager divides its alerts into messages. `known` is by
    rule. What is told now counts in place of what the record says of it; what has `ended` does not count; and
    an alertname that only the record tells of adds nothing, because an act needs an alert that is told now.
    """
    rules = {(rule.name, alert.name): rule for alert, rule in matched}
    told = {(rule.name, alert.fingerprint[:64]) for alert, rule in matched}
    others = ((alert, rules.get((name, alert.name)), name) for name, some in known.items() for alert in some)
    more = (
        (alert, rule)
        for alert, rule, name in others
        if rule and alert.firing and (name, alert.fingerprint) not in told and not _has_ended(alert, ended)
    )
    return (*matched, *more)


def _has_ended(alert: Alert, ended: Ended) -> bool:
    return alert.fingerprint in ended and alert.starts_at <= ended[alert.fingerprint]


def matches(matched: Sequence[Matched], ruleset: Ruleset) -> tuple[Match, ...]:
    """Return what matched about one workload by rule, in file order."""
    by_rule: dict[str, list[Alert]] = defaultdict(list)
    for alert, rule in matched:
        by_rule[rule.name].append(alert)
    return tuple(Match(rule, tuple(by_rule[rule.name])) for rule in ruleset.rules if rule.name in by_rule)
