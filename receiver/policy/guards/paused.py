"""Guard paused: the kill switch refuses everything, dry runs included."""

from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.times import format_time
from receiver.policy.verdict import Verdict, allow, block, cannot_tell
from receiver.policy.workload import Unreadable

GUARD = "paused"


class Reason(StrEnum):
    """The guard's reasons."""

    RUNNING = "running"
    PAUSED = "paused"


def judge(context: Context) -> Verdict:
    """Block while somebody has paused the receiver."""
    if isinstance(context.ledger, Unreadable):
        return cannot_tell(GUARD, context.ledger)
    pause = context.ledger.pause
    if pause is None:
        return allow(GUARD, Reason.RUNNING, "the kill switch is off")
    why = f": {pause.reason}" if pause.reason else ""
    return block(GUARD, Reason.PAUSED, f"paused by {pause.by} at {format_time(pause.at)}{why}")
