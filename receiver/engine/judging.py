"""Judging and spending: decisions are made in order, each counting for the next, over all replicas."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from receiver.cluster.api import Api
from receiver.cluster.errors import ClusterError, Conflict, Invalid, Unavailable
from receiver.cluster.ledger import LedgerStore, Sight
from receiver.cluster.patch import dry_run, generation_moved
from receiver.policy.context import Installation, StillFiring
from receiver.policy.decision import Decision, Match, Snapshot, decide
from receiver.policy.ledger import Ledger, Spending
from receiver.policy.plan import Plan
from receiver.policy.preflight import accepted, changed_meanwhile, refused
from receiver.policy.record import Phase
from receiver.policy.verdict import Verdict
from receiver.policy.workload import Unreadable


@dataclass(frozen=True, slots=True)
class Case:
    """One workload to be judged, with what matched."""

    snapshot: Snapshot
    matches: tuple[Match, ...]
    still_firing: StillFiring | Unreadable = StillFiring.NOT_LATE

    @property
    def order(self) -> tuple[datetime, str]:
        """Return what decides who comes first where the budget does not suffice for all."""
        return min((alert.starts_at, alert.fingerprint) for match in self.matches for alert in match.alerts)


@dataclass(frozen=True, slots=True)
class Hearing:
    """Cases decided in order by one ledger: the decisions by record, and the ledger with what they spend."""

    cases: tuple[Case, ...]
    at: datetime
    ledger: Ledger | Unreadable
    decisions: Mapping[str, Decision]
    spent: Ledger | Unreadable


class Judging:
    """Decides cases and spends the budget for those that will be acted on."""

    def __init__(self, ledger: LedgerStore, installation: Callable[[], Installation]) -> None:
        self._ledger = ledger
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
        """Decide every case by this ledger, in order; nothing is stored."""
        decisions: dict[str, Decision] = {}
        installation, spent = self._installation(), ledger
        for case in sorted(cases, key=lambda case: case.order):
            decision = decide(
                case.snapshot,
                case.matches,
                ledger=spent,
                installation=installation,
                now=now,
                still_firing=case.still_firing,
            )
            decisions[case.snapshot.record] = decision
            spent = _spend(spent, decision)
        return Hearing(tuple(cases), now, ledger, decisions, spent)

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


def _spend(ledger: Ledger | Unreadable, decision: Decision) -> Ledger | Unreadable:
    if isinstance(ledger, Unreadable) or decision.leading.phase is not Phase.PENDING:
        return ledger
    snapshot = decision.snapshot
    spending = Spending(snapshot.record, snapshot.workload.ref, decision.leading.rule.name, decision.at)
    return ledger.spend(spending)


def ask_server(api: Api, plan: Plan) -> Verdict:
    """Have the server try the patch out, and return its word as the verdict of `preflight`.

    Raises:
        Unavailable: it did not answer.
    """
    try:
        dry_run(api, plan)
    except Unavailable:
        raise
    except Conflict:
        return changed_meanwhile()
    except Invalid as e:
        return changed_meanwhile() if generation_moved(e) else refused(str(e))
    except ClusterError as e:
        return refused(str(e))
    return accepted()
