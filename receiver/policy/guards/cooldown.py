"""Guard cooldown: a workload that was rolled back a moment ago is left alone."""

from datetime import timedelta
from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.times import format_age
from receiver.policy.verdict import Verdict, allow, block, cannot_tell
from receiver.policy.workload import Unreadable

GUARD = "cooldown"


class Reason(StrEnum):
    """The guard's reasons."""

    NEVER_ROLLED_BACK = "never_rolled_back"
    COOLED_DOWN = "cooled_down"
    COOLING_DOWN = "cooling_down"


def judge(context: Context) -> Verdict:
    """Block for the rule's `cooldown` after the last patch of ours on this workload, by whatever rule."""
    if isinstance(context.past, Unreadable):
        return cannot_tell(GUARD, context.past)
    cooldown: timedelta = context.rule.guards.cooldown
    patches = [(past.patched_at, past.record) for past in context.past if past.patched_at]
    if not patches:
        return allow(GUARD, Reason.NEVER_ROLLED_BACK, f"no rollback of {context.workload.ref} is known")
    patched_at, record = max(patches)
    ago = context.now - patched_at
    evidence = f"rolled back {format_age(ago)} ago (record {record}); cooldown {format_age(cooldown)}"
    if ago < cooldown:
        return block(GUARD, Reason.COOLING_DOWN, evidence)
    return allow(GUARD, Reason.COOLED_DOWN, evidence)
