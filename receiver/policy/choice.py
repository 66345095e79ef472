"""Which revision to go back to: `to: last-good`, `to: previous` or `to: N`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from receiver.policy.history import KnownBad, newest_first
from receiver.policy.rules import Rollback
from receiver.policy.times import format_age
from receiver.policy.workload import Revision, Unreadable, Workload


class Reason(StrEnum):
    """How the choice came out."""

    CHOSEN = "chosen"
    NO_HISTORY = "no_history"
    NONE_GOOD = "none_good"
    NO_SUCH_REVISION = "no_such_revision"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Choice:
    """The revision to go back to, None where there is none, and what speaks for and against each."""

    revision: Revision | None
    reason: Reason
    evidence: str
    gone: tuple[str, ...] = ()
    """Where there is none: what those lack that were passed over for it alone, in words."""


Lacks = Callable[[Revision], tuple[str, ...]]


def _nothing(_: Revision) -> tuple[str, ...]:
    return ()


def choose(rollback: Rollback, workload: Workload, known_bad: KnownBad, *, lacks: Lacks = _nothing) -> Choice:
    """Choose the revision that a rule's `rollback` asks for; never the live one, never a known bad one.

    `lacks` names what a revision needs and is known to be gone: last-good passes over such a one.
    """
    if isinstance(workload.revisions, Unreadable):
        return Choice(None, Reason.UNREADABLE, str(workload.revisions))
    older = newest_first(workload.revisions)
    if isinstance(rollback.to, int):
        return _numbered(rollback.to, older, workload.live, known_bad)
    if not older:
        return Choice(None, Reason.NO_HISTORY, _no_history(workload))
    if rollback.to == "previous":
        return _first(older, known_bad, lambda _: None)
    choice = _first(older, known_bad, lambda revision: too_short(revision, rollback.soak), lacks)
    if choice.revision is None and rollback.soak == timedelta(0):
        return _first(older, known_bad, lambda _: None, lacks)
    return choice


def _first(
    older: list[Revision],
    known_bad: KnownBad,
    unfit: Callable[[Revision], str | None],
    lacks: Lacks = _nothing,
) -> Choice:
    passed_over, gone = list[str](), list[str]()
    for revision in older:
        fault = _fault(revision, known_bad) or unfit(revision)
        if not fault and (lost := lacks(revision)):
            fault = f"what it needs is gone: {', '.join(lost)}"
            gone.append(f"{revision.label}: {fault}")
        if fault is None:
            text = f"{revision.label} ({_in_service(revision)})"
            return Choice(revision, Reason.CHOSEN, "; ".join([text, *passed_over]))
        passed_over.append(f"{revision.label} passed over: {fault}")
    return Choice(None, Reason.NONE_GOOD, "; ".join(passed_over), tuple(gone))


def _fault(revision: Revision, known_bad: KnownBad) -> str | None:
    if revision.digest == known_bad.workload.live.digest:
        return "its template is the live one"
    if why := known_bad.why(revision):
        return f"known bad, {why}"
    if revision.available is False:
        return "it never was fully available"
    return None


def too_short(revision: Revision, soak: timedelta) -> str | None:
    """Return why a revision does not count as good by its time in service, None where it does."""
    if revision.soak is None:
        return f"nothing tells how long it was in service; soak: {format_age(soak)}"
    if revision.soak < soak:
        return f"only {format_age(revision.soak)} in service; soak: {format_age(soak)}"
    return None


def _in_service(revision: Revision) -> str:
    return "time in service unknown" if revision.soak is None else f"{format_age(revision.soak)} in service"


def _numbered(number: int, older: list[Revision], live: Revision, known_bad: KnownBad) -> Choice:
    if live.number == number:
        return Choice(None, Reason.NO_SUCH_REVISION, f"revision {number} is the live one")
    found = [revision for revision in older if revision.number == number]
    if not found:
        return Choice(None, Reason.NO_SUCH_REVISION, f"unable to find specified revision {number} in history")
    return _first(found, known_bad, lambda _: None)


def _no_history(workload: Workload) -> str:
    limit = workload.revision_history_limit
    return f"no rollout history found for {workload.ref} (revisionHistoryLimit {limit})"
