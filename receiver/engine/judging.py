"""Judging and spending: decisions are made in order, each counting for the next, over all replicas."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from receiver.cluster.errors import ClusterError, Unavailable
from receiver.cluster.ledger import LedgerStore, Sight
from receiver.engine.recollection import Recollection
from receiver.policy.context import Installation
from receiver.policy.decision import Decision
from receiver.policy.hearing import Case, Hearing, hear
from receiver.policy.ledger import Ledger
from receiver.policy.workload import Unreadable


class Judging:
    """Decides cases and spends the budget for those that will be acted on."""

    def __init__(
        self, ledger: LedgerStore, recollection: Recollection, installation: Callable[[], Installation]
    ) -> None:
        self._ledger = ledger
        self._recollection = recollection
        self._installation = installation

    def look(self) -> Sight:
        """Read the ledger; one that may not be read is Unreadable.

        Raises:
            Unavailable: it may be readable in a moment.
        """
        return self._seen(self._ledger.read)

    def glance(self) -> Sight:
        """Return the ledger as it was last seen: good enough to begin with, because `spend` looks again.

        Raises:
            Unavailable: it was never seen, and may be readable in a moment.
        """
        return self._seen(self._ledger.last)

    def _seen(self, see: Callable[[], Sight]) -> Sight:
        try:
            return see()
        except Unavailable:
            raise
        except ClusterError as e:
            return Sight(Unreadable("the ledger", str(e)), None)

    def hear(self, cases: Sequence[Case], ledger: Ledger | Unreadable, now: datetime) -> Hearing:
        """Decide every case by this ledger, in order; nothing is stored.

        Raises:
            Unavailable: what is known of the recent records is too old, and may be readable in a moment.
        """
        recent, installation = self._recollection.recent(), self._installation()
        hearing = hear(cases, ledger=ledger, recent=recent, installation=installation, now=now)
        self._recollection.note(hearing)
        return hearing

    def spend(self, hearing: Hearing, seen: Sight) -> Mapping[str, Decision]:
        """Enter the cases that are Pending in the ledger, before anything is patched; return the decisions.

        They are decided again where the ledger is not the one that was `seen` any more.

        Raises:
            ClusterError: the ledger could not be written: nothing may be patched.
        """
        final = hearing

        def change(ledger: Ledger) -> Ledger:
            nonlocal final
            if ledger is not final.ledger:
                final = self.hear(hearing.cases, ledger, hearing.at)
            return ledger if isinstance(final.spent, Unreadable) else final.spent

        ledger = self._ledger.swap(seen, change)
        if isinstance(ledger, Unreadable):
            final = self.hear(hearing.cases, ledger, hearing.at)
        return final.decisions

    def refund(self, record: str) -> None:
        """Take a record that ended before its patch out of the ledger.

        Raises:
            ClusterError: it could not be written; the budget stays a little too small.
        """
        self._ledger.swap(self.look(), lambda ledger: ledger.refund(record))
