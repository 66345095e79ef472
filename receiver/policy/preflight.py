"""Guard preflight: what the API server says of the patch when it is asked to try it out.

It is judged last and apart from the chain, because its evidence is an answer to the finished plan.
"""

from dataclasses import replace
from enum import StrEnum

from receiver.policy.decision import Decision
from receiver.policy.record import Phase
from receiver.policy.verdict import Verdict, allow, block

GUARD = "preflight"


class Reason(StrEnum):
    """The guard's reasons."""

    ACCEPTED = "server_accepts"
    REFUSED = "server_refuses"
    CHANGED = "changed_meanwhile"


def accepted() -> Verdict:
    """Return the verdict where the server would take the patch."""
    return allow(GUARD, Reason.ACCEPTED, "the API server accepts the patch in a dry run")


def refused(message: str) -> Verdict:
    """Return the verdict where the server would not take the patch."""
    return block(GUARD, Reason.REFUSED, f"the API server refuses the patch in a dry run: {message}")


def changed_meanwhile() -> Verdict:
    """Return the verdict where somebody changed the workload after it was read."""
    return block(GUARD, Reason.CHANGED, "the workload was changed while it was judged")


def with_preflight(decision: Decision, verdict: Verdict) -> Decision:
    """Return the decision with this verdict added, refused where it blocks."""
    leading = decision.leading
    phase = Phase.REFUSED if verdict.blocks else leading.phase
    return replace(decision, leading=replace(leading, phase=phase, verdicts=(*leading.verdicts, verdict)))
