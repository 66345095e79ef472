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
_OFFSET = r"(?:[Zz]|[+-]\d\d(?::?\d\d|(?=\s*(?::?\s|:?$))))"
"""How a time ends, so that the reason may follow its colon at once, though not after hours alone."""
_TIME = re.compile(rf"\s*(\d{{4}}-\d\d-\d\d(?:[Tt ]\S+?{_OFFSET})?)\s*(?::.*)?", re.DOTALL)
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
        why = "orders.status renamed"
        known = f'write a revision or a date, and why: "7: {why}" or "2026-05-01: {why}"'
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
        return block(GUARD, Reason.UNCLEAR, _doubt(chosen, point, said=said))
    if before:
        return block(GUARD, Reason.CROSSED, f"{chosen.label} was live before the barrier {said}")
    return allow(GUARD, Reason.NOT_CROSSED, f"{chosen.label} was not live before the barrier {said}")


def _was_live_before(chosen: Revision, point: int | datetime) -> bool | None:
    return _began_before(chosen, point) if isinstance(point, datetime) else _numbered_before(chosen, point)


def _began_before(chosen: Revision, moment: datetime) -> bool | None:
    """Tell whether a revision went live before a time, the first time or again; None where nothing tells."""
    known = [since for since in (chosen.first_live_since, chosen.live_since) if since is not None]
    if any(since < moment for since in known):
        return True
    first_unknown = chosen.first_live_since is None and bool(chosen.former_numbers)
    return None if first_unknown or not known else False


def _numbered_before(chosen: Revision, number: int) -> bool | None:
    """Tell whether a revision was live under a lower number than this, None where nothing tells."""
    if chosen.number is None:
        return None
    if min((chosen.number, *chosen.former_numbers)) < number:
        return True
    return None if chosen.lowest_number is not None and chosen.lowest_number < number else False


def _doubt(chosen: Revision, point: int | datetime, *, said: str) -> str:
    if isinstance(point, datetime):
        what = "first was live" if chosen.former_numbers else "was live"
        return f"nothing tells when {chosen.label} {what}; barrier {said}"
    if chosen.lowest_number is None:
        return f"nothing tells when {chosen.label} was live; barrier {said}"
    maybe = f"{chosen.label} may have been live as revision {chosen.lowest_number} or later"
    return f"{maybe}, before the barrier {said}; write a date instead"


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
