"""Guard budget: what counts, for how long, over what; and the ledger that it counts in."""

from typing import Any

import pytest

from receiver.policy.guards import budget
from receiver.policy.guards.budget import Reason
from receiver.policy.ledger import KEPT_FOR, Ledger, Pause, Spending
from receiver.policy.rules import Budget, Over
from receiver.policy.verdict import Common
from receiver.policy.workload import Unreadable, WorkloadRef
from tests.policy.builders import CHECKOUT, HOUR, NOW, SECOND, context, own_record, rule, spending

NEIGHBOUR = WorkloadRef("Deployment", "shop", "cart")
ELSEWHERE = WorkloadRef("Deployment", "blog", "web")


def spent(**changes: Any) -> tuple[Spending, Spending]:
    """Two rollbacks."""
    return spending("one", **changes), spending("two", **changes)


@pytest.mark.parametrize(
    ("over", "counted", "reason"),
    [
        pytest.param(Over.CLUSTER, spent(), Reason.SPENT, id="cluster-counts-all"),
        pytest.param(Over.NAMESPACE, spent(target=NEIGHBOUR), Reason.SPENT, id="namespace-counts-its-own"),
        pytest.param(
            Over.NAMESPACE, spent(target=ELSEWHERE), Reason.WITHIN, id="namespace-ignores-the-others"
        ),
        pytest.param(
            Over.RULE, spent(rule="errors", target=ELSEWHERE), Reason.SPENT, id="rule-counts-its-own"
        ),
        pytest.param(
            Over.RULE, spent(rule="latency", target=CHECKOUT), Reason.WITHIN, id="rule-ignores-others"
        ),
        pytest.param(Over.TARGET, spent(target=CHECKOUT), Reason.SPENT, id="target-counts-its-own"),
        pytest.param(Over.TARGET, spent(target=NEIGHBOUR), Reason.WITHIN, id="target-ignores-neighbours"),
        pytest.param(Over.CLUSTER, spent()[:1], Reason.WITHIN, id="below-max"),
        pytest.param(Over.CLUSTER, (*spent(), spending("three")), Reason.SPENT, id="above-max"),
        pytest.param(Over.CLUSTER, (), Reason.WITHIN, id="nothing-spent"),
        pytest.param(Over.CLUSTER, spent(at=NOW - HOUR), Reason.WITHIN, id="out-of-the-window"),
        pytest.param(Over.CLUSTER, spent(at=NOW - HOUR + SECOND), Reason.SPENT, id="just-inside-the-window"),
        pytest.param(
            Over.CLUSTER,
            (spending("one"), spending(own_record())),
            Reason.WITHIN,
            id="its-own-is-not-another",
        ),
    ],
)
def test_it_blocks_when_max_is_reached(over: Over, counted: tuple[Spending, ...], reason: Reason) -> None:
    """`max` rollbacks in the window, over what the rule says; this record's own is no other."""
    seen = context(rule=rule(budget=Budget(max=2, per=HOUR, over=over)), ledger=Ledger(counted))
    verdict = budget.judge(seen)
    assert verdict.reason is reason
    assert verdict.blocks is (reason is Reason.SPENT)


def test_the_evidence_counts() -> None:
    """How many, of how many, in what time, over what."""
    seen = context(rule=rule(budget=Budget(max=2, per=HOUR)), ledger=Ledger(spent()))
    assert budget.judge(seen).evidence == "2 of 2 rollbacks in the last 1h over cluster"


def test_off_is_no_budget() -> None:
    """Whatever was spent, and even where nobody can read what was."""
    ledger = Ledger(tuple(spending(f"r{number}") for number in range(99)))
    assert budget.judge(context(rule=rule(budget=None), ledger=ledger)).reason is Reason.OFF
    unreadable = Unreadable("the ledger", "403")
    assert not budget.judge(context(rule=rule(budget=None), ledger=unreadable)).blocks


def test_it_cannot_tell_without_the_ledger() -> None:
    """So it blocks, and says what it could not read."""
    verdict = budget.judge(context(ledger=Unreadable("the ledger", "403")))
    assert verdict.blocks
    assert verdict.reason is Common.UNREADABLE
    assert verdict.evidence == "cannot read the ledger: 403"


def test_a_record_is_spent_once() -> None:
    """However often it is entered: a repeat finds the same ledger."""
    once = Ledger().spend(spending("one"))
    assert once.spend(spending("one", at=NOW)) is once
    assert [entry.record for entry in once.spend(spending("two")).spendings] == ["one", "two"]


def test_old_spendings_are_dropped_by_the_next_one() -> None:
    """No window reaches that far back, and the ledger must not grow for ever."""
    old, kept = spending("old", at=NOW - KEPT_FOR), spending("kept", at=NOW - KEPT_FOR + SECOND)
    ledger = Ledger((old, kept), Pause(NOW, "ada", "exercise"))
    assert ledger.spend(spending("new", at=NOW)) == Ledger((kept, spending("new", at=NOW)), ledger.pause)


def test_what_patched_nothing_is_refunded() -> None:
    """And nothing else is."""
    assert Ledger(spent()).refund("one").spendings == spent()[1:]
    assert Ledger(spent()).refund("three") == Ledger(spent())
