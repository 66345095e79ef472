"""Guard settled: a template that was dealt with before, and is live again, is somebody's wish."""

from collections.abc import Iterable
from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.record import SETTLED, PastRollback
from receiver.policy.verdict import Verdict, allow, block, cannot_tell
from receiver.policy.workload import Unreadable

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
    final = _final_record(known_bad.past, context.record)
    if final is not None and final.patched_at is None:
        evidence = f"record {final.record} ended as {final.phase} without a patch; a person has to look"
        return block(GUARD, Reason.ENDED, evidence)
    if why := known_bad.rolled_back(live) or _settled_by(final):
        evidence = f"{live.label} was dealt with before, {why}; live again, a person seems to want it"
        return block(GUARD, Reason.RELEASED_AGAIN, evidence)
    return allow(GUARD, Reason.NEW, f"{live.label} was not dealt with before")


def _final_record(past: Iterable[PastRollback], record: str) -> PastRollback | None:
    return next((one for one in past if one.record == record and one.phase in SETTLED), None)


def _settled_by(final: PastRollback | None) -> str | None:
    return None if final is None else f"record {final.record} ended as {final.phase}"
