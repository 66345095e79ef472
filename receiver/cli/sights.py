"""How alerts meet the rules, as tables: what matched, what did not and why, and where it leads."""

from collections.abc import Iterable, Iterator, Mapping

from receiver.cli.tables import fitted, fitted_table
from receiver.engine.explaining import AlertSight, RuleSight
from receiver.policy.matchers import Matcher
from receiver.policy.problems import plain, quoted
from receiver.policy.rules import Mode
from receiver.policy.targets import TargetFault

HEADERS = ("RULE", "MATCHED", "MATCHERS AND TARGET")
NOTHING = " "
Row = tuple[str, str, str]


def sight_tables(sights: Iterable[AlertSight]) -> Iterator[str]:
    """Yield a table of all rules for each alert; alerts that meet them alike share one."""
    alike: dict[tuple[Row, ...], list[AlertSight]] = {}
    for sight in sights:
        alike.setdefault(tuple(_rows(sight)), []).append(sight)
    for rows, (first, *others) in alike.items():
        heading = fitted(_heading(first.alert.labels, others=len(others)))
        yield f"{heading}\n{fitted_table(HEADERS, rows)}" if rows else heading


def _heading(labels: Mapping[str, str], *, others: int) -> str:
    said = ", ".join(f"{plain(name)}={quoted(value)}" for name, value in sorted(labels.items()))
    more = f"; {others} more meet the rules alike" if others else ""
    return f"alert {said}{more}"


def _rows(sight: AlertSight) -> Iterator[Row]:
    """Yield a rule's lines as rows; its name stands on the first of them."""
    for rule in sight.rules:
        first, *rest = _lines(rule, sight.alert.labels)
        yield rule.rule.name, "yes" if rule.matched else "no", first
        yield from ((NOTHING, NOTHING, line) for line in rest)


def _lines(sight: RuleSight, labels: Mapping[str, str]) -> Iterator[str]:
    for matcher, matched in sight.matchers:
        yield f"{matcher} yes" if matched else f"{matcher} NO: {_found(matcher, labels)}"
    if sight.matched and sight.mode is Mode.OFF:
        yield "mode off: nothing is done"
    if isinstance(sight.target, TargetFault):
        yield f"no target: {sight.target.evidence}"
    elif sight.target is not None:
        yield f"target: {sight.target}"


def _found(matcher: Matcher, labels: Mapping[str, str]) -> str:
    """Say what the label holds that the matcher does not match."""
    name, value = plain(matcher.name), labels.get(matcher.name)
    return f"{name} is {quoted(value)}" if value else f"the alert has no label {name}"
