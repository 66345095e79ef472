"""From what a test says to the frozen values that the judgement is given: snapshots, past, ledger, payload.

Others make the pod templates and tell what is there of the things that they name.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from receiver.policy.alerts import Alert
from receiver.policy.belonging import Standing
from receiver.policy.bystanders import Bystander, Recent
from receiver.policy.context import Installation
from receiver.policy.decision import Snapshot
from receiver.policy.ledger import Ledger, Pause, Spending
from receiver.policy.needs import Item
from receiver.policy.pods import Pod
from receiver.policy.podtemplate import template_digest
from receiver.policy.record import (
    LAST_ROLLBACK,
    PastRollback,
    Phase,
    own_memory,
    record_name,
)
from receiver.policy.ruletests.cluster import RevisionEntry, WorkloadEntry
from receiver.policy.ruletests.document import (
    AlertEntry,
    InstallationEntry,
    PastEntry,
    RuleTest,
)
from receiver.policy.ruletests.podtemplates import make_inventory, make_template
from receiver.policy.targets import Clue, PodRef, ServiceRef, TargetFault, TargetReason
from receiver.policy.workload import Revision, Unreadable, Workload, WorkloadRef

PATCHED = frozenset(
    {Phase.ROLLING_BACK, Phase.VERIFYING, Phase.SUCCEEDED, Phase.NOT_CURED, Phase.FAILED},
)
"""Phases of a record that has made its patch; a Failed one is taken to have made it, which is stricter."""

SPENT = PATCHED | {Phase.PENDING}
MOMENT_LATER = timedelta(minutes=1)
"""How far apart a patch and what went live by it may stand in a test."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A cluster at one moment, and the payload that arrives at it.

    `standings` are a workload's records; `clues` are the pods and Services that lead to one.
    """

    now: datetime
    installation: Installation
    snapshots: Mapping[WorkloadRef, Snapshot]
    standings: Mapping[WorkloadRef, tuple[Standing, ...]]
    clues: Mapping[Clue, WorkloadRef]
    ledger: Ledger
    recent: Recent
    alerts: tuple[Alert, ...]

    def workload_of(self, clue: Clue) -> WorkloadRef | TargetFault:
        """Return the workload of a pod, or the one that a Service selects."""
        above = ", or what owns it," if isinstance(clue, PodRef) else ""
        return self.clues.get(clue, TargetFault(TargetReason.NOT_FOUND, f"{clue}{above} does not exist"))


def make_scene(test: RuleTest, installation: InstallationEntry) -> Scene:
    """Build everything that a test describes."""
    past = [(entry, _past(position, entry, test)) for position, entry in _oldest_first(test.past)]
    return Scene(
        now=test.now,
        installation=Installation(
            mode=installation.mode,
            namespaces=frozenset(installation.namespaces),
            protected_namespaces=frozenset(installation.protected_namespaces),
        ),
        snapshots={
            entry.ref: _snapshot(entry, _of(entry, past), missing=test.missing, now=test.now)
            for entry in test.workloads
        },
        standings={
            entry.ref: tuple(Standing(one.record, one.phase, one.patched_at) for one in _of(entry, past))
            for entry in test.workloads
        },
        clues=_clues(test),
        ledger=Ledger(
            tuple(_spending(entry, made, now=test.now) for entry, made in past if entry.phase in SPENT),
            Pause(test.now, "the test", "") if test.paused else None,
        ),
        recent=Recent(
            tuple(
                _bystander(entry, made, now=test.now) for entry, made in past if made.phase is Phase.REFUSED
            ),
            test.now,
        ),
        alerts=tuple(_alert(entry, now=test.now) for entry in test.alerts),
    )


def _clues(test: RuleTest) -> dict[Clue, WorkloadRef]:
    clues: dict[Clue, WorkloadRef] = {ServiceRef(s.namespace, s.name): s.selected for s in test.services}
    for entry in test.workloads:
        clues.update({PodRef(entry.namespace, pod.name): entry.ref for pod in entry.pods})
    return clues


def _oldest_first(past: Sequence[PastEntry]) -> list[tuple[int, PastEntry]]:
    return sorted(enumerate(past), key=lambda numbered: numbered[1].age, reverse=True)


def _alert(entry: AlertEntry, *, now: datetime) -> Alert:
    return Alert(entry.status, entry.labels, now - entry.age)


def _spending(entry: PastEntry, made: PastRollback, *, now: datetime) -> Spending:
    return Spending(made.record, entry.target, entry.rule, now - entry.age)


def _bystander(entry: PastEntry, made: PastRollback, *, now: datetime) -> Bystander:
    """Count a refused record as one of a workload that nobody had deployed: a test does not say why."""
    return Bystander(made.record, entry.target, now - entry.age)


def _of(entry: WorkloadEntry, past: Sequence[tuple[PastEntry, PastRollback]]) -> tuple[PastRollback, ...]:
    return tuple(made for known, made in past if known.target == entry.ref)


def _snapshot(
    entry: WorkloadEntry, records: tuple[PastRollback, ...], *, missing: Collection[Item], now: datetime
) -> Snapshot:
    note = own_memory(entry.annotations.get(LAST_ROLLBACK), target=entry.ref)
    past = note if isinstance(note, Unreadable) else (*records, *note)
    workload = _workload(entry, now=now)
    return Snapshot(workload, past, _pods(entry), inventory=make_inventory(workload, missing))


def _pods(entry: WorkloadEntry) -> tuple[Pod, ...]:
    return tuple(Pod(pod.name, _hash(entry.name, pod.revision), pod.ready) for pod in entry.pods)


def _workload(entry: WorkloadEntry, *, now: datetime) -> Workload:
    live = _live_number(entry)
    revisions = {r.revision: _revision(entry, r, now=now) for r in entry.revisions}
    return Workload(
        ref=entry.ref,
        api_version=entry.kind.api_version,
        uid=_uid(entry.ref),
        generation=len(revisions),
        live=revisions[live],
        revisions=tuple(revisions[number] for number in sorted(revisions) if number != live),
        paused=entry.paused,
        revision_history_limit=entry.revision_history_limit,
        annotations=entry.annotations,
        labels=entry.labels,
        namespace_annotations={},
    )


def _live_number(entry: WorkloadEntry) -> int:
    return entry.live or max(revision.revision for revision in entry.revisions)


def _uid(ref: WorkloadRef) -> str:
    return str(uuid5(NAMESPACE_URL, ref.path))


def _revision(workload: WorkloadEntry, entry: RevisionEntry, *, now: datetime) -> Revision:
    later = [other.rolled_out for other in workload.revisions if other.rolled_out < entry.rolled_out]
    known = entry.soak is None and bool(later)
    return Revision(
        number=entry.revision,
        template=make_template(workload, entry),
        template_hash=_hash(workload.name, entry.revision),
        live_since=now - entry.rolled_out,
        left_at=now - max(later) if later else None,
        soak=entry.rolled_out - max(later) if known else None,
        available=_available(workload, entry),
    )


def _available(workload: WorkloadEntry, entry: RevisionEntry) -> bool | None:
    """Tell whether a revision ever was fully available; a live one that is half there may have been."""
    if entry.available is None:
        return None if entry.soak else True
    if 0 < entry.available < workload.replicas and entry.revision == _live_number(workload):
        return None
    return entry.available >= workload.replicas


def _hash(name: str, number: int | None) -> str | None:
    return None if number is None else f"{name}-{number}"


def _past(position: int, entry: PastEntry, test: RuleTest) -> PastRollback:
    workload = next((known for known in test.workloads if known.ref == entry.target), None)
    return PastRollback(
        record=_record(position, entry, workload),
        target=entry.target,
        rule=entry.rule,
        phase=entry.phase,
        uid=_uid(entry.target),
        from_number=entry.from_,
        from_hash=_hash(entry.target.name, entry.from_),
        to_number=entry.to,
        to_hash=_hash(entry.target.name, _restored(entry, workload)),
        patched_at=test.now - entry.age if entry.phase in PATCHED else None,
        review=entry.verdict,
    )


def _record(position: int, entry: PastEntry, workload: WorkloadEntry | None) -> str:
    """Name the record as it would be named, where its suspect is among the revisions."""
    for revision in () if workload is None else workload.revisions:
        if revision.revision == entry.from_ and workload is not None:
            digest = template_digest(make_template(workload, revision))
            return record_name(entry.target.name, _uid(entry.target), digest)
    return f"{entry.target.name}-past-{position}"


def _restored(entry: PastEntry, workload: WorkloadEntry | None) -> int | None:
    """Return the number by which what was restored goes now: the controller has renumbered it.

    Where the old number stands nowhere any more, it is the revision that went live when the patch was made.
    """
    revisions = () if workload is None else workload.revisions
    if any(revision.revision == entry.to for revision in revisions):
        return entry.to
    by_then = [r.revision for r in revisions if abs(r.rolled_out - entry.age) <= MOMENT_LATER]
    return by_then[0] if entry.to and by_then else entry.to
