"""The one sentence that each phase of a record says to the on-call, and what they can type themselves."""

import shlex

from receiver.policy.alerts import cut
from receiver.policy.decision import Decision
from receiver.policy.record import Phase
from receiver.policy.targets import TargetFault
from receiver.policy.verdict import Verdict
from receiver.policy.vocabulary import Kind
from receiver.policy.workload import WorkloadRef

MESSAGE_LIMIT = 4096
VERBS = {
    Phase.PENDING: "Rolling",
    Phase.AWAITING_APPROVAL: "Waiting for approval to roll",
    Phase.DRY_RUN: "Would roll",
}


def decision_sentence(decision: Decision) -> str:
    """Say what was decided: refused and by whom, what would be done, awaits approval, or is being done."""
    ref, live, leading = decision.snapshot.workload.ref, decision.snapshot.workload.live, decision.leading
    if leading.phase is Phase.REFUSED:
        return cut(f"Refused to roll {ref} back: {refusals(leading.verdicts)}", limit_bytes=MESSAGE_LIMIT)
    to = "" if decision.chosen is None else f" to {decision.chosen.label}"
    return f"{VERBS[leading.phase]} {ref} back from {live.label}{to}"


def refusals(verdicts: tuple[Verdict, ...]) -> str:
    """Name every guard that blocks, with its evidence."""
    return "; ".join(f"{verdict.guard}: {verdict.evidence}" for verdict in verdicts if verdict.blocks)


def approval_refused(ref: WorkloadRef, said: str, why: str) -> str:
    """Say that a rollback came to nothing although somebody approved it, who and when `said` tells."""
    return cut(f"The rollback of {ref} was {said}, but refused: {why}", limit_bytes=MESSAGE_LIMIT)


def fault_sentence(rule: str, fault: TargetFault) -> str:
    """Say that a rule's alerts name no usable target."""
    return f"Refused: rule {rule} found no target: {fault.evidence}"


def kubectl_undo(ref: WorkloadRef, revision: int | str) -> str:
    """Return what a person types to go back to a revision, past the receiver."""
    undo = ["rollout", "undo", f"{ref.kind.lower()}/{ref.name}"]
    if ref.kind == Kind.ROLLOUT:
        undo = ["argo", "rollouts", "undo", ref.name]
    return shlex.join(["kubectl", *undo, "-n", ref.namespace, f"--to-revision={revision}"])
