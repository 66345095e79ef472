"""Several workloads heard together: decisions are made in order, each spending for the next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from receiver.policy.bystanders import Bystander, Recent, gather
from receiver.policy.context import Installation
from receiver.policy.decision import Decision, Match, Snapshot, blame_reasons, decide
from receiver.policy.ledger import Ledger, Spending
from receiver.policy.record import Phase
from receiver.policy.unblamed import nobody_deployed
from receiver.policy.workload import Unreadable


@dataclass(frozen=True, slots=True)
class Case:
    """One workload to be judged, with what matched."""

    snapshot: Snapshot
    matches: tuple[Match, ...]

    @property
    def order(self) -> tuple[datetime, str]:
        """Return what decides who comes first where the budget does not suffice for all."""
        return min((alert.starts_at, alert.fingerprint) for match in self.matches for alert in match.alerts)


@dataclass(frozen=True, slots=True)
class Hearing:
    """Cases decided in order by one ledger: the decisions by record, and the ledger with what they spend.

    `bystanders` are those cases whose workload nobody had deployed.
    """

    cases: tuple[Case, ...]
    at: datetime
    ledger: Ledger | Unreadable
    decisions: Mapping[str, Decision]
    spent: Ledger | Unreadable
    bystanders: tuple[Bystander, ...]


def hear(
    cases: Sequence[Case],
    *,
    ledger: Ledger | Unreadable,
    recent: Recent | Unreadable,
    installation: Installation,
    now: datetime,
) -> Hearing:
    """Decide every case by this ledger, those whose trouble began first before the others.

    `recent` is what the records say; the workloads of the cases that nobody had deployed count with those.
    """
    decisions: dict[str, Decision] = {}
    spent = ledger
    here = tuple(_bystanders(cases, installation, now))
    bystanders = gather(recent, here, heard={case.snapshot.workload.ref for case in cases}, now=now)
    for case in sorted(cases, key=lambda case: case.order):
        decision = decide(
            case.snapshot,
            case.matches,
            ledger=spent,
            bystanders=bystanders,
            installation=installation,
            now=now,
        )
        decisions[case.snapshot.record] = decision
        spent = _spend(spent, decision)
    return Hearing(tuple(cases), now, ledger, decisions, spent, here)


def _bystanders(cases: Sequence[Case], installation: Installation, now: datetime) -> Iterator[Bystander]:
    for case in cases:
        if nobody_deployed(blame_reasons(case.snapshot, case.matches, installation=installation, now=now)):
            yield Bystander(case.snapshot.record, case.snapshot.workload.ref, now)


def _spend(ledger: Ledger | Unreadable, decision: Decision) -> Ledger | Unreadable:
    if isinstance(ledger, Unreadable) or decision.leading.phase is not Phase.PENDING:
        return ledger
    snapshot = decision.snapshot
    spending = Spending(snapshot.record, snapshot.workload.ref, decision.leading.rule.name, decision.at)
    return ledger.spend(spending)
