"""The ledger: the kill switch and the rollbacks that count for a budget, over all replicas.

Values only; receiver.cluster.ledger stores them, by compare-and-swap.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from receiver.policy.vocabulary import Over
from receiver.policy.workload import WorkloadRef

KEPT_FOR = timedelta(days=7)
KEPT_AT_MOST = 3_000
"""A ConfigMap holds 1 MiB, and a rollback takes about 200 bytes of it."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The kill switch is on: since when, by whom and why."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Spending:
    """One rollback that counts: it is Pending or was patched."""

    record: str
    target: WorkloadRef
    rule: str
    at: datetime

    def where(self, over: Over) -> str:
        """Return, in words, with what a budget `over` it counts it; empty for all of the cluster."""
        return _WHERE[over](self)


_WHERE: Mapping[Over, Callable[[Spending], str]] = {
    Over.CLUSTER: lambda _: "",
    Over.NAMESPACE: lambda spending: f"namespace {spending.target.namespace}",
    Over.RULE: lambda spending: f"rule {spending.rule}",
    Over.TARGET: lambda spending: str(spending.target),
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is spent, oldest first, and the kill switch (None: off)."""

    spendings: tuple[Spending, ...] = ()
    pause: Pause | None = None

    def spend(self, spending: Spending) -> "Ledger":
        """Return the ledger with one more rollback; a record that is there already is not counted twice."""
        if any(known.record == spending.record for known in self.spendings):
            return self
        kept = tuple(known for known in self.spendings if known.at > spending.at - KEPT_FOR)
        return replace(self, spendings=(*kept, spending)[-KEPT_AT_MOST:])

    def refund(self, record: str) -> "Ledger":
        """Return the ledger without a rollback that ended before it patched anything."""
        return replace(self, spendings=tuple(known for known in self.spendings if known.record != record))
