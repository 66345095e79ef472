"""What the API server says of the patch and of a pod when asked to try them out: a part of guard preflight.

It comes after the chain, because it is an answer to the finished plan.
"""

from dataclasses import replace

from receiver.policy.decision import Decision
from receiver.policy.guards.preflight import GUARD, Reason
from receiver.policy.record import Phase
from receiver.policy.verdict import Verdict, allow, block, both_warnings

__all__ = [
    "GUARD",
    "Reason",
    "accepted",
    "changed_meanwhile",
    "joined",
    "not_tried",
    "pod_accepted",
    "pod_not_tried",
    "pod_refused",
    "refused",
    "with_preflight",
]
MESSAGE_LIMIT = 600


def accepted() -> Verdict:
    """Return the verdict where the server would take the patch."""
    return allow(GUARD, Reason.ACCEPTED, "the API server accepts the patch in a dry run")


def refused(message: str) -> Verdict:
    """Return the verdict where the server would not take the patch."""
    return block(GUARD, Reason.REFUSED, f"the API server refuses the patch in a dry run: {_cut(message)}")


def not_tried(message: str) -> Verdict:
    """Return the verdict where the server cannot try the patch out, which says nothing of it."""
    said = "the API server cannot try the patch out"
    return allow(GUARD, Reason.NOT_TRIED, said, warning=f"{said}: {_cut(message)}")


def pod_accepted() -> Verdict:
    """Return the verdict where the server would take a pod of the revision."""
    return allow(GUARD, Reason.ACCEPTED, "it accepts a pod of the revision")


def pod_refused(message: str) -> Verdict:
    """Return the verdict where the rollout would get stuck: the server would take none of its pods."""
    said = "the API server refuses a pod of the revision in a dry run"
    return block(GUARD, Reason.POD_REFUSED, f"{said}: {_cut(message)}")


def pod_not_tried(why: str) -> Verdict:
    """Return the verdict where it is open whether the server would take the revision's pods."""
    said = "whether it accepts the revision's pods is open"
    return allow(
        GUARD, Reason.NOT_TRIED, said, warning=f"not known: whether quotas and policies admit it: {_cut(why)}"
    )


def changed_meanwhile() -> Verdict:
    """Return the verdict where somebody changed the workload after it was read."""
    return block(GUARD, Reason.CHANGED, "the workload was changed while it was judged")


def joined(patch: Verdict, pod: Verdict) -> Verdict:
    """Join the server's word on the patch with that on a pod; the one that blocks stands alone."""
    if patch.blocks or pod.blocks:
        return patch if patch.blocks else pod
    warning = both_warnings(patch.warning, pod.warning)
    return replace(patch, evidence=f"{patch.evidence}; {pod.evidence}", warning=warning)


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
    warning = both_warnings(needs.warning, server.warning)
    return replace(server, evidence=server.evidence + also, warning=warning)


def _cut(message: str) -> str:
    return message if len(message) <= MESSAGE_LIMIT else f"{message[:MESSAGE_LIMIT]}… (cut)"
