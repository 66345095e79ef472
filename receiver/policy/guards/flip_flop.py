"""Guard flip_flop: what this receiver restored it never rolls back."""

from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.record import PastRollback
from receiver.policy.times import format_time
from receiver.policy.verdict import Verdict, allow, block, cannot_tell
from receiver.policy.workload import Unreadable

GUARD = "flip_flop"


class Reason(StrEnum):
    """The guard's reasons."""

    NOT_OURS = "not_restored_by_us"
    RESTORED = "restored_by_us"


def judge(context: Context) -> Verdict:
    """Block when the live revision is one that an earlier rollback put back."""
    if isinstance(context.past, Unreadable):
        return cannot_tell(GUARD, context.past)
    live = context.workload.live
    for past in context.past:
        if past.patched_at is not None and past.restored(live):
            evidence = f"{live.label} is what record {past.record} restored at {format_time(past.patched_at)}"
            return block(GUARD, Reason.RESTORED, evidence)
    if isinstance(context.workload.revisions, Unreadable):
        return _without_history(context, context.past, context.workload.revisions)
    return allow(GUARD, Reason.NOT_OURS, f"{live.label} was not restored by this receiver")


def _without_history(context: Context, known: tuple[PastRollback, ...], revisions: Unreadable) -> Verdict:
    """Judge where nothing tells the live template's hash, by which what was restored is known."""
    if any(past.patched_at is not None for past in known):
        return cannot_tell(GUARD, revisions)
    looked = f"no record and no annotation of {context.workload.ref} tells of a rollback"
    return allow(GUARD, Reason.NOT_OURS, f"{looked}; {revisions}")
