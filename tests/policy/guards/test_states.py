"""Guards target, firing, paused, workload_paused and history: each looks at one state."""

import pytest

from receiver.policy.choice import Reason as ChoiceReason
from receiver.policy.context import StillFiring
from receiver.policy.guards import firing, history, paused, target, workload_paused
from receiver.policy.ledger import Ledger, Pause
from receiver.policy.targets import TargetReason
from receiver.policy.verdict import Common
from receiver.policy.workload import Unreadable, Workload, WorkloadRef
from tests.policy.builders import FORBIDDEN, NOW, context, revision, workload


def test_a_workload_that_was_found_is_a_target() -> None:
    """Without one there is no context to judge: the faults are judged in policy/targets."""
    verdict = target.judge(context())
    assert verdict.allowed
    assert verdict.reason is TargetReason.FOUND
    assert verdict.evidence == "Deployment shop/checkout, uid uid-1"


@pytest.mark.parametrize(
    ("state", "blocks", "evidence"),
    [
        pytest.param(StillFiring.NOT_LATE, False, "the alert has just been received", id="not-late"),
        pytest.param(StillFiring.YES, False, "Alertmanager says that the alert still fires", id="fires"),
        pytest.param(
            StillFiring.NOBODY_TO_ASK,
            False,
            "no resolved message came; no Alertmanager address is set to ask",
            id="nobody-to-ask",
        ),
        pytest.param(StillFiring.NO, True, "the alert has cleared before the rollback was due", id="cleared"),
    ],
)
def test_a_late_act_needs_an_alert_that_fires(state: StillFiring, *, blocks: bool, evidence: str) -> None:
    """The state is the reason."""
    verdict = firing.judge(context(still_firing=state))
    assert (verdict.blocks, verdict.reason, verdict.evidence) == (blocks, state, evidence)


def test_firing_cannot_tell_when_alertmanager_does_not_answer() -> None:
    """So it blocks, and says why."""
    verdict = firing.judge(context(still_firing=Unreadable("whether the alert still fires", "timeout")))
    assert verdict.blocks
    assert verdict.reason is Common.UNREADABLE
    assert verdict.evidence == "cannot read whether the alert still fires: timeout"


@pytest.mark.parametrize(
    ("pause", "evidence"),
    [
        pytest.param(
            Pause(NOW, "ada", "exercise"), "paused by ada at 2026-05-01T12:00:00Z: exercise", id="reason"
        ),
        pytest.param(Pause(NOW, "ada", ""), "paused by ada at 2026-05-01T12:00:00Z", id="no-reason"),
    ],
)
def test_the_kill_switch_blocks(pause: Pause, evidence: str) -> None:
    """And tells who pulled it."""
    verdict = paused.judge(context(ledger=Ledger(pause=pause)))
    assert (verdict.blocks, verdict.reason, verdict.evidence) == (True, paused.Reason.PAUSED, evidence)


def test_the_kill_switch_is_off() -> None:
    """An empty ledger is the normal case."""
    verdict = paused.judge(context())
    assert (verdict.blocks, verdict.reason) == (False, paused.Reason.RUNNING)


def test_paused_cannot_tell_without_the_ledger() -> None:
    """The kill switch may be on."""
    verdict = paused.judge(context(ledger=Unreadable("the ledger", "403")))
    assert verdict.blocks
    assert verdict.reason is Common.UNREADABLE


def test_a_paused_rollout_blocks() -> None:
    """As kubectl rollout undo refuses it, and in its words."""
    verdict = workload_paused.judge(context(workload=workload(paused=True)))
    assert verdict.blocks
    assert verdict.reason is workload_paused.Reason.PAUSED
    assert verdict.evidence == (
        "you cannot rollback a paused deployment; resume it first with "
        "'kubectl rollout resume deployment/checkout -n shop' and try again"
    )


def test_a_paused_rollout_of_argo_is_resumed_by_its_spec() -> None:
    """Promote would skip the step that it is at, and `kubectl rollout` does not know the kind."""
    verdict = workload_paused.judge(
        context(workload=workload(ref=WorkloadRef("Rollout", "shop", "web"), paused=True))
    )
    assert verdict.evidence == (
        "you cannot rollback a paused rollout; resume it first and try again: "
        """kubectl patch rollout web -n shop --type merge -p '{"spec":{"paused":false}}'"""
    )


def test_a_rollout_that_is_not_paused_is_allowed() -> None:
    """The field comes with the workload itself, so it can always tell."""
    verdict = workload_paused.judge(context())
    assert (verdict.blocks, verdict.reason) == (False, workload_paused.Reason.NOT_PAUSED)
    assert verdict.warning is None


@pytest.mark.parametrize(
    ("of", "warning"),
    [
        pytest.param(
            workload(on_delete=True),
            "Deployment shop/checkout has the updateStrategy OnDelete: its pods stay as they are until"
            " somebody deletes them; after the patch do so one by one with 'kubectl delete pod NAME -n shop'",
            id="on-delete",
        ),
        pytest.param(
            workload(partition=2),
            "Deployment shop/checkout has a rolling update with partition 2: pods with a lower number stay as"
            " they are until somebody lowers it",
            id="partition",
        ),
    ],
)
def test_pods_that_do_not_follow_the_template_are_a_warning(of: Workload, warning: str) -> None:
    """The rollback is made, and the on-call is told what is left to do by hand."""
    verdict = workload_paused.judge(context(workload=of))
    assert (verdict.blocks, verdict.warning) == (False, warning)


def test_a_revision_to_go_back_to_is_allowed() -> None:
    """With what speaks for it."""
    verdict = history.judge(context())
    assert (verdict.blocks, verdict.reason) == (False, ChoiceReason.CHOSEN)
    assert verdict.evidence == "revision 6 (1d in service)"


@pytest.mark.parametrize(
    ("of", "reason"),
    [
        pytest.param(workload(revisions=()), ChoiceReason.NO_HISTORY, id="no-history"),
        pytest.param(
            workload(revisions=(revision(6, available=False),)), ChoiceReason.NONE_GOOD, id="none-good"
        ),
        pytest.param(
            workload(revisions=Unreadable("the ReplicaSets", "403")),
            ChoiceReason.UNREADABLE,
            id="cannot-tell-the-revisions",
        ),
    ],
)
def test_nothing_to_go_back_to_blocks(of: Workload, reason: ChoiceReason) -> None:
    """For the reason that the choice gives."""
    verdict = history.judge(context(workload=of))
    assert (verdict.blocks, verdict.reason) == (True, reason)


def test_history_cannot_tell_without_the_past() -> None:
    """Any of the revisions may be known bad."""
    verdict = history.judge(context(past=FORBIDDEN))
    assert (verdict.blocks, verdict.reason) == (True, ChoiceReason.UNREADABLE)
    assert verdict.evidence == "cannot read the earlier records: 403 Forbidden"
