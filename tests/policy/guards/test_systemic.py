"""Guard systemic: how many workloads that nobody deployed are too many, and what it says of them."""

from datetime import timedelta
from typing import Any

import pytest

from receiver.policy.bystanders import Bystanders
from receiver.policy.guards import systemic
from receiver.policy.guards.systemic import Reason
from receiver.policy.verdict import Common
from receiver.policy.workload import Unreadable, WorkloadRef
from tests.policy.builders import MINUTE, SECOND, context, rule

UNREADABLE = Unreadable("the records of the last 10m", "403 Forbidden")


def bystanders(names: str, *, age: timedelta = timedelta(0), kind: str = "Deployment") -> Bystanders:
    """One for each letter."""
    return Bystanders(tuple(WorkloadRef(kind, "shop", name) for name in names), age)


@pytest.mark.parametrize(
    ("most", "names", "reason"),
    [
        pytest.param(5, "", Reason.FEW, id="none"),
        pytest.param(5, "abcd", Reason.FEW, id="one-below"),
        pytest.param(5, "abcde", Reason.MANY, id="as-many"),
        pytest.param(5, "abcdefg", Reason.MANY, id="more"),
        pytest.param(2, "ab", Reason.MANY, id="the-least-setting"),
        pytest.param(None, "abcdefg", Reason.OFF, id="off"),
    ],
)
def test_it_blocks_from_the_rules_number_on(most: int | None, names: str, reason: Reason) -> None:
    """Whatever the judged workload itself is: freshly deployed or not."""
    verdict = systemic.judge(context(rule=rule(systemic=most), bystanders=bystanders(names)))
    assert verdict.reason is reason
    assert verdict.blocks is (reason is Reason.MANY)


@pytest.mark.parametrize(
    ("seen", "evidence"),
    [
        pytest.param(
            bystanders("abcdefg"),
            "7 workloads whose trouble no rollout explains had alerts in the last 10m: "
            "Deployment shop/a, shop/b, shop/c and 4 more; systemic 5",
            id="seven",
        ),
        pytest.param(
            bystanders("abc"),
            "3 workloads whose trouble no rollout explains had alerts in the last 10m: "
            "Deployment shop/a, shop/b, shop/c; systemic 5",
            id="three",
        ),
        pytest.param(
            bystanders("a"),
            "1 workload whose trouble no rollout explains had alerts in the last 10m: "
            "Deployment shop/a; systemic 5",
            id="one",
        ),
        pytest.param(
            bystanders(""),
            "0 workloads whose trouble no rollout explains had alerts in the last 10m; systemic 5",
            id="none",
        ),
        pytest.param(
            Bystanders((*bystanders("a").targets, *bystanders("bc", kind="StatefulSet").targets)),
            "3 workloads whose trouble no rollout explains had alerts in the last 10m: "
            "Deployment shop/a, StatefulSet shop/b, shop/c; systemic 5",
            id="kinds",
        ),
        pytest.param(
            bystanders("", age=9 * SECOND),
            "0 workloads whose trouble no rollout explains had alerts in the last 10m; systemic 5",
            id="read-just-now",
        ),
        pytest.param(
            bystanders("", age=25 * SECOND),
            "0 workloads whose trouble no rollout explains had alerts in the last 10m; systemic 5; "
            "the records were read 25s ago",
            id="read-a-while-ago",
        ),
        pytest.param(
            bystanders("abcde", age=MINUTE),
            "5 workloads whose trouble no rollout explains had alerts in the last 10m: "
            "Deployment shop/a, shop/b, shop/c and 2 more; systemic 5",
            id="enough-however-old",
        ),
    ],
)
def test_the_evidence_counts_names_and_compares(seen: Bystanders, evidence: str) -> None:
    """The age of what was read is said where it matters: where more may have come since."""
    assert systemic.judge(context(bystanders=seen)).evidence == evidence


@pytest.mark.parametrize(
    ("most", "blocks"), [pytest.param(5, True, id="on"), pytest.param(None, False, id="off")]
)
def test_it_cannot_tell_without_the_records(most: Any, *, blocks: bool) -> None:
    """So it blocks, and says what it could not read; switched off, it does not ask."""
    verdict = systemic.judge(context(rule=rule(systemic=most), bystanders=UNREADABLE))
    assert verdict.blocks is blocks
    if blocks:
        assert verdict.reason is Common.UNREADABLE
        assert verdict.evidence == "cannot read the records of the last 10m: 403 Forbidden"
