"""The one sentence that each phase of a record says to the on-call."""

from receiver.policy.alerts import cut
from receiver.policy.decision import Decision
from receiver.policy.record import Phase
from receiver.policy.targets import TargetFault
from receiver.policy.verdict import Verdict

MESSAGE_LIMIT = 4096


def decision_sentence(decision: Decision) -> str:
    """Say what was decided: refused and by whom, what would be done, or what is being done."""
    ref, live, leading = decision.snapshot.workload.ref, decision.snapshot.workload.live, decision.leading
    if leading.phase is Phase.REFUSED:
        return cut(f"Refused to roll {ref} back: {refusals(leading.verdicts)}", limit_bytes=MESSAGE_LIMIT)
    to = "" if decision.chosen is None else f" to {decision.chosen.label}"
    verb = "Rolling" if leading.phase is Phase.PENDING else "Would roll"
    return f"{verb} {ref} back from {live.label}{to}"


def refusals(verdicts: tuple[Verdict, ...]) -> str:
    """Name every guard that blocks, with its evidence."""
    return "; ".join(f"{verdict.guard}: {verdict.evidence}" for verdict in verdicts if verdict.blocks)


def fault_sentence(rule: str, fault: TargetFault) -> str:
    """Say that a rule's alerts name no usable target."""
    return f"Refused: rule {rule} found no target: {fault.evidence}"
