"""How far a rule may go with one workload: the lowest mode of all that have a say."""

from collections.abc import Mapping

from receiver.policy.context import Context
from receiver.policy.record import BY_HAND, MODE_ANNOTATION
from receiver.policy.rules import Mode
from receiver.policy.workload import Unreadable


def modes(context: Context) -> dict[str, Mode]:
    """Return what each says that has a say; an unknown word in an annotation is for the guard scope."""
    workload = context.workload
    namespace = workload.namespace_annotations
    places: dict[str, Mapping[str, str] | None] = {
        f"namespace {workload.ref.namespace}": None if isinstance(namespace, Unreadable) else namespace,
        str(workload.ref): workload.annotations,
    }
    said = {place: (annotations or {}).get(MODE_ANNOTATION) for place, annotations in places.items()}
    return {
        f"rule {context.rule.name}": context.rule.mode,
        "the installation": context.installation.mode,
        **{place: Mode(value) for place, value in said.items() if value in set(Mode)},
    }


def effective_mode(context: Context) -> Mode:
    """Return the lowest of them; a person's command needs nobody's leave but the guards'."""
    if context.rule.name == BY_HAND:
        return Mode.AUTO
    return Mode.lowest(*modes(context).values())
