"""Guard workload_paused: a paused rollout is somebody at work, and undo refuses it as kubectl does."""

from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.verdict import Verdict, allow, block
from receiver.policy.vocabulary import Kind
from receiver.policy.workload import Workload, WorkloadRef

GUARD = "workload_paused"


class Reason(StrEnum):
    """The guard's reasons."""

    NOT_PAUSED = "not_paused"
    PAUSED = "rollout_paused"


def judge(context: Context) -> Verdict:
    """Block while the workload's spec.paused is set; warn of pods that won't follow the template."""
    ref = context.workload.ref
    if not context.workload.paused:
        evidence = f"the rollout of {ref} is not paused"
        return allow(GUARD, Reason.NOT_PAUSED, evidence, warning=_left_behind(context.workload))
    evidence = f"you cannot rollback a paused {ref.kind.lower()}; {_how_to_resume(ref)}"
    return block(GUARD, Reason.PAUSED, evidence)


def _how_to_resume(ref: WorkloadRef) -> str:
    if ref.kind == Kind.ROLLOUT:
        # `kubectl rollout` does not know the kind, and promote of Argo's plugin would go on a step as well.
        unpause = """--type merge -p '{"spec":{"paused":false}}'"""
        return f"resume it first and try again: kubectl patch rollout {ref.name} -n {ref.namespace} {unpause}"
    resume = f"kubectl rollout resume {ref.kind.lower()}/{ref.name} -n {ref.namespace}"
    return f"resume it first with '{resume}' and try again"


def _left_behind(workload: Workload) -> str | None:
    """Say which pods the patch alone does not bring back, None where it brings all."""
    ref = workload.ref
    if workload.on_delete:
        delete = f"kubectl delete pod NAME -n {ref.namespace}"
        return (
            f"{ref} has the updateStrategy OnDelete: its pods stay as they are until somebody deletes them;"
            f" after the patch do so one by one with '{delete}'"
        )
    if workload.partition:
        return (
            f"{ref} has a rolling update with partition {workload.partition}: pods with a lower number"
            " stay as they are until somebody lowers it"
        )
    return None
