"""Guard gitops: a tool that owns the workload would put the bad version back."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.ownership import LABELS, RECONCILE, RELEASE, Owner, Tool, owners
from receiver.policy.rules import Gitops, Rule
from receiver.policy.verdict import Verdict, allow, block, both_warnings, cannot_tell
from receiver.policy.workload import Unreadable, Workload

GUARD = "gitops"
DISABLED = "disabled"


class Reason(StrEnum):
    """The guard's reasons."""

    NOT_OWNED = "not_owned"
    HELM = "helm_release"
    OWNED = "owned"
    WARNED = "owned_warned"
    PAUSED_ALREADY = "paused_already"
    PAUSED = "paused_with_the_patch"


def judge(context: Context) -> Verdict:
    """Block where Argo CD or Flux owns the workload, unless the rule or the object says otherwise."""
    workload = context.workload
    found = owners(workload)
    if isinstance(found, Unreadable):
        return cannot_tell(GUARD, found)
    if not found:
        return allow(GUARD, Reason.NOT_OWNED, f"neither Argo CD, Flux nor Helm owns {workload.ref}")
    if found[0].tool is Tool.HELM:
        return _helm(workload, found[0])
    return _owned(context.rule.guards.gitops, workload, found)


def pausing_annotations(rule: Rule, workload: Workload) -> Mapping[str, str]:
    """Return what the rollback's own patch has to set so that the owner leaves it alone."""
    found = owners(workload)
    if rule.guards.gitops is not Gitops.PAUSE or isinstance(found, Unreadable):
        return {}
    return {RECONCILE: DISABLED} if any(_can_be_paused(owner) for owner in found) else {}


def _helm(workload: Workload, release: Owner) -> Verdict:
    keep = f"helm rollback {release.name} -n {release.namespace}"
    said = f"{release} made {workload.ref} (annotation {RELEASE}) and reverts nothing by itself"
    warning = f"the next upgrade of {release} puts the release's own version back; to keep this one: {keep}"
    return allow(GUARD, Reason.HELM, said, warning=warning)


def _owned(policy: Gitops, workload: Workload, found: tuple[Owner, ...]) -> Verdict:
    active = [owner for owner in found if not (_can_be_paused(owner) and _is_paused(workload))]
    named = _named(active or found)
    if not active:
        said = f"{named} owns {workload.ref}, whose annotation {RECONCILE} says {DISABLED}"
        return allow(GUARD, Reason.PAUSED_ALREADY, said)
    evidence = f"{named} owns {workload.ref} and would put the bad version back; gitops: {policy}"
    if policy is Gitops.BLOCK:
        return block(GUARD, Reason.OWNED, evidence)
    paused = [owner for owner in active if policy is Gitops.PAUSE and _can_be_paused(owner)]
    going_on = [owner for owner in active if owner not in paused]
    if policy is Gitops.PAUSE and going_on:
        evidence += f", but {_named(going_on)} cannot be paused from here; to pause it: {_to_stop(going_on)}"
    warning = both_warnings(_to_resume(workload) if paused else None, _undoing(going_on))
    return allow(GUARD, Reason.WARNED if going_on else Reason.PAUSED, evidence, warning=warning)


def _named(some: Iterable[Owner]) -> str:
    return " and ".join(map(str, some))


def _undoing(some: Sequence[Owner]) -> str | None:
    return f"{_named(some)} may undo this; to stop that: {_to_stop(some)}" if some else None


def _can_be_paused(owner: Owner) -> bool:
    """Tell whether an annotation on the workload itself stops its owner: only Flux' kustomize-controller."""
    return owner.tool is Tool.FLUX and owner.kind == "Kustomization"


def _is_paused(workload: Workload) -> bool:
    return workload.annotation(RECONCILE) == DISABLED


def _to_resume(workload: Workload) -> str:
    ref = workload.ref
    command = f"kubectl annotate {ref.kind.lower()}/{ref.name} -n {ref.namespace} {RECONCILE}-"
    return f"Flux leaves {ref} alone from now on (annotation {RECONCILE}); to resume: {command}"


def _to_stop(some: Iterable[Owner]) -> str:
    return "; ".join(map(_command, some))


def _command(owner: Owner) -> str:
    """Return the command that stops an owner; what its marks do not tell is left to the person."""
    if owner.tool is Tool.ARGO_CD:
        return f"argocd app set {owner.path} --sync-policy none"
    suspend = f"flux suspend {owner.kind.lower()} {owner.name} -n"
    if owner.namespace:
        return f"{suspend} {owner.namespace}"
    return f"{suspend} NAMESPACE (which the label {LABELS[owner.kind]}/namespace would name, and is missing)"
