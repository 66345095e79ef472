"""Retention: which records go, by age and count, so that the cluster does not fill up with them.

Records are memory: they say which revisions are known bad, what we restored, and what people have settled.
Such a record keeps us from going back to a bad version, and a template of long ago can be in a workload's
history still: age alone never deletes it. It goes only where it is too old and there are too many of its kind
as well. How many of them there can be, budgets and people bound.

What is in work, awaits approval, is followed or is still to be told stays whatever the limits say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from receiver.policy.followed import parse_followed
from receiver.policy.notices import is_too_old, open_notices
from receiver.policy.record import IN_WORK, SETTLED, Phase, naming, phase_of
from receiver.policy.times import parse_time

OPEN = IN_WORK | {Phase.AWAITING_APPROVAL}


class Reason(StrEnum):
    """Why a record goes; the strings are the metric's."""

    AGE = "age"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long records are kept after they were last touched, zero is for ever; and how many.

    `count` is that of the records which remember something, and again that of those which do not.
    """

    age: timedelta = timedelta(days=90)
    count: int = 2000


DEFAULT = Limits()


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as far as its retention depends on it.

    `named` are the keys of its log lines, `uid` and `version` say which state was seen. `touched_at` is when
    an alert, a person or we last changed what it says. `closed` is whether nobody needs it any more,
    `remembers` whether its loss could make us act otherwise.
    """

    named: Mapping[str, str]
    uid: str
    version: str
    phase: Phase | None
    touched_at: datetime
    closed: bool
    remembers: bool


def parse_stored(raw: Mapping[str, Any], *, lasting: timedelta, now: datetime) -> Stored:
    """Read a record. `lasting` is how long one is followed, and rests after it was touched.

    Raises:
        KeyError, TypeError, ValueError: the object is not one of ours.
    """
    metadata, status = raw["metadata"], raw.get("status") or {}
    phase = phase_of(raw)
    touched_at = _touched_at(metadata, status)
    followed = parse_followed(raw) if lasting else None
    open_yet = (
        phase is None
        or phase in OPEN
        or bool(metadata.get("deletionTimestamp"))
        or (followed is not None and followed.is_due(lasting=lasting, now=now))
        or _to_tell(status, now=now)
    )
    return Stored(
        named=naming(raw),
        uid=str(metadata["uid"]),
        version=str(metadata["resourceVersion"]),
        phase=phase,
        touched_at=touched_at,
        closed=not open_yet and now - touched_at >= lasting,
        remembers=bool(status.get("patchedAt") or status.get("review")) or phase in SETTLED,
    )


def _touched_at(metadata: Mapping[str, Any], status: Mapping[str, Any]) -> datetime:
    """Return the last moment when an alert, a decision or a person changed it, not when we looked at it."""
    times = (
        metadata["creationTimestamp"],
        status.get("lastSeenAt"),
        status.get("finishedAt"),
        (status.get("decision") or {}).get("at"),
        (status.get("review") or {}).get("at"),
    )
    return max(at for at in map(parse_time, times) if at is not None)


def _to_tell(status: Mapping[str, Any], *, now: datetime) -> bool:
    """Tell whether somebody is still to hear of it, or Alertmanager that a silence is over."""
    silence = status.get("silence") or {}
    until = None if "removedAt" in silence else parse_time(silence.get("until"))
    waiting = any(not is_too_old(notice, now=now) for notice, _ in open_notices(status))
    return waiting or (until is not None and until > now)


def outlived(records: Iterable[Stored], limits: Limits, *, now: datetime) -> list[tuple[Stored, Reason]]:
    """Return the records that go and why: the longest untouched first, but those that remember last.

    Those that remember and the others are counted apart, so that a storm of refusals crowds no memory out,
    nor years of rollbacks the refusals of last week. What remembers goes only where it is old as well, so
    that there may be more than `limits.count` of it.
    """
    known = sorted(records, key=lambda one: one.touched_at)
    memories = [one for one in known if one.remembers]
    others = [one for one in known if not one.remembers]
    closed = [one for one in others if one.closed]
    aged = [one for one in closed if _is_old(one, limits, now=now)]
    # The aged are the first of the closed ones, by the order of both.
    surplus = closed[len(aged) :][: max(0, len(others) - len(aged) - limits.count)]
    old = [one for one in memories if one.closed and _is_old(one, limits, now=now)]
    forgotten = old[: max(0, len(memories) - limits.count)]
    by_count = [(one, Reason.COUNT) for one in (*surplus, *forgotten)]
    return [*((one, Reason.AGE) for one in aged), *by_count]


def _is_old(one: Stored, limits: Limits, *, now: datetime) -> bool:
    return bool(limits.age) and now - one.touched_at > limits.age
