"""Bystanders: workloads with firing alerts that no rollout explains. Many at once mean the platform.

Values only: policy/unblamed tells who is one, the guard systemic judges by how many there are.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from receiver.policy.times import format_age
from receiver.policy.workload import Unreadable, WorkloadRef

WINDOW = timedelta(minutes=10)
"""For so long an alert counts after it was last told."""
RECENT_RECORDS = f"the records of the last {format_age(WINDOW)}"


@dataclass(frozen=True, slots=True)
class Bystander:
    """A workload that had alerts which no rollout explains: by which record, and when it was last told."""

    record: str
    target: WorkloadRef
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Recent:
    """What the records say, and when they were read."""

    bystanders: tuple[Bystander, ...]
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Bystanders:
    """The distinct workloads that count, in order of their names; `age` is how long ago records were read."""

    targets: tuple[WorkloadRef, ...] = ()
    age: timedelta = timedelta(0)


def gather(
    recent: Recent | Unreadable, here: Collection[Bystander], *, heard: Collection[WorkloadRef], now: datetime
) -> Bystanders | Unreadable:
    """Put those of the records to those of the payload.

    A workload that is `heard` now counts as it is judged now, whatever its records say of this release or of
    the ones before.
    """
    if isinstance(recent, Unreadable):
        return recent
    there = {
        known.target
        for known in recent.bystanders
        if known.target not in heard and known.seen_at > now - WINDOW
    }
    targets = there | {bystander.target for bystander in here}
    return Bystanders(tuple(sorted(targets, key=lambda ref: ref.path)), now - recent.read_at)
