"""Guard workload_paused: a paused rollout is somebody at work, and undo refuses it as kubectl does."""

from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.verdict import Verdict, allow, block

GUARD = "workload_paused"


class Reason(StrEnum):
    """The guard's reasons."""

    NOT_PAUSED = "not_paused"
    PAUSED = "rollout_paused"


def judge(context: Context) -> Verdict:
    """Block while the workload's spec.paused is set."""
    ref = context.workload.ref
    if not context.workload.paused:
        return allow(GUARD, Reason.NOT_PAUSED, f"the rollout of {ref} is not paused")
    resume = f"kubectl rollout resume {ref.kind.lower()}/{ref.name} -n {ref.namespace}"
    return block(
        GUARD,
        Reason.PAUSED,
        f"you cannot rollback a paused {ref.kind.lower()}; resume it first with '{resume}' and try again",
    )
