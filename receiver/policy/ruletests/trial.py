"""A rule test tried: its payload judged, and the records that come of it held against those expected."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from receiver.policy.belonging import record_of
from receiver.policy.decision import Decision, Judgement
from receiver.policy.grouping import FaultGroup, Groups, Matched, group, match_rules, matches, of_same_trouble
from receiver.policy.guards import judge_without_target
from receiver.policy.hearing import Case, hear
from receiver.policy.record import Phase
from receiver.policy.rules import Mode, Ruleset
from receiver.policy.ruletests.document import Expectation, InstallationEntry, RuleTest
from receiver.policy.ruletests.scene import Scene, make_scene
from receiver.policy.targets import TargetFault, TargetReason
from receiver.policy.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one rule said."""

    rule: str
    mode: Mode
    phase: Phase
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """One record: what is compared, by the file's keys, and what every rule said, the leading one first."""

    facts: Mapping[str, object]
    opinions: tuple[Opinion, ...]

    def meets(self, expected: Expectation) -> bool:
        """Tell whether everything that was expected is so."""
        return all(self.facts.get(key) == value for key, value in expected.given().items())


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test came out: what was expected and is not there, what is there and was not expected."""

    name: str
    missing: tuple[Expectation, ...] = ()
    unexpected: tuple[Decided, ...] = ()

    @property
    def passed(self) -> bool:
        """Tell whether all is as expected."""
        return not self.missing and not self.unexpected


def try_test(test: RuleTest, *, ruleset: Ruleset, installation: InstallationEntry) -> Outcome:
    """Judge a test's payload, and compare."""
    decided = tuple(_decide(make_scene(test, installation), ruleset))
    met = _pair(test.expect, decided)
    return Outcome(
        test.name,
        tuple(expected for position, expected in enumerate(test.expect) if position not in met.values()),
        tuple(record for position, record in enumerate(decided) if position not in met),
    )


def _decide(scene: Scene, ruleset: Ruleset) -> Iterator[Decided]:
    """Judge a scene as the intake judges a payload; yield the records in the order of the alerts."""
    groups = _groups(scene, ruleset)
    cases = list(_cases(scene, groups, ruleset))
    hearing = hear(
        cases, ledger=scene.ledger, recent=scene.recent, installation=scene.installation, now=scene.now
    )
    for case in cases:
        yield _of_decision(hearing.decisions[case.snapshot.record])
    for fault in groups.faults.values():
        yield _of_fault(fault)


def _groups(scene: Scene, ruleset: Ruleset) -> Groups:
    firing = [alert for alert in scene.alerts if alert.firing]
    ceiling = scene.installation.mode
    groups = group(
        ((alert, rule) for alert in firing for rule in match_rules(ruleset, alert, ceiling=ceiling)),
        scene.workload_of,
    )
    for ref in [ref for ref in groups.by_target if ref not in scene.snapshots]:
        groups.miss(ref, TargetFault(TargetReason.NOT_FOUND, f"{ref} does not exist"))
    return groups


def _cases(scene: Scene, groups: Groups, ruleset: Ruleset) -> Iterator[Case]:
    """Yield what is to be judged; what belongs to an earlier record only bears witness."""
    for ref, matched in groups.by_target.items():
        snapshot, standings = scene.snapshots[ref], scene.standings[ref]
        fresh, told = list[Matched](), list[Matched]()
        for alert, rule in matched:
            belongs = record_of(snapshot, standings, alert, rule.for_) is not None
            (told if belongs else fresh).append((alert, rule))
        if fresh:
            yield Case(snapshot, matches((*fresh, *of_same_trouble(told, fresh)), ruleset))


def _of_decision(decision: Decision) -> Decided:
    workload, leading = decision.snapshot.workload, decision.leading
    facts = {
        "rule": leading.rule.name,
        "target": workload.ref.path,
        "phase": leading.phase.value,
        "from": workload.live.number,
        "to": decision.preferred and decision.preferred.number,
        "blocked_by": frozenset(leading.blocked_by),
    }
    return Decided(facts, tuple(_opinion(judgement) for judgement in (leading, *decision.others)))


def _opinion(judgement: Judgement) -> Opinion:
    return Opinion(judgement.rule.name, judgement.mode, judgement.phase, judgement.verdicts)


def _of_fault(fault: FaultGroup) -> Decided:
    rule, verdicts = fault.rule, judge_without_target(fault.fault)
    blocked_by = frozenset(verdict.guard for verdict in verdicts if verdict.blocks)
    facts = {"rule": rule.name, "phase": Phase.REFUSED.value, "blocked_by": blocked_by}
    return Decided(facts, (Opinion(rule.name, rule.mode, Phase.REFUSED, verdicts),))


def _pair(expected: Sequence[Expectation], decided: Sequence[Decided]) -> dict[int, int]:
    """Return as many pairs as can be, position of the record to that of what expected it."""
    pairs: dict[int, int] = {}

    def settle(wish: int, tried: set[int]) -> bool:
        """Find a record for an expectation, moving others to another where that makes room."""
        for position, record in enumerate(decided):
            if position not in tried and record.meets(expected[wish]):
                tried.add(position)
                if position not in pairs or settle(pairs[position], tried):
                    pairs[position] = wish
                    return True
        return False

    for wish in range(len(expected)):
        settle(wish, set())
    return pairs
