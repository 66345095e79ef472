"""The ledger counts a record once, for a week, and gives back what was never patched."""

from datetime import timedelta

from receiver.policy import ledger
from receiver.policy.ledger import Ledger, Spending
from receiver.policy.workload import WorkloadRef
from tests.policy.builders import NOW

CHECKOUT = WorkloadRef("Deployment", "shop", "checkout")


def spending(record: str, age: timedelta = timedelta(0)) -> Spending:
    return Spending(record, CHECKOUT, "shop", NOW - age)


def test_a_record_counts_once() -> None:
    once = Ledger().spend(spending("a"))

    assert once.spend(spending("a")) is once


def test_what_is_older_than_a_week_counts_no_longer() -> None:
    old = Ledger().spend(spending("old", ledger.KEPT_FOR)).spend(spending("young", timedelta(days=6)))

    assert [kept.record for kept in old.spend(spending("new")).spendings] == ["young", "new"]


def test_it_never_outgrows_its_configmap() -> None:
    full = Ledger(tuple(spending(f"r{n}") for n in range(ledger.KEPT_AT_MOST)))

    kept = full.spend(spending("new")).spendings

    assert len(kept) == ledger.KEPT_AT_MOST
    assert kept[-1].record == "new"


def test_what_was_never_patched_is_given_back() -> None:
    spent = Ledger().spend(spending("a")).spend(spending("b"))

    assert [left.record for left in spent.refund("a").spendings] == ["b"]
