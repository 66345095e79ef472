"""Guard scope: the workload is one that this installation may touch and that nobody opted out."""

from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.modes import annotated, effective_mode, modes
from receiver.policy.problems import quoted
from receiver.policy.record import MODE_ANNOTATION
from receiver.policy.rules import Mode
from receiver.policy.verdict import Verdict, allow, block, cannot_tell
from receiver.policy.workload import Unreadable

GUARD = "scope"


class Reason(StrEnum):
    """The guard's reasons."""

    IN_SCOPE = "in_scope"
    PROTECTED = "protected_namespace"
    OUT_OF_SCOPE = "namespace_out_of_scope"
    NOT_SELECTED = "not_selected"
    OPTED_OUT = "opted_out"
    UNKNOWN_MODE = "unknown_mode"
    LOWERED = "mode_lowered_since"


def judge(context: Context) -> Verdict:
    """Block what is protected, out of scope, opted out, or marked in a way that nobody understands."""
    return _by_namespace(context) or _by_labels(context) or _by_annotations(context)


def _by_namespace(context: Context) -> Verdict | None:
    namespace, installation = context.workload.ref.namespace, context.installation
    if namespace in installation.protected_namespaces:
        return block(GUARD, Reason.PROTECTED, f"namespace {namespace} is protected")
    if installation.namespaces and namespace not in installation.namespaces:
        allowed = ", ".join(sorted(installation.namespaces))
        return block(
            GUARD, Reason.OUT_OF_SCOPE, f"namespace {namespace} is not among those allowed: {allowed}"
        )
    return None


def _by_labels(context: Context) -> Verdict | None:
    workload, labels = context.workload, context.workload.labels or {}
    for matcher in context.installation.selectors:
        if not matcher.matches(labels):
            has = quoted(labels[matcher.name]) if matcher.name in labels else "not there"
            evidence = f"{workload.ref} is not selected by {matcher}: its label {matcher.name} is {has}"
            return block(GUARD, Reason.NOT_SELECTED, evidence)
    return None


def _by_annotations(context: Context) -> Verdict:
    workload = context.workload
    if isinstance(workload.namespace_annotations, Unreadable):
        return cannot_tell(GUARD, workload.namespace_annotations)
    for place, word in annotated(workload).items():
        if fault := _opted_out(place, word):
            return fault
    return _lowered(context) or allow(
        GUARD, Reason.IN_SCOPE, f"namespace {workload.ref.namespace} is in scope and nobody opted out"
    )


def _opted_out(place: str, word: str) -> Verdict | None:
    if word == Mode.OFF:
        return block(GUARD, Reason.OPTED_OUT, f"{place} has the annotation {MODE_ANNOTATION}: off")
    if word in set(Mode):
        return None
    return block(
        GUARD,
        Reason.UNKNOWN_MODE,
        f"{place} has the annotation {MODE_ANNOTATION}: {quoted(word)}; known are {', '.join(Mode)}",
    )


def _lowered(context: Context) -> Verdict | None:
    """Block a later act where somebody has since said off, or less than approve of what was approved."""
    least = Mode.APPROVE if context.approved else Mode.DRY_RUN
    if effective_mode(context).rank >= least.rank:
        return None
    lower = {who: mode for who, mode in modes(context).items() if mode.rank < least.rank}
    said = ", ".join(f"{who} says {mode}" for who, mode in lower.items())
    return block(GUARD, Reason.LOWERED, f"the mode has been lowered since: {said}")
