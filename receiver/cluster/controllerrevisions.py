"""ControllerRevisions: the history of StatefulSets and DaemonSets, numbered by a field of their own.

Which one is live: the one whose data is the live template, the highest where several are, as the controllers
do. One that is released again keeps its creation time, so when it went live is told by the workload.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from receiver.cluster.evidence import (
    CHANGE_CAUSE,
    History,
    Object,
    annotations,
    created_at,
    labels,
    restored,
    restored_at,
    template_set_at,
)
from receiver.policy.history import Tenure, with_tenures
from receiver.policy.podtemplate import Template, bare_template
from receiver.policy.record import PastRollback
from receiver.policy.renumbering import FirstNumber, first_numbers
from receiver.policy.workload import DEFAULT_HISTORY_LIMIT, Revision

PATCH_DIRECTIVE = "$patch"


@dataclass(frozen=True, slots=True)
class Item:
    """One ControllerRevision: what it holds, and what its age tells of its number."""

    raw: Object
    template: Template
    first: FirstNumber

    @property
    def number(self) -> int:
        """Return its number as it stands."""
        return self.first.number


def history(
    workload: Object,
    found: Sequence[Object],
    past: Sequence[PastRollback],
    *,
    hash_label: str,
    serving: Collection[str] = (),
) -> History:
    """Return the revisions of a workload from the ControllerRevisions that it owns.

    `hash_label` is where this kind's controller writes the hash. `serving` are those of revisions that have
    kept pods because nothing that was released since was complete.
    """
    items = _items(workload, found)
    live = _live(workload, items)
    newest = max((item.number for item in items), default=0)
    tenures = [
        _live_tenure(workload, item, newest=newest, hash_label=hash_label)
        if item is live
        else _past_tenure(item, past, hash_label=hash_label, serving=serving)
        for item in items
    ]
    revisions = with_tenures(tenures)
    current = next((r for r in revisions if live is not None and r.template is live.template), None)
    return current, tuple(revision for revision in revisions if revision is not current)


def _items(workload: Object, found: Sequence[Object]) -> list[Item]:
    """Put what is numbered and holds a template in order of creation."""
    usable = [(raw, template) for raw in found if _is_numbered(raw) and (template := _template(raw))]
    usable.sort(key=lambda pair: (created_at(pair[0]), pair[0]["revision"]))
    limit = workload["spec"].get("revisionHistoryLimit", DEFAULT_HISTORY_LIMIT)
    firsts = first_numbers([raw["revision"] for raw, _ in usable], complete=len(usable) <= limit)
    return [Item(raw, template, first) for (raw, template), first in zip(usable, firsts, strict=True)]


def _is_numbered(raw: Object) -> bool:
    return type(raw.get("revision")) is int and raw["revision"] > 0


def _template(raw: Object) -> dict[str, Any] | None:
    """Return the pod template without the word that says how to patch it, None where there is none."""
    data = raw.get("data")
    spec = data.get("spec") if isinstance(data, Mapping) else None
    template = spec.get("template") if isinstance(spec, Mapping) else None
    if not isinstance(template, Mapping):
        return None
    return {key: value for key, value in template.items() if key != PATCH_DIRECTIVE}


def _live(workload: Object, items: Sequence[Item]) -> Item | None:
    wanted = bare_template(workload["spec"]["template"])
    fitting = [item for item in items if bare_template(item.template) == wanted]
    return max(fitting, key=lambda item: item.number, default=None)


def _live_tenure(workload: Object, item: Item, *, newest: int, hash_label: str) -> Tenure:
    """Tell since when the live revision is: since it was made, unless it was released again."""
    revision, made_at, set_at = _revision(item, hash_label), created_at(item.raw), template_set_at(workload)
    if set_at and set_at <= made_at:
        return Tenure(revision, made_at, live=True)
    if revision.former_numbers or item.number < newest:
        return Tenure(revision, made_at, set_at, live=True)
    return Tenure(revision, made_at if item.first.certain else None, live=True)


def _past_tenure(
    item: Item, past: Sequence[PastRollback], *, hash_label: str, serving: Collection[str]
) -> Tenure:
    """Tell when an older revision was live; our own records know when we put it back."""
    revision = _revision(item, hash_label)
    again_at = restored_at(revision.template_hash, past)
    began_with_this_number = item.first.certain and (again_at is None or revision.former_numbers)
    return Tenure(
        revision,
        created_at(item.raw) if began_with_this_number else None,
        again_at,
        serving=revision.template_hash in serving,
        restored=restored(revision.template_hash, past),
    )


def _revision(item: Item, hash_label: str) -> Revision:
    return Revision(
        number=item.number,
        template=item.template,
        template_hash=labels(item.raw).get(hash_label),
        former_numbers=item.first.former,
        lowest_number=item.first.lowest,
        first_live_since=created_at(item.raw),
        change_cause=annotations(item.raw).get(CHANGE_CAUSE),
    )
