"""What is known of the things that revisions need: there, gone, or not to be read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from receiver.policy.needs import Item, ItemKind, Need, needs
from receiver.policy.workload import Revision, Unreadable, WorkloadRef


@dataclass(frozen=True, slots=True)
class Seen:
    """An item that is there.

    `keys` are those that it has, None where they were not looked at. `changed_at` is when what it holds was
    last written, None where nothing tells.
    """

    keys: frozenset[str] | None = None
    changed_at: datetime | None = None


State = Seen | Unreadable | None
"""None: the item is gone."""

Inventory = Mapping[Item, State]
"""What was looked at; an item that is not in it was not."""


def judged_needs(revision: Revision, ref: WorkloadRef, *, secrets: bool) -> tuple[Need, ...]:
    """Return what a workload's revision needs and is to be looked at: Secrets only with `secrets`."""
    named = needs(revision.template, ref.namespace)
    return tuple(need for need in named if secrets or need.item.kind is not ItemKind.SECRET)


def gone(wanted: Sequence[Need], inventory: Inventory) -> tuple[str, ...]:
    """Return in words what is known to be gone, keys too."""
    return tuple(word for need in wanted if need.item in inventory for word in _gone(need, inventory))


def _gone(need: Need, inventory: Inventory) -> Iterator[str]:
    state = inventory[need.item]
    if state is None:
        yield str(need.item)
    elif isinstance(state, Seen) and state.keys is not None:
        for key in sorted(need.keys - state.keys):
            yield f"key {key} of {need.item}"


def unreadable(wanted: Sequence[Need], inventory: Inventory) -> Unreadable | None:
    """Return the first item of which nothing is known, None where there is none."""
    for need in wanted:
        state = inventory.get(need.item, Unreadable(str(need.item), "it was not looked at"))
        if isinstance(state, Unreadable):
            return state
    return None


def changed_since(moment: datetime, wanted: Sequence[Need], inventory: Inventory) -> tuple[Item, ...]:
    """Return the ConfigMaps whose content was written after a moment."""
    return tuple(
        need.item
        for need in wanted
        if isinstance(state := inventory.get(need.item), Seen)
        and state.changed_at is not None
        and state.changed_at > moment
    )
