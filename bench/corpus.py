"""The incidents of tests/corpus, judged; and beside it what a blind undo on every matching alert would do.

A wrong rollback is one that should not be, or to another revision; a missed one should be and is not.
"""

from collections.abc import Iterator
from pathlib import Path

from bench.stage import show
from receiver.policy.grouping import group, match_rules
from receiver.policy.record import Phase
from receiver.policy.rules import Mode, Ruleset
from receiver.policy.ruletests.document import RuleTest, RuleTestDocument
from receiver.policy.ruletests.file import parse_rule_tests
from receiver.policy.ruletests.scene import make_scene
from receiver.policy.workload import Unreadable, Workload
from receiver.rulefiles import load_rules
from receiver.ruletests import run_rule_tests

CORPUS = Path(__file__).parents[1] / "tests" / "corpus"
Undone = set[tuple[str, int]]


def measure() -> None:
    """Score both on the same incidents."""
    incidents = failed = rollbacks = wrong = missed = 0
    for file in sorted(CORPUS.glob("*.yaml")):
        failed += sum(not outcome.passed for outcome in run_rule_tests(file).outcomes)
        for wanted, undone in _incidents(file):
            incidents += 1
            rollbacks += len(wanted)
            wrong += len(undone - wanted)
            missed += len(wanted - undone)
    show(
        "incidents",
        incidents=incidents,
        rollbacks_wanted=rollbacks,
        judged_otherwise_than_wanted=failed,
        blind_undo_wrong=wrong,
        blind_undo_missed=missed,
    )


def _incidents(file: Path) -> Iterator[tuple[Undone, Undone]]:
    document = parse_rule_tests(file.read_text(), filename=file.name).document
    assert document is not None
    ruleset = load_rules([file.parent / path for path in document.rules])
    for test in document.tests:
        yield _wanted(test), _blind(test, document, ruleset)


def _wanted(test: RuleTest) -> Undone:
    expected = [one for one in test.expect if one.phase is Phase.PENDING]
    alone = test.workloads[0].ref.path if len(test.workloads) == 1 else ""
    return {(one.target.path if one.target else alone, one.to or 0) for one in expected}


def _blind(test: RuleTest, document: RuleTestDocument, ruleset: Ruleset) -> Undone:
    """Return what is undone by `kubectl rollout undo` for every workload that a matching alert names."""
    scene = make_scene(test, document.settings)
    firing = [alert for alert in scene.alerts if alert.firing]
    pairs = ((alert, rule) for alert in firing for rule in match_rules(ruleset, alert, ceiling=Mode.AUTO))
    named = [
        scene.snapshots[ref] for ref in group(pairs, scene.workload_of).by_target if ref in scene.snapshots
    ]
    return {(w.ref.path, number) for w in (each.workload for each in named) if (number := _previous(w))}


def _previous(workload: Workload) -> int | None:
    """Return the second highest number, as kubectl does; None where there is none."""
    others = () if isinstance(workload.revisions, Unreadable) else workload.revisions
    numbers = sorted((r.number for r in (*others, workload.live) if r.number is not None), reverse=True)
    return numbers[1] if len(numbers) > 1 else None
