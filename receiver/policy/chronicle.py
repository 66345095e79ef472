"""A workload's revisions as people read them: when each was live, how it stands, and what it changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from receiver.policy.choice import too_short
from receiver.policy.decision import Snapshot
from receiver.policy.history import KnownBad
from receiver.policy.needs import needs
from receiver.policy.times import format_age
from receiver.policy.workload import Revision, Unreadable


class Standing(StrEnum):
    """What is known of a revision."""

    GOOD = "good"
    BAD = "bad"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision; `why` speaks for its standing, `changes` say what it changed of the one before."""

    revision: Revision
    live: bool
    standing: Standing
    why: str
    changes: tuple[str, ...]


def chronicle(snapshot: Snapshot, *, soak: timedelta) -> tuple[Entry, ...] | Unreadable:
    """Return every revision in the order of their numbers, as `kubectl rollout history` does.

    `soak` is how long one must have been fully in service to count as good.
    """
    workload, past = snapshot.workload, snapshot.past
    if isinstance(workload.revisions, Unreadable):
        return workload.revisions
    if isinstance(past, Unreadable):
        return past
    known_bad, live = KnownBad(workload, past), workload.live
    # One that has no number yet is the newest.
    order = sorted(workload.all_revisions, key=lambda one: (one.number is None, one.number or 0))
    return tuple(
        Entry(
            one, one is live, *_standing(one, known_bad, soak), changes(before, one, workload.ref.namespace)
        )
        for before, one in zip([None, *order], order, strict=False)
    )


def _standing(revision: Revision, known_bad: KnownBad, soak: timedelta) -> tuple[Standing, str]:
    if why := known_bad.why(revision):
        return Standing.BAD, why
    if revision.available is False:
        return Standing.UNPROVEN, "it never was fully available"
    if why := too_short(revision, soak):
        return Standing.UNPROVEN, why
    return Standing.GOOD, f"{format_age(revision.soak or timedelta(0))} in service"


def changes(before: Revision | None, after: Revision, namespace: str) -> tuple[str, ...]:
    """Say in a few words what a revision changed of the one before; nothing where that is not known."""
    if before is None or before.digest == after.digest:
        return ()
    parts = (
        _compared("image", before.images, after.images),
        _compared("env", _variables(before), _variables(after)),
        _compared("config", _config(before, namespace), _config(after, namespace)),
    )
    return tuple(part for one in parts for part in one) or ("template",)


def _compared(what: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    """Name what was added (+), taken away (-) or changed (~)."""
    signs = {
        name: "~" if name in old and name in new else "+" if name in new else "-" for name in (*old, *new)
    }
    different = [f"{signs[name]}{name}" for name in sorted(signs) if old.get(name) != new.get(name)]
    if different:
        yield f"{what} {' '.join(different)}"


def _variables(revision: Revision) -> dict[str, Any]:
    containers = (revision.template.get("spec") or {}).get("containers") or []
    return {
        variable["name"]: (container["name"], variable)
        for container in containers
        for variable in container.get("env") or []
    }


def _config(revision: Revision, namespace: str) -> dict[str, object]:
    return {f"{need.item.kind}/{need.item.name}": True for need in needs(revision.template, namespace)}
