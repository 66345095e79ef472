"""From what a test says to the frozen values that the judgement is given: snapshots, ledger, payload.

Others make the pod templates and the past, and tell what is there of the things that templates name.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from receiver.policy.alerts import Alert
from receiver.policy.belonging import Standing
from receiver.policy.bystanders import Bystander, Recent
from receiver.policy.context import Installation
from receiver.policy.decision import Snapshot
from receiver.policy.ledger import Ledger, Pause, Spending
from receiver.policy.needs import Item
from receiver.policy.pods import Pod
from receiver.policy.record import PastRollback, Phase
from receiver.policy.ruletests.cluster import RevisionEntry, WorkloadEntry
from receiver.policy.ruletests.document import (
    AlertEntry,
    InstallationEntry,
    PastEntry,
    RuleTest,
)
from receiver.policy.ruletests.past import PATCHED, past_of, remembered
from receiver.policy.ruletests.podtemplates import make_inventory, make_template, template_hash, uid_of
from receiver.policy.targets import Clue, PodRef, ServiceRef, TargetFault, TargetReason
from receiver.policy.workload import Revision, Unreadable, Workload, WorkloadRef

SPENT = PATCHED | {Phase.PENDING}


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
    past = past_of(test)
    return Scene(
        now=test.now,
        installation=Installation(
            mode=installation.mode,
            namespaces=frozenset(installation.namespaces),
            protected_namespaces=frozenset(installation.protected_namespaces),
            selectors=installation.selectors,
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
    note = remembered(entry, now=now)
    past = note if isinstance(note, Unreadable) else (*records, *note)
    workload = _workload(entry, now=now)
    return Snapshot(workload, past, _pods(entry), inventory=make_inventory(workload, missing))


def _pods(entry: WorkloadEntry) -> tuple[Pod, ...]:
    return tuple(Pod(pod.name, template_hash(entry.name, pod.revision), pod.ready) for pod in entry.pods)


def _workload(entry: WorkloadEntry, *, now: datetime) -> Workload:
    live = _live_number(entry)
    revisions = {r.revision: _revision(entry, r, now=now) for r in entry.revisions}
    return Workload(
        ref=entry.ref,
        api_version=entry.kind.api_version,
        uid=uid_of(entry.ref),
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


def _revision(workload: WorkloadEntry, entry: RevisionEntry, *, now: datetime) -> Revision:
    later = [other.rolled_out for other in workload.revisions if other.rolled_out < entry.rolled_out]
    known = entry.soak is None and bool(later)
    return Revision(
        number=entry.revision,
        template=make_template(workload, entry),
        template_hash=template_hash(workload.name, entry.revision),
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
