"""Guard preflight: what the chosen revision needs is still there, and the API server takes the patch.

The server is asked once there is a plan; `receiver.policy.preflight` joins its word with this one.
"""

from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.inventory import changed_since, gone, judged_needs, unreadable
from receiver.policy.needs import ItemKind, Need, needs
from receiver.policy.problems import listed
from receiver.policy.verdict import Verdict, allow, block, both_warnings, cannot_tell, not_judged
from receiver.policy.workload import Revision

GUARD = "preflight"
_SHOWN = 5


class Reason(StrEnum):
    """The guard's reasons."""

    ACCEPTED = "server_accepts"
    REFUSED = "server_refuses"
    POD_REFUSED = "server_refuses_pods"
    NOT_TRIED = "server_cannot_try"
    CHANGED = "changed_meanwhile"
    GONE = "needs_gone"
    THERE = "needs_there"
    NOTHING_NEEDED = "nothing_needed"


def judge(context: Context) -> Verdict:
    """Block where something that the revision needs is gone, or may be."""
    revision = context.choice.revision
    if context.choice.gone:
        return block(GUARD, Reason.GONE, "; ".join(context.choice.gone))
    if revision is None:
        return not_judged(GUARD, "no revision to go back to")
    secrets = context.rule.guards.preflight.secrets
    wanted = judged_needs(revision, context.workload.ref, secrets=secrets)
    if lost := gone(wanted, context.inventory):
        return block(GUARD, Reason.GONE, f"{revision.label}: what it needs is gone: {', '.join(lost)}")
    if unknown := unreadable(wanted, context.inventory):
        return cannot_tell(GUARD, unknown)
    return _there(context, revision, wanted)


def _there(context: Context, revision: Revision, wanted: tuple[Need, ...]) -> Verdict:
    warning = both_warnings(_unseen(context, revision), _changed(context, revision, wanted))
    if not wanted:
        said = f"{revision.label} needs no ConfigMap, volume claim or service account by name"
        return allow(GUARD, Reason.NOTHING_NEEDED, said, warning=warning)
    said = f"what {revision.label} needs is there: {listed([str(need.item) for need in wanted], most=_SHOWN)}"
    return allow(GUARD, Reason.THERE, said, warning=warning)


def _unseen(context: Context, revision: Revision) -> str | None:
    """Warn of Secrets that nobody looked at."""
    if context.rule.guards.preflight.secrets:
        return None
    named = needs(revision.template, context.workload.ref.namespace)
    secrets = [str(need.item) for need in named if need.item.kind is ItemKind.SECRET]
    asking = "to have that judged: preflight: {secrets: true}"
    return (
        f"not looked at: whether {listed(secrets, most=_SHOWN)} is still there; {asking}" if secrets else None
    )


def _changed(context: Context, revision: Revision, wanted: tuple[Need, ...]) -> str | None:
    """Warn of ConfigMaps that were written since; by their managedFields, so a person has to look."""
    if revision.left_at is None:
        return None
    changed = changed_since(revision.left_at, wanted, context.inventory)
    named = listed([str(item) for item in changed], most=_SHOWN)
    said = f"{revision.label} may run with another configuration than when it was last live"
    return f"{said}: written since, by its managedFields: {named}" if changed else None
