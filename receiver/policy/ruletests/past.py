"""What was done before, as a rule test says it: its records, and the annotation on a workload.

A test names revisions by their numbers, as people do; the hashes that the guards compare follow from those.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from receiver.policy.memory import BY_NUMBER, LAST_ROLLBACK, own_memory
from receiver.policy.podtemplate import template_digest
from receiver.policy.record import PastRollback, Phase, record_name
from receiver.policy.ruletests.cluster import WorkloadEntry
from receiver.policy.ruletests.document import PastEntry, RuleTest
from receiver.policy.ruletests.podtemplates import make_template, template_hash, uid_of
from receiver.policy.workload import Unreadable

PATCHED = frozenset(
    {Phase.ROLLING_BACK, Phase.VERIFYING, Phase.SUCCEEDED, Phase.NOT_CURED, Phase.FAILED},
)
"""Phases of a record that has made its patch; a Failed one is taken to have made it, which is stricter."""

MOMENT_LATER = timedelta(minutes=1)
"""How far apart a patch and what went live by it may stand in a test."""


def past_of(test: RuleTest) -> list[tuple[PastEntry, PastRollback]]:
    """Return the earlier records, oldest first, each beside what the test says of it."""
    return [(entry, _past(position, entry, test)) for position, entry in _oldest_first(test.past)]


def remembered(entry: WorkloadEntry, *, now: datetime) -> tuple[PastRollback, ...] | Unreadable:
    """Return what the workload's own annotation says; it counts as a record does."""
    notes = own_memory(entry.annotations.get(LAST_ROLLBACK), target=entry.ref, named=BY_NUMBER)
    if isinstance(notes, Unreadable):
        return notes
    return tuple(_with_hashes(note, entry, now=now) for note in notes)


def _oldest_first(past: Sequence[PastEntry]) -> list[tuple[int, PastEntry]]:
    return sorted(enumerate(past), key=lambda numbered: numbered[1].age, reverse=True)


def _with_hashes(note: PastRollback, entry: WorkloadEntry, *, now: datetime) -> PastRollback:
    age = now - (note.patched_at or now)
    return replace(
        note,
        from_hash=template_hash(entry.name, note.from_number),
        to_hash=template_hash(entry.name, _restored(note.to_number, age, entry)),
    )


def _past(position: int, entry: PastEntry, test: RuleTest) -> PastRollback:
    workload = next((known for known in test.workloads if known.ref == entry.target), None)
    return PastRollback(
        record=_record(position, entry, workload),
        target=entry.target,
        rule=entry.rule,
        phase=entry.phase,
        uid=uid_of(entry.target),
        from_number=entry.from_,
        from_hash=template_hash(entry.target.name, entry.from_),
        to_number=entry.to,
        to_hash=template_hash(entry.target.name, _restored(entry.to, entry.age, workload)),
        patched_at=test.now - entry.age if entry.phase in PATCHED else None,
        review=entry.verdict,
    )


def _record(position: int, entry: PastEntry, workload: WorkloadEntry | None) -> str:
    """Name the record as it would be named, where its suspect is among the revisions."""
    for revision in () if workload is None else workload.revisions:
        if revision.revision == entry.from_ and workload is not None:
            digest = template_digest(make_template(workload, revision))
            return record_name(entry.target.name, uid_of(entry.target), digest)
    return f"{entry.target.name}-past-{position}"


def _restored(to: int | None, age: timedelta, workload: WorkloadEntry | None) -> int | None:
    """Return the number by which what was restored goes now: the controller has renumbered it.

    Where the old number stands nowhere any more, it is the revision that went live when the patch was made.
    """
    revisions = () if workload is None else workload.revisions
    if any(revision.revision == to for revision in revisions):
        return to
    by_then = [r.revision for r in revisions if abs(r.rolled_out - age) <= MOMENT_LATER]
    return by_then[0] if to and by_then else to
