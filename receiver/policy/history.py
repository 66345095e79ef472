"""What a workload's revisions tell: when each was live, how long, and which of them is known bad.

The controller renumbers a revision that is released again and keeps its creation time, so a number's first
bearer went live when it was created, and a later one at a time that only other evidence tells.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from receiver.policy.record import PastRollback, Phase, Review, record_name
from receiver.policy.times import format_time
from receiver.policy.workload import Revision, Unreadable, Workload

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNPATCHED = frozenset({Phase.DRY_RUN, Phase.REFUSED, Phase.REJECTED})
"""Phases in which the on-call's `right` speaks against the suspect."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """A revision of the history with what its objects tell of time."""

    revision: Revision
    created_at: datetime | None
    """When it first went live, None where that may have been under another number."""
    renewed_at: datetime | None = None
    """When it last went live again, None where nothing tells."""


def with_tenures(tenures: Sequence[Tenure]) -> tuple[Revision, ...]:
    """Return the revisions, oldest in service first, with `live_since` and `soak` as far as they are known.

    A revision's soak is the longest of its times in service, each from its start to the start of the next
    number; a number that is missing between the two makes it unknown.
    """
    starts = _starts(tenures)
    revisions = [_with_tenure(tenure, starts) for tenure in tenures]
    return tuple(sorted(revisions, key=lambda revision: revision.number or 0))


def _numbers(revision: Revision) -> list[int]:
    return sorted({*revision.former_numbers, *([] if revision.number is None else [revision.number])})


def _starts(tenures: Iterable[Tenure]) -> dict[int, datetime | None]:
    """Return when each number went live."""
    starts: dict[int, datetime | None] = {}
    for tenure in tenures:
        for number in (numbers := _numbers(tenure.revision)):
            first, last = number == numbers[0], number == numbers[-1]
            starts[number] = tenure.created_at if first else tenure.renewed_at if last else None
    return starts


def _with_tenure(tenure: Tenure, starts: Mapping[int, datetime | None]) -> Revision:
    numbers = _numbers(tenure.revision)
    served = [end - start for n in numbers if (start := starts[n]) and (end := starts.get(n + 1))]
    live_since = tenure.renewed_at or starts[numbers[-1]]
    return replace(tenure.revision, live_since=live_since, soak=max(served, default=None))


def newest_first(revisions: Iterable[Revision]) -> list[Revision]:
    """Order revisions by when they were last live, the newest first.

    The numbers say the same, because the controller renumbers what is released again; they decide where a
    time is not known.
    """
    known = list(revisions)
    if any(revision.live_since is None for revision in known):
        return sorted(known, key=lambda revision: revision.number or 0, reverse=True)
    return sorted(
        known, key=lambda revision: (revision.live_since or EPOCH, revision.number or 0), reverse=True
    )


@dataclass(frozen=True, slots=True)
class KnownBad:
    """The revisions that were rolled back from, each with the reason in words."""

    workload: Workload
    past: tuple[PastRollback, ...]

    def why(self, revision: Revision) -> str | None:
        """Return why the revision is known bad, None where nothing says so or the on-call cleared it."""
        mine = self._records(revision)
        if any(past.review is Review.WRONG for past in mine):
            return None
        return _patched(mine) or self._undone(revision) or _confirmed(mine)

    def rolled_back(self, revision: Revision) -> str | None:
        """Return how the revision was rolled back from, None where it was not or the on-call cleared it.

        That leaves out what the on-call only said: the suspect of a dry run that was right is live still.
        """
        mine = self._records(revision)
        if any(past.review is Review.WRONG for past in mine):
            return None
        return _patched(mine) or self._undone(revision)

    def _records(self, revision: Revision) -> list[PastRollback]:
        record = record_name(self.workload.ref.name, self.workload.uid, revision.digest)
        return [past for past in self.past if past.suspects(revision, record=record)]

    def _undone(self, revision: Revision) -> str | None:
        """Tell whether the numbers show that an older revision was put back in this one's place.

        Whoever releases again what we rolled back from has not said that what we restored is bad.
        """
        mine = _numbers(revision)
        for other in _all_revisions(self.workload):
            left = self._left_by_us(other)
            for again in _numbers(other)[1:]:
                if other is not revision and again - 1 in mine and (left is None or again <= left):
                    return f"undone: an older revision followed it as revision {again}"
        return self._undone_just_now(revision)

    def _left_by_us(self, revision: Revision) -> int | None:
        """Return the number under which we first rolled back from a revision, None where we never did."""
        records = self._records(revision)
        if any(past.review is Review.WRONG for past in records):
            return None
        return min(
            (past.from_number for past in records if past.patched_at and past.from_number), default=None
        )

    def _undone_just_now(self, revision: Revision) -> str | None:
        live, mine = self.workload.live.number, revision.number
        numbers = [r.number for r in _all_revisions(self.workload) if r.number is not None]
        if live is None or mine is None or mine != max(numbers) or live >= mine:
            return None
        if self._left_by_us(self.workload.live) is not None:
            return None
        return f"undone: revision {live} has just been put back in its place"


def _patched(about: Iterable[PastRollback]) -> str | None:
    for past in about:
        if past.patched_at is not None:
            return f"rolled back from at {format_time(past.patched_at)} (record {past.record})"
    return None


def _confirmed(about: Iterable[PastRollback]) -> str | None:
    for past in about:
        if past.review is Review.RIGHT and past.phase in UNPATCHED:
            return f"the on-call says that record {past.record} was right about it"
    return None


def _all_revisions(workload: Workload) -> tuple[Revision, ...]:
    others = () if isinstance(workload.revisions, Unreadable) else workload.revisions
    return (*others, workload.live)
