"""Guard settled: a template that was dealt with before, and is live again, is somebody's wish."""

from collections.abc import Iterable
from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.problems import plain
from receiver.policy.record import PastRollback, Phase
from receiver.policy.times import format_time
from receiver.policy.verdict import Verdict, allow, block, cannot_tell
from receiver.policy.workload import Revision, Unreadable

GUARD = "settled"


class Reason(StrEnum):
    """The guard's reasons."""

    NEW = "not_dealt_with_before"
    RELEASED_AGAIN = "released_again"
    ENDED = "ended_without_a_patch"


def judge(context: Context) -> Verdict:
    """Block when the record of this template is final, or the template was rolled back from before."""
    known_bad, live = context.known_bad, context.workload.live
    if isinstance(known_bad, Unreadable):
        return cannot_tell(GUARD, known_bad)
    final, left = _final_record(known_bad.past, context.record), known_bad.rolled_back(live)
    if final is not None and left is None and not _was_away(final, live):
        return block(GUARD, Reason.ENDED, f"{_ended(final)}; {live.label} is still live{_advice(final)}")
    if why := left or (final and _ended(final)):
        evidence = f"{live.label} was dealt with before, {why}; live again, a person seems to want it"
        return block(GUARD, Reason.RELEASED_AGAIN, evidence)
    if isinstance(context.workload.revisions, Unreadable):
        looked = f"no record and no annotation of {context.workload.ref} deals with {live.label}"
        return allow(GUARD, Reason.NEW, f"{looked}; {context.workload.revisions}")
    return allow(GUARD, Reason.NEW, f"{live.label} was not dealt with before")


def _final_record(past: Iterable[PastRollback], record: str) -> PastRollback | None:
    return next((one for one in past if one.record == record and one.settled), None)


def _was_away(final: PastRollback, live: Revision) -> bool:
    """Tell whether another template was live since: we patched, or the controller has renumbered this one."""
    before, now = final.from_number, live.number
    return final.patched_at is not None or (before is not None and now is not None and before != now)


def _ended(final: PastRollback) -> str:
    """Say how a record ended: by whose word, or in which phase; and when."""
    at = "" if final.ended_at is None else f" at {format_time(final.ended_at)}"
    if final.rejected_by is not None:
        return f"record {final.record} was rejected by {plain(final.rejected_by)}{at}"
    unpatched = "" if final.patched_at or final.phase is Phase.REJECTED else " without a patch"
    return f"record {final.record} ended as {final.phase}{unpatched}{at}"


def _advice(final: PastRollback) -> str:
    """Ask for a person where none has looked: who rejected it has."""
    return "" if final.phase is Phase.REJECTED else "; a person has to look"
