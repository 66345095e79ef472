"""Guard firing: when an act is late, the alert that asked for it must still fire."""

from receiver.policy.context import Context, StillFiring
from receiver.policy.verdict import Verdict, allow, block, cannot_tell
from receiver.policy.workload import Unreadable

GUARD = "firing"
EVIDENCE = {
    StillFiring.NOT_LATE: "the alert has just been received",
    StillFiring.YES: "Alertmanager says that the alert still fires",
    StillFiring.NOBODY_TO_ASK: "no resolved message came; no Alertmanager address is set to ask",
}


def judge(context: Context) -> Verdict:
    """Block a late act whose alert has cleared, or of which Alertmanager could not tell."""
    firing = context.still_firing
    if isinstance(firing, Unreadable):
        return cannot_tell(GUARD, firing)
    if firing is StillFiring.NO:
        return block(GUARD, firing, "the alert has cleared before the rollback was due")
    return allow(GUARD, firing, EVIDENCE[firing])
