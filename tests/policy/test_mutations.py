"""Every guard of the chain is needed: without it an incident of the corpus comes out wrong."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

from receiver.policy.context import StillFiring
from receiver.policy.guards import GUARDS, judge_without_target
from receiver.policy.record import Phase
from receiver.policy.rulefile import combine
from receiver.policy.rules import Ruleset
from receiver.policy.ruletests.document import RuleTestDocument
from receiver.policy.ruletests.file import parse_rule_tests
from receiver.policy.ruletests.trial import try_test
from receiver.policy.targets import TargetFault
from receiver.policy.verdict import Verdict, allow
from receiver.rulefiles import read_rule_files
from tests.policy.builders import decision

CORPUS = sorted((Path(__file__).parents[1] / "corpus").glob("*.yaml"))
CHAIN = [guard.GUARD for guard in GUARDS]
BEYOND_RULE_TESTS = {"firing"}
"""What judges later acts only: a rule test is one payload, which has just been received."""


@cache
def read(file: Path) -> tuple[RuleTestDocument, Ruleset]:
    """The tests of a file and the rules that they name."""
    document = parse_rule_tests(file.read_text(), filename=str(file)).document
    assert document is not None
    paths = [file.parent / path for path in document.rules]
    ruleset = combine(read_rule_files(paths, document.settings.defaults))
    assert isinstance(ruleset, Ruleset)
    return document, ruleset


def failing_incidents() -> set[str]:
    """Run the whole corpus; name what does not come out as it should."""
    return {name for file in CORPUS for name in _failing(*read(file))}


def _failing(document: RuleTestDocument, ruleset: Ruleset) -> Iterator[str]:
    for test in document.tests:
        if not try_test(test, ruleset=ruleset, installation=document.settings).passed:
            yield test.name


def blocked_by(guard: str) -> set[str]:
    """Name the incidents that this guard is to block, alone or with others."""
    tests = [test for file in CORPUS for test in read(file)[0].tests]
    return {test.name for test in tests if any(guard in (one.blocked_by or ()) for one in test.expect)}


def without(name: str) -> tuple[object, ...]:
    return tuple(guard for guard in GUARDS if name != guard.GUARD)


def with_yes(name: str) -> tuple[object, ...]:
    """The chain with a guard that always allows instead of this one."""
    yes = SimpleNamespace(GUARD=name, judge=lambda _: allow(name, Phase.PENDING, "always"))
    return tuple(yes if name == guard.GUARD else guard for guard in GUARDS)


def test_whole_chain_fails_no_incident() -> None:
    """Without this the others here prove nothing."""
    assert failing_incidents() == set()


@pytest.mark.parametrize("mutate", [without, with_yes], ids=["taken-out", "always-allows"])
@pytest.mark.parametrize("name", [name for name in CHAIN if name not in BEYOND_RULE_TESTS | {"target"}])
def test_incident_comes_out_wrong_without_a_guard(
    name: str, mutate: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none but those that it blocks: a guard has no effect on what others decide."""
    assert callable(mutate)
    monkeypatch.setattr("receiver.policy.guards.GUARDS", mutate(name))
    failing = failing_incidents()
    assert failing
    assert failing <= blocked_by(name)


def test_incident_comes_out_wrong_without_the_guard_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """It blocks where no workload is found, and the chain has nothing to judge."""

    def targetless(fault: TargetFault) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in judge_without_target(fault) if verdict.guard != "target")

    monkeypatch.setattr("receiver.policy.ruletests.trial.judge_without_target", targetless)
    assert failing_incidents() == blocked_by("target") != set()


@pytest.mark.parametrize("mutate", [without, with_yes], ids=["taken-out", "always-allows"])
def test_late_act_is_done_without_the_guard_firing(mutate: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the alert has cleared; no other guard knows that."""
    assert decision(still_firing=StillFiring.NO).leading.blocked_by == ("firing",)
    assert callable(mutate)
    monkeypatch.setattr("receiver.policy.guards.GUARDS", mutate("firing"))
    assert decision(still_firing=StillFiring.NO).leading.phase is Phase.PENDING
    assert failing_incidents() == set()


def test_every_guard_is_tried_by_one_of_these() -> None:
    """A new guard is, by being in the chain; an exception that is none any more is noticed."""
    assert {*BEYOND_RULE_TESTS, "target"} <= set(CHAIN)
    assert all(blocked_by(name) for name in CHAIN if name not in BEYOND_RULE_TESTS)
