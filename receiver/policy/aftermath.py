"""What became of a workload that we did not touch: whether people did what we would have done.

A record that ended without a patch is followed from its creation on for a while (`lasting`, a day unless set
otherwise). What is not known for sure stays open, and counts for nothing: a workload that is gone or was made
anew, a past that cannot be read, an end at which nobody looked, a revision that we ourselves put back for
another record.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from receiver.policy.decision import Snapshot
from receiver.policy.record import Phase
from receiver.policy.workload import Revision, Unreadable, WorkloadRef

FOLLOWED = frozenset({Phase.DRY_RUN, Phase.REFUSED, Phase.REJECTED, Phase.EXPIRED})
"""A record that was patched after all has an outcome of its own, and is followed no longer."""
CALM = timedelta(minutes=15)
"""An alert that comes back sooner had not cleared; whoever rolls back sooner did not trust that it had."""
LATE = timedelta(hours=1)
"""What is seen so long after the end says nothing of how it was at the end."""


class Kind(StrEnum):
    """How the trouble ended without us; the strings are the record's."""

    ROLLED_BACK_BY_HAND = "RolledBackByHand"
    FIXED_FORWARD = "FixedForward"
    CLEARED_BY_ITSELF = "ClearedByItself"
    STILL_FIRING = "StillFiring"


@dataclass(frozen=True, slots=True)
class Followed:
    """A record that is followed, as far as its aftermath depends on it.

    `suspect` and `chosen` are templates' digests; `chosen` is None where nothing would have been done.
    `began_at` is when the first alert fired; `cleared_at` is None while one fires.
    """

    record: str
    target: WorkloadRef
    uid: str
    suspect: str
    suspect_number: int | None
    chosen: str | None
    began_at: datetime
    created_at: datetime
    cleared_at: datetime | None = None

    def ends_at(self, lasting: timedelta) -> datetime:
        """Return until when it is followed."""
        return self.created_at + lasting

    def is_due(self, *, lasting: timedelta, now: datetime) -> bool:
        """Tell whether a look at its workload may still tell something."""
        return now < self.ends_at(lasting) + LATE


@dataclass(frozen=True, slots=True)
class Live:
    """What was live when the workload was looked at.

    `since` is when it went live; `older` whether it is of a time before the suspect; `replaced_at` when the
    suspect ceased to be live. None: nothing tells. `ours` says that we put it back since the alert began.
    """

    digest: str
    number: int | None = None
    since: datetime | None = None
    older: bool | None = None
    replaced_at: datetime | None = None
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Aftermath:
    """How it ended: `revision` is the one that was live then, `took` from the first alert to `at`.

    `as_chosen` is None where nobody went back, or nothing would have been chosen; `took` is None where it did
    not end.
    """

    kind: Kind
    at: datetime
    revision: int | None = None
    as_chosen: bool | None = None
    took: timedelta | None = None


def live_revision(followed: Followed, snapshot: Snapshot) -> Live | None:
    """Return what is live by a snapshot of the workload, None where its past cannot be read.

    A revision is older than the suspect if it ever had a lower number, or is the one that would have been
    chosen; without a number nothing tells. The suspect ceased to be live when the first of those with higher
    numbers went live.
    """
    workload, past = snapshot.workload, snapshot.past
    if isinstance(past, Unreadable) or isinstance(workload.revisions, Unreadable):
        return None
    live, revisions = workload.live, workload.all_revisions
    suspect = _number_of(followed, revisions)
    starts = [each.live_since for each in revisions if suspect and (each.number or 0) > suspect]
    known = [start for start in starts if start is not None]
    return Live(
        digest=live.digest,
        number=live.number,
        since=live.live_since,
        older=live.digest == followed.chosen or _older(live, suspect),
        replaced_at=min(known) if known and len(known) == len(starts) else None,
        ours=any(p.restored(live) and p.patched_at and p.patched_at >= followed.began_at for p in past),
    )


def _number_of(followed: Followed, revisions: tuple[Revision, ...]) -> int | None:
    """Return the suspect's number; the controller may have given it after the record was made."""
    if followed.suspect_number is not None:
        return followed.suspect_number
    return next((each.number for each in revisions if each.digest == followed.suspect), None)


def _older(live: Revision, suspect: int | None) -> bool | None:
    if live.number is None or suspect is None:
        return None
    return min((*live.former_numbers, live.number)) < suspect


def judge_aftermath(followed: Followed, live: Live, *, lasting: timedelta, now: datetime) -> Aftermath | None:
    """Return how it ended, None while that is open.

    The alert has cleared once it stayed so for 15 minutes, or the time of following is over. Then, in order:

    - cleared while the suspect was live, which it was for 15 more minutes or is still: ClearedByItself,
      whatever was released later;
    - a revision from before the suspect is live: RolledBackByHand, at once, whether the alert clears or not;
    - cleared after something new went live: FixedForward; before it, while the suspect was live:
      ClearedByItself, because a release that comes after is no cure;
    - the alert fires, and the time is over: StillFiring, if somebody looks within the hour.

    An alert that cleared at a time that cannot be compared with the suspect's end leaves it open, and so does
    a way back long after a newer release had cured it.
    """
    kind = None if live.ours else _kind(followed, live)
    if kind is None:
        return None
    if kind is Kind.ROLLED_BACK_BY_HAND:
        return _ended(followed, kind, live, at=live.since or now)
    if kind is Kind.STILL_FIRING:
        return _still_firing(followed, live, lasting=lasting, now=now)
    return _calm(followed, kind, live, lasting=lasting, now=now)


def _kind(followed: Followed, live: Live) -> Kind | None:
    """Return what it would be if it were over, None where that is unknown."""
    stayed = _suspect_stayed(followed, live)
    if stayed is None:
        return None
    if stayed:
        return Kind.CLEARED_BY_ITSELF
    if live.older:
        return Kind.ROLLED_BACK_BY_HAND if _went_back_for_it(followed, live) else None
    return Kind.STILL_FIRING if followed.cleared_at is None else _cure(followed.cleared_at, live)


def _suspect_stayed(followed: Followed, live: Live) -> bool | None:
    """Tell whether the suspect stayed live after the alert had cleared, None where the order is unknown."""
    if followed.cleared_at is None:
        return False
    if live.digest == followed.suspect:
        return True
    return None if live.replaced_at is None else live.replaced_at - followed.cleared_at >= CALM


def _went_back_for_it(followed: Followed, live: Live) -> bool:
    """Tell whether somebody went back before the trouble was over, or not long after it was."""
    if followed.cleared_at is None:
        return True
    return live.since is not None and live.since - followed.cleared_at < CALM


def _cure(cleared_at: datetime, live: Live) -> Kind | None:
    """Tell whether the new release came before the alert cleared."""
    if live.older is None or live.replaced_at is None:
        return None
    return Kind.CLEARED_BY_ITSELF if cleared_at < live.replaced_at else Kind.FIXED_FORWARD


def _calm(
    followed: Followed, kind: Kind, live: Live, *, lasting: timedelta, now: datetime
) -> Aftermath | None:
    at = followed.cleared_at
    if at is None or (now - at < CALM and now < followed.ends_at(lasting)):
        return None
    return _ended(followed, kind, live, at=at)


def _still_firing(followed: Followed, live: Live, *, lasting: timedelta, now: datetime) -> Aftermath | None:
    at = followed.ends_at(lasting)
    over = at <= now and followed.is_due(lasting=lasting, now=now)
    return Aftermath(Kind.STILL_FIRING, at, _number(followed, live)) if over else None


def _ended(followed: Followed, kind: Kind, live: Live, *, at: datetime) -> Aftermath:
    by_hand = kind is Kind.ROLLED_BACK_BY_HAND and followed.chosen is not None
    as_chosen = live.digest == followed.chosen if by_hand else None
    took = max(at - followed.began_at, timedelta(0))
    return Aftermath(kind, at, _number(followed, live), as_chosen, took)


def _number(followed: Followed, live: Live) -> int | None:
    return followed.suspect_number if live.digest == followed.suspect else live.number
