"""Guard target: the alerts name one workload that exists."""

from receiver.policy.context import Context
from receiver.policy.targets import TargetReason
from receiver.policy.verdict import Verdict, allow

GUARD = "target"


def judge(context: Context) -> Verdict:
    """Allow: a context is only ever made for a workload that was found. policy/targets has the faults."""
    return allow(GUARD, TargetReason.FOUND, f"{context.workload.ref}, uid {context.workload.uid}")
