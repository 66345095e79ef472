"""The chain of guards: all of them run, and each of them matters."""

from typing import Any

import pytest

from receiver.policy.bystanders import Bystanders
from receiver.policy.context import Installation, StillFiring
from receiver.policy.guards import GUARDS, NAMES, judge_all, judge_without_target
from receiver.policy.ledger import Ledger, Pause
from receiver.policy.needs import Item, ItemKind
from receiver.policy.ownership import TRACKING_ID
from receiver.policy.record import BARRIER_ANNOTATION, Phase
from receiver.policy.rules import Mode, Schedule
from receiver.policy.targets import TargetFault, TargetReason
from receiver.policy.timeintervals import TimeInterval
from receiver.policy.verdict import Common, Verdict, allow, block, cannot_tell, not_judged
from receiver.policy.workload import Unreadable, WorkloadRef
from tests.policy.builders import (
    FORBIDDEN,
    HOUR,
    MINUTE,
    NOW,
    alert,
    context,
    decision,
    own_record,
    past,
    revision,
    rule,
    spending,
    template,
    workload,
)

ONLY_BLOCKED_BY: dict[str, dict[str, Any]] = {
    "firing": {"still_firing": StillFiring.NO},
    "paused": {"ledger": Ledger(pause=Pause(NOW, "ada", "exercise"))},
    "scope": {"installation": Installation(Mode.AUTO, namespaces=frozenset({"blog"}))},
    "workload_paused": {"of": workload(paused=True)},
    "blame": {"of": workload(live=revision(7, live_since=NOW - 3 * HOUR))},
    "systemic": {
        "bystanders": Bystanders(tuple(WorkloadRef("Deployment", "shop", name) for name in "abcde"))
    },
    "cooldown": {"past": (past(patched_at=NOW - MINUTE),)},
    "budget": {"ledger": Ledger((spending("one"), spending("two"), spending("three")))},
    "flip_flop": {"past": (past(to_hash="hash7"),)},
    "settled": {"past": (past(record=own_record(), phase=Phase.REJECTED, patched_at=None),)},
    "history": {"of": workload(revisions=())},
    "barrier": {"of": workload(annotations={BARRIER_ANNOTATION: "7: migrated"})},
    "gitops": {"of": workload(annotations={TRACKING_ID: "shop-app:apps/Deployment:shop/checkout"})},
    "stale": {
        "alerts": [alert(age=2 * HOUR)],
        "of": workload(live=revision(7, live_since=NOW - 2 * HOUR - MINUTE)),
    },
    "schedule": {"rules": [rule(schedule=Schedule(mute=(TimeInterval(),)))]},
    "preflight": {
        "of": workload(revisions=(revision(6, template=template("checkout:6", serviceAccountName="web")),)),
        "inventory": {Item(ItemKind.ACCOUNT, "shop", "web"): FORBIDDEN},
    },
}
"""A situation for each guard that no other guard sees; `target` cannot block where there is a workload."""


def test_every_guard_has_its_situation() -> None:
    """So that a guard without one is noticed."""
    assert {*ONLY_BLOCKED_BY, "target"} == set(NAMES)
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("name", ONLY_BLOCKED_BY)
def test_without_a_guard_its_situation_is_rolled_back(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each guard alone stops something that nothing else stops."""
    situation = ONLY_BLOCKED_BY[name]
    assert decision(**situation).leading.blocked_by == (name,)
    assert decision(**situation).leading.phase is Phase.REFUSED
    monkeypatch.setattr(
        "receiver.policy.guards.GUARDS", tuple(guard for guard in GUARDS if name != guard.GUARD)
    )
    assert decision(**situation).leading.phase is Phase.PENDING


def test_all_guards_run_whatever_the_first_ones_say() -> None:
    """Each verdict is kept, in the guards' order."""
    unreadable = workload(namespace_annotations=FORBIDDEN, revisions=FORBIDDEN, paused=True)
    verdicts = judge_all(
        context(
            workload=unreadable,
            past=FORBIDDEN,
            ledger=FORBIDDEN,
            still_firing=FORBIDDEN,
            bystanders=FORBIDDEN,
        )
    )
    assert tuple(verdict.guard for verdict in verdicts) == NAMES
    allowed = {verdict.guard for verdict in verdicts if not verdict.blocks}
    assert allowed == {"target", "blame", "barrier", "gitops", "stale", "schedule", "preflight"}


def test_without_a_workload_only_target_blocks() -> None:
    """The others are kept as not judged, which is neither yes nor no."""
    verdicts = judge_without_target(TargetFault(TargetReason.NOT_FOUND, "Deployment shop/x does not exist"))
    assert verdicts[0] == Verdict("target", False, TargetReason.NOT_FOUND, "Deployment shop/x does not exist")
    assert tuple(verdict.guard for verdict in verdicts) == NAMES
    said = {(one.allowed, one.reason, one.evidence) for one in verdicts[1:]}
    assert said == {(None, Common.NOT_JUDGED, "no workload to judge")}


@pytest.mark.parametrize(
    ("verdict", "allowed", "blocks"),
    [
        pytest.param(allow("g", Common.NOT_JUDGED, "e"), True, False, id="allow"),
        pytest.param(block("g", Common.NOT_JUDGED, "e"), False, True, id="block"),
        pytest.param(cannot_tell("g", Unreadable("it", "403")), False, True, id="cannot-tell"),
        pytest.param(not_judged("g", "nothing to judge"), None, False, id="not-judged"),
    ],
)
def test_only_a_verdict_that_says_no_blocks(verdict: Verdict, *, allowed: bool | None, blocks: bool) -> None:
    """Not having judged is no refusal."""
    assert (verdict.allowed, verdict.blocks) == (allowed, blocks)
