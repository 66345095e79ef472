"""The sentences that the on-call reads first."""

from dataclasses import replace

import pytest

from receiver.policy.decision import Decision
from receiver.policy.ledger import Ledger, Pause
from receiver.policy.record import Phase
from receiver.policy.rules import Mode
from receiver.policy.targets import TargetFault, TargetReason
from receiver.policy.wording import (
    MESSAGE_LIMIT,
    approval_refused,
    decision_sentence,
    fault_sentence,
    kubectl_undo,
    refusals,
)
from receiver.policy.workload import WorkloadRef
from tests.policy.builders import CHECKOUT, LIVE, NOW, decision, revision, rule, workload

PAUSED = Ledger(pause=Pause(NOW, "ada", "exercise"))


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        pytest.param(
            decision(),
            "Rolling Deployment shop/checkout back from revision 7 to revision 6",
            id=Phase.PENDING.value,
        ),
        pytest.param(
            decision(rules=[rule(mode=Mode.APPROVE)]),
            "Waiting for approval to roll Deployment shop/checkout back from revision 7 to revision 6",
            id=Phase.AWAITING_APPROVAL.value,
        ),
        pytest.param(
            decision(rules=[rule(mode=Mode.DRY_RUN)]),
            "Would roll Deployment shop/checkout back from revision 7 to revision 6",
            id=Phase.DRY_RUN.value,
        ),
        pytest.param(
            decision(ledger=PAUSED),
            "Refused to roll Deployment shop/checkout back: "
            "paused: paused by ada at 2026-05-01T12:00:00Z: exercise",
            id=Phase.REFUSED.value,
        ),
    ],
)
def test_a_decision_is_one_sentence(made: Decision, sentence: str) -> None:
    """What, of what, from where to where; or who refused it and why."""
    assert decision_sentence(made) == sentence


def test_a_refusal_names_every_guard_that_blocks() -> None:
    """With its evidence, and no guard that allows."""
    made = decision(workload(revisions=()), ledger=PAUSED)
    assert refusals(made.leading.verdicts) == (
        "paused: paused by ada at 2026-05-01T12:00:00Z: exercise; history: no rollout history found for "
        "Deployment shop/checkout (revisionHistoryLimit 10)"
    )
    assert refusals(decision().leading.verdicts) == ""


def test_a_sentence_fits_into_a_record() -> None:
    """A thousand revisions that were passed over are not all named."""
    many = tuple(revision(number, available=False) for number in range(1000, 2000))
    sentence = decision_sentence(decision(workload(live=replace(LIVE, number=2000), revisions=many)))
    assert len(sentence.encode()) <= MESSAGE_LIMIT
    assert sentence.startswith("Refused to roll Deployment shop/checkout back: history: revision 1999 passed")


def test_a_target_that_was_not_found_is_a_sentence_too() -> None:
    """With the rule, whose target is wrong."""
    fault = TargetFault(TargetReason.LABEL_MISSING, "the alert has no label namespace")
    assert fault_sentence("errors", fault) == (
        "Refused: rule errors found no target: the alert has no label namespace"
    )


def test_an_approval_that_came_to_nothing_names_who_and_why() -> None:
    """Within the bounds of a record."""
    said = "approved by ann at 2026-05-01T12:00:00Z"
    assert approval_refused(CHECKOUT, said, "paused: game day") == (
        f"The rollback of Deployment shop/checkout was {said}, but refused: paused: game day"
    )
    assert len(approval_refused(CHECKOUT, said, "x" * 9999).encode()) <= MESSAGE_LIMIT


@pytest.mark.parametrize(
    ("ref", "command"),
    [
        (CHECKOUT, "kubectl rollout undo deployment/checkout -n shop --to-revision=6"),
        (
            WorkloadRef("Rollout", "shop", "checkout"),
            "kubectl argo rollouts undo checkout -n shop --to-revision=6",
        ),
        (
            WorkloadRef("DaemonSet", "a b", ";x"),
            "kubectl rollout undo 'daemonset/;x' -n 'a b' --to-revision=6",
        ),
    ],
    ids=["kubectl", "argo", "quoted"],
)
def test_what_a_person_types_to_go_back(ref: WorkloadRef, command: str) -> None:
    assert kubectl_undo(ref, 6) == command
