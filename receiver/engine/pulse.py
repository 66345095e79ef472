"""Whether the receiver can do its work: a small read of the records every two seconds tells."""

import logging
from collections.abc import Callable

from receiver import metrics
from receiver.cluster.errors import ClusterError, NotFound
from receiver.cluster.ledger import LedgerStore
from receiver.cluster.records import Records
from receiver.engine.desk import utc_now
from receiver.engine.rounds import Rounds
from receiver.policy.ledger import Ledger
from receiver.policy.overview import remaining_by_rule
from receiver.policy.rules import Ruleset
from receiver.policy.workload import Unreadable

log = logging.getLogger(__name__)
EVERY_SECONDS = 1.5
TIMEOUT_SECONDS = 2.0
NO_CRD = (
    "the CRD rollbacks.rollback-receiver.dev is not installed: rollback-receiver crd | kubectl apply -f -"
)


class Pulse(Rounds):
    """Feels the API server in a thread of its own, and keeps the ledger's last sight young by the way."""

    def __init__(self, records: Records, ledger: LedgerStore, rules: Callable[[], Ruleset]) -> None:
        super().__init__("pulse", "feeling the API server", every_seconds=EVERY_SECONDS, at_once=True)
        self._records = records
        self._ledger = ledger
        self._rules = rules
        self._fault: str | None = "the API server has not been reached yet"

    def fault(self) -> str | None:
        """Return why the receiver is not ready, None when it is."""
        return self._fault

    def _round(self) -> None:
        self._note(self._feel())

    def _feel(self) -> str | None:
        try:
            self._records.probe(timeout_seconds=TIMEOUT_SECONDS)
            self._publish(self._ledger.read().ledger)
        except NotFound:
            return NO_CRD
        except ClusterError as e:
            return str(e)
        return None

    def _publish(self, ledger: Ledger | Unreadable) -> None:
        """Say in metrics what the ledger holds; what cannot be read says nothing, rather than all is well."""
        if isinstance(ledger, Unreadable):
            metrics.set_budgets({})
            return
        metrics.PAUSED.set(ledger.pause is not None)
        metrics.set_budgets(remaining_by_rule(ledger, self._rules(), now=utc_now()))

    def _note(self, fault: str | None) -> None:
        metrics.READY.set(fault is None)
        if fault and not self._fault:
            log.warning("not ready: %s", fault)
        if self._fault and not fault:
            log.info("ready")
        self._fault = fault
