"""The on-call's words, kept in the cluster by compare-and-swap: of two at once, one wins and one hears so."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime

from receiver import metrics
from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError, NotFound, Rejected
from receiver.cluster.ledger import LedgerStore
from receiver.cluster.records import Records
from receiver.engine import status
from receiver.engine.desk import utc_now
from receiver.engine.instance import Instance
from receiver.policy.intake import WrongPhase
from receiver.policy.ledger import Ledger, Pause
from receiver.policy.record import Review, naming
from receiver.policy.times import format_time
from receiver.policy.words import Act, Outcome, Word, approved, rejected, reviewed
from receiver.policy.workload import Unreadable

log = logging.getLogger(__name__)
Change = Callable[[status.Status], status.Status | None]
Turn = Callable[[Pause | None], Pause | None]
"""What the kill switch becomes of how it stood."""


class Words:
    """Keeps what people say, counts it and logs it.

    `instance` is the receiver that acts on an approval; None leaves it to the sweep of any that runs.
    """

    def __init__(
        self,
        records: Records,
        ledger: LedgerStore,
        *,
        instance: Instance | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._records = records
        self._ledger = ledger
        self._instance = instance
        self._now = now

    def approve(self, name: str, by: str) -> Object | None:
        """Make a record Pending; return it as it is then, None where there is none of that name.

        Raises:
            WrongPhase: it does not await approval.
            ClusterError: it is not known to be stored.
        """
        word = Word.said(by, self._now())

        def change(old: status.Status) -> status.Status | None:
            new = approved(name, old, word)
            return new and self._taken(new, word.at)

        return self._keep(Act.APPROVE, name, word, change)

    def reject(self, name: str, by: str, note: str) -> Object | None:
        """End a record as Rejected; returns and raises as `approve`."""
        word = Word.said(by, self._now(), note)
        return self._keep(Act.REJECT, name, word, lambda old: rejected(name, old, word))

    def review(self, name: str, verdict: Review, note: str, by: str) -> Object | None:
        """Keep a verdict on a decision; returns as `approve`.

        Raises:
            WrongPhase: it is not decided, or in work.
            ClusterError: it is not known to be stored.
        """
        word = Word.said(by, self._now(), note)
        return self._keep(
            Act.REVIEW, name, word, lambda old: reviewed(name, old, word, verdict), verdict=verdict.value
        )

    def pause(self, by: str, reason: str) -> tuple[Pause, Pause | None]:
        """Switch the kill switch on; return what holds then, and what held before, None where nothing did.

        Raises:
            ClusterError: it is not known to be stored, or the ledger cannot be read.
        """
        word = Word.said(by, self._now(), reason)
        said = Pause(at=word.at, by=word.by, reason=word.note)
        before = self._switch(Act.PAUSE, word, lambda held: _paused(held, said))
        return _paused(before, said), None if before == said else before

    def resume(self, by: str) -> Pause | None:
        """Switch the kill switch off, and return what held, None where nothing did; raises as `pause`."""
        return self._switch(Act.RESUME, Word.said(by, self._now()), lambda _: None)

    def _taken(self, new: status.Status, now: datetime) -> status.Status:
        return (
            status.handed_over(new) if self._instance is None else status.held(new, self._instance, now=now)
        )

    def _keep(self, act: Act, name: str, word: Word, change: Change, **more: str) -> Object | None:
        extra = {"record": name, **_said(act, word), **more}
        with suppress(NotFound), _counted(act, extra):
            raw = self._records.update_status(self._records.get(name), change)
            extra.update(naming(raw))
            return raw
        return None

    def _switch(self, act: Act, word: Word, turn: Turn) -> Pause | None:
        """Turn the kill switch; return how it stood."""
        before: Pause | None = None

        def change(old: Ledger) -> Ledger:
            nonlocal before
            before = old.pause
            return replace(old, pause=turn(old.pause))

        with _counted(act, _said(act, word)):
            held = self._ledger.swap(self._ledger.read(), change)
            if isinstance(held, Unreadable):
                raise Rejected(str(held))
        return before


def _paused(held: Pause | None, said: Pause) -> Pause:
    """Return what holds once somebody has paused: since the first who did, by the last who said why."""
    if held is None:
        return said
    return replace(said, at=held.at) if said.reason.strip() else held


def since_when(pause: Pause) -> str:
    """Say by whom, since when and why everything is paused."""
    return f"by {pause.by} since {format_time(pause.at)}" + (f": {pause.reason}" if pause.reason else "")


def _said(act: Act, word: Word) -> dict[str, str]:
    return {"act": act.value, "by": word.by, "note": word.note}


@contextmanager
def _counted(act: Act, extra: dict[str, str]) -> Iterator[None]:
    """Count and log what becomes of a word."""
    outcome, why = Outcome.FAILED, ""
    try:
        yield
        outcome = Outcome.DONE
    except NotFound as e:
        outcome, why = Outcome.NOT_FOUND, str(e)
        raise
    except WrongPhase as e:
        outcome, why = Outcome.WRONG_PHASE, str(e)
        raise
    except ClusterError as e:
        why = str(e)
        raise
    finally:
        metrics.WORDS.labels(act=act.value, outcome=outcome.value).inc()
        log.info("%s: %s%s", act, outcome, why and f": {why}", extra=extra)
