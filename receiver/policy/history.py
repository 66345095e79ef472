"""What a workload's revisions tell: when each was live, how long, and which of them is known bad.

The controller renumbers a revision that is released again and keeps its creation time, so a number's first
bearer went live when it was created, and a later one at a time that only other evidence tells.

A rollout is complete when all older replicas are gone. So a revision that keeps replicas after it was left
says that none that went live since has been fully available, and when it lost its last ones says from when on
the next one can have been. Nobody gives them back to it but a release, which renumbers it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from receiver.policy.record import PastRollback, Phase, Review, record_name
from receiver.policy.times import format_time
from receiver.policy.workload import Revision, Workload

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNPATCHED = frozenset({Phase.DRY_RUN, Phase.REFUSED, Phase.REJECTED})
"""Phases in which the on-call's `right` speaks against the suspect."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a rollback to a revision: when it was rolled out, None where we have not seen that."""

    rolled_out_at: datetime | None = None
    failed: bool = False
    """Whether we gave up waiting for it."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """A revision of the history with what its objects tell of time."""

    revision: Revision
    created_at: datetime | None
    """When it first went live, None where that may have been under another number."""
    renewed_at: datetime | None = None
    """When it last went live again, None where nothing tells."""
    live: bool = False
    """Whether it is the live one, whose time in service has not ended."""
    serving: bool = False
    """Whether it has kept replicas although it is not the live one any more."""
    emptied_at: datetime | None = None
    """When its last replicas were taken away, None where it has some, or nothing tells."""
    restored: Restored | None = None
    """What came of our putting it back, None where we did not."""


def with_tenures(tenures: Sequence[Tenure]) -> tuple[Revision, ...]:
    """Return the revisions, oldest in service first, with what is known of when and how long each was live.

    A revision's soak is the longest of its times in service, each from when it was fully available, as far as
    that is known, to the start of the next number; a number that is missing between the two makes it unknown.
    One that was fully available in none of them is not `available`.
    """
    terms = _terms(tenures)
    revisions = [_with_terms(tenure, terms) for tenure in tenures]
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


@dataclass(frozen=True, slots=True)
class Terms:
    """The times in service, one for each number that a revision has or had, and what tells of them."""

    starts: Mapping[int, datetime | None]
    serving: int | None
    """The lowest number of those that have kept replicas since they were left, None where none has."""
    emptied: tuple[tuple[int, datetime], ...]
    """With which number a revision was left that has no replicas any more, and since when."""

    def soak(self, number: int, restored: Restored | None) -> timedelta | None:
        """Return how long it was live since it was fully available, None where that is not known."""
        start, end = self.starts[number], self.starts.get(number + 1)
        if start is None or end is None:
            return None
        since = self._complete_since(number, start, restored)
        return None if since is None else max(end - since, timedelta(0))

    def _complete_since(self, number: int, start: datetime, restored: Restored | None) -> datetime | None:
        complete = max(start, self._emptied_before(number))
        if restored is None:
            return complete
        if restored.rolled_out_at is not None:
            return max(complete, restored.rolled_out_at)
        # We gave up waiting, and nothing says that it came right after that.
        return None if restored.failed and complete == start else complete

    def never_complete(self, number: int) -> bool:
        """Tell whether an older revision kept replicas until the next one went live, or has some now."""
        if self.serving is not None and self.serving < number:
            return True
        emptied = self._emptied_before(number)
        return any(start and n > number and emptied > start for n, start in self.starts.items())

    def _emptied_before(self, number: int) -> datetime:
        """Return when the last of those lost its replicas that were left before, EPOCH where none tells."""
        return max((moment for left, moment in self.emptied if left < number), default=EPOCH)


def _terms(tenures: Sequence[Tenure]) -> Terms:
    left = [(_numbers(tenure.revision)[-1], tenure) for tenure in tenures if not tenure.live]
    return Terms(
        _starts(tenures),
        serving=min((number for number, tenure in left if tenure.serving), default=None),
        emptied=tuple((number, tenure.emptied_at) for number, tenure in left if tenure.emptied_at),
    )


def _with_terms(tenure: Tenure, terms: Terms) -> Revision:
    revision, numbers = tenure.revision, _numbers(tenure.revision)
    live_since = tenure.renewed_at or terms.starts[numbers[-1]]
    complete = [number for number in numbers if not terms.never_complete(number)]
    # Our records don't keep the number that it got when we put it back: the last one is the best guess.
    soaks = [terms.soak(n, tenure.restored if n == numbers[-1] else None) for n in complete]
    return replace(
        revision,
        live_since=live_since,
        left_at=terms.starts.get(numbers[-1] + 1),
        soak=max((soak for soak in soaks if soak is not None), default=None),
        available=revision.available if complete or tenure.live else False,
    )


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
        for other in self.workload.all_revisions:
            followed = [] if other is revision else [n for n in _numbers(other)[1:] if n - 1 in mine]
            left = self._left_by_us(other) if followed else None
            for again in followed:
                if left is None or again <= left:
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
        numbers = [r.number for r in self.workload.all_revisions if r.number is not None]
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
