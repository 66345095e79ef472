"""How far a rule may go with one workload: the lowest mode of all that have a say."""

from receiver.policy.context import Context
from receiver.policy.record import BY_HAND, MODE_ANNOTATION
from receiver.policy.rules import Mode
from receiver.policy.workload import Unreadable, Workload


def modes(context: Context) -> dict[str, Mode]:
    """Return what each says that has a say; an unknown word in an annotation is for the guard scope."""
    said = annotated(context.workload)
    return {
        f"rule {context.rule.name}": context.rule.mode,
        "the installation": context.installation.mode,
        **{place: Mode(word) for place, word in said.items() if word in set(Mode)},
    }


def annotated(workload: Workload) -> dict[str, str]:
    """Return the words of the mode annotations by who says them; a namespace that is unreadable says none."""
    namespace = workload.namespace_annotations
    places = {
        f"namespace {workload.ref.namespace}": {} if isinstance(namespace, Unreadable) else namespace or {},
        str(workload.ref): workload.annotations or {},
    }
    return {place: said[MODE_ANNOTATION] for place, said in places.items() if MODE_ANNOTATION in said}


def effective_mode(context: Context) -> Mode:
    """Return the lowest of them; a person's command needs nobody's leave but the guards'."""
    if context.rule.name == BY_HAND:
        return Mode.AUTO
    return Mode.lowest(*modes(context).values())
