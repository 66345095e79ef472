"""What the API server says of the patch when it is asked to try it out: a part of the guard preflight.

It comes after the chain, because it is an answer to the finished plan.
"""

from dataclasses import replace

from receiver.policy.decision import Decision
from receiver.policy.guards.preflight import GUARD, Reason
from receiver.policy.record import Phase
from receiver.policy.verdict import Verdict, allow, block

__all__ = ["GUARD", "Reason", "accepted", "changed_meanwhile", "refused", "with_preflight"]


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
    """Return the decision with the server's word in its verdict of preflight, refused where that blocks."""
    leading = decision.leading
    phase = Phase.REFUSED if verdict.blocks else leading.phase
    verdicts = tuple(_merged(one, verdict) if one.guard == GUARD else one for one in leading.verdicts)
    return replace(decision, leading=replace(leading, phase=phase, verdicts=verdicts))


def _merged(needs: Verdict, server: Verdict) -> Verdict:
    """Join two verdicts of one guard; the one that blocks stands alone."""
    if needs.blocks or server.blocks:
        return needs if needs.blocks else server
    also = f"; {needs.evidence}" if needs.reason is Reason.THERE else ""
    return replace(server, evidence=server.evidence + also, warning=needs.warning)
