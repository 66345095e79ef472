"""Guard history: there is a revision to go back to."""

from receiver.policy.choice import Reason
from receiver.policy.context import Context
from receiver.policy.verdict import Verdict, allow, block

GUARD = "history"


def judge(context: Context) -> Verdict:
    """Block when no revision can be chosen, and say what was wrong with each."""
    choice = context.choice
    if choice.revision is None:
        return block(GUARD, choice.reason, choice.evidence)
    return allow(GUARD, Reason.CHOSEN, choice.evidence)
