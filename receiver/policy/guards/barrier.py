"""Guard barrier: somebody declared a one-way change, a schema migration for example: no way back past it."""

import re
from datetime import datetime
from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.problems import quoted
from receiver.policy.record import BARRIER_ANNOTATION
from receiver.policy.times import parse_time
from receiver.policy.verdict import Verdict, allow, block, not_judged
from receiver.policy.workload import Revision

GUARD = "barrier"
_REVISION = re.compile(r"\s*(\d{1,18})\s*(?::.*)?", re.DOTALL)
_TIME = re.compile(r"\s*(\d{4}-\d\d-\d\d(?:[Tt ]\S+?)?)\s*(?::(?:\s.*)?)?", re.DOTALL)
_DATE_LENGTH = len("2026-05-01")


class Reason(StrEnum):
    """The guard's reasons."""

    NONE = "no_barrier"
    NOT_CROSSED = "barrier_not_crossed"
    CROSSED = "barrier_crossed"
    UNCLEAR = "barrier_unclear"


def judge(context: Context) -> Verdict:
    """Block when the chosen revision was live before the barrier, or when the annotation is not understood.

    A revision that was released again counts by its first time: its template knows nothing of the change.
    """
    text = context.workload.annotation(BARRIER_ANNOTATION)
    if text is None:
        return allow(GUARD, Reason.NONE, f"{context.workload.ref} has no annotation {BARRIER_ANNOTATION}")
    point = _parse(text)
    if point is None:
        known = 'write a revision or a date, and why: "7: orders.status renamed"'
        return block(
            GUARD, Reason.UNCLEAR, f"the annotation {BARRIER_ANNOTATION} says {quoted(text)}; {known}"
        )
    chosen = context.choice.revision
    if chosen is None:
        return not_judged(GUARD, "no revision to go back to")
    return _judge(chosen, point, said=quoted(text))


def _judge(chosen: Revision, point: int | datetime, *, said: str) -> Verdict:
    before = _was_live_before(chosen, point)
    if before is None:
        return block(GUARD, Reason.UNCLEAR, f"nothing tells when {chosen.label} was live; barrier {said}")
    if before:
        return block(GUARD, Reason.CROSSED, f"{chosen.label} was live before the barrier {said}")
    return allow(GUARD, Reason.NOT_CROSSED, f"{chosen.label} was not live before the barrier {said}")


def _was_live_before(chosen: Revision, point: int | datetime) -> bool | None:
    """Tell whether a revision was live before a revision's number, or went live before a time."""
    if isinstance(point, datetime):
        return None if chosen.live_since is None else chosen.live_since < point
    if chosen.number is None:
        return None
    return min((chosen.number, *chosen.former_numbers)) < point


def _parse(text: str) -> int | datetime | None:
    """Return the revision's number or the time that the annotation names, None where it is not understood."""
    if found := _REVISION.fullmatch(text):
        return int(found[1])
    if not (found := _TIME.fullmatch(text)):
        return None
    try:
        return parse_time(found[1] if len(found[1]) > _DATE_LENGTH else f"{found[1]}T00:00:00Z")
    except ValueError:
        return None
