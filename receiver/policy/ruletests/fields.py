"""The values in rule tests that rule files do not have, each a type that parses itself."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import PlainValidator

from receiver.policy.alerts import Status
from receiver.policy.fields import choice, dns_label, text
from receiver.policy.guards import NAMES
from receiver.policy.needs import Item, ItemKind
from receiver.policy.problems import advice, quoted, shown
from receiver.policy.record import Phase, Review
from receiver.policy.times import parse_time
from receiver.policy.vocabulary import Kind
from receiver.policy.workload import WorkloadRef

DECIDED = (Phase.PENDING, Phase.AWAITING_APPROVAL, Phase.DRY_RUN, Phase.REFUSED)
"""The phases that a decision can give a record, before anything is done."""

_LATER = {
    phase.value: f"{phase} comes after the decision: known are {', '.join(DECIDED)}"
    for phase in Phase
    if phase not in DECIDED
}


def _moment(value: object) -> datetime:
    try:
        moment = parse_time(text(value))
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError(f"{shown(value)} is no time: write it like 2026-05-01T12:00:00Z")
    return moment


def _size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"must be a whole number, not {shown(value)}")
    return value


def _unknown(value: object) -> Literal["unknown"]:
    if value != "unknown":
        raise ValueError(f"must be unknown, or left out, not {shown(value)}")
    return "unknown"


def _steps(value: object, fault: str, form: str) -> list[str]:
    """Split a path of the form KIND/NAME or KIND/NAMESPACE/NAME; whether the kind is one is not looked at."""
    steps = text(value).split("/")
    if len(steps) != len(form.split("/")) or not all(steps[1:]):
        raise ValueError(f"{shown(value)} {fault}: write {form}")
    return steps


def _target_path(value: object) -> WorkloadRef:
    kind, namespace, name = _steps(value, "is no target", "KIND/NAMESPACE/NAME")
    return WorkloadRef(_kind(kind), dns_label(namespace), name)


def _selected(value: object) -> tuple[str, str]:
    kind, name = _steps(value, "is no workload", "KIND/NAME")
    return _kind(kind), name


def _kind(kind: str) -> str:
    if kind not in set(Kind):
        raise ValueError(f"kind {quoted(kind)} is not supported in this version: {advice(kind, Kind)}")
    return kind


def _named_item(value: object) -> tuple[ItemKind, str]:
    kind, name = _steps(value, "names nothing", "KIND/NAME")
    return _item_kind(kind), name


def _item(value: object) -> Item:
    kind, namespace, name = _steps(value, "names nothing", "KIND/NAMESPACE/NAME")
    return Item(_item_kind(kind), dns_label(namespace), name)


def _item_kind(kind: str) -> ItemKind:
    if kind not in set(ItemKind):
        raise ValueError(f"{quoted(kind)} is no kind that a template names: {advice(kind, ItemKind)}")
    return ItemKind(kind)


def _guard(value: object) -> str:
    if not isinstance(value, str) or value not in NAMES:
        known = advice(value if isinstance(value, str) else "", NAMES)
        raise ValueError(f"{shown(value)} is no guard: {known}")
    return value


Moment = Annotated[datetime, PlainValidator(_moment)]
Size = Annotated[int, PlainValidator(_size)]
Unknown = Annotated[Literal["unknown"], PlainValidator(_unknown)]
TargetPath = Annotated[WorkloadRef, PlainValidator(_target_path)]
Selected = Annotated[tuple[str, str], PlainValidator(_selected)]
NamedItem = Annotated[tuple[ItemKind, str], PlainValidator(_named_item)]
ItemPath = Annotated[Item, PlainValidator(_item)]
GuardName = Annotated[str, PlainValidator(_guard)]
StatusField = Annotated[Status, PlainValidator(choice(Status))]
ReviewField = Annotated[Review, PlainValidator(choice(Review))]
PhaseField = Annotated[Phase, PlainValidator(choice(Phase))]
DecidedField = Annotated[Phase, PlainValidator(choice(Phase, _LATER))]
