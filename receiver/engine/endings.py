"""What is said when a record ends or changes: on the record, and as an Event on its workload."""

import logging
from concurrent.futures import Executor

from receiver import metrics
from receiver.cluster.errors import ClusterError
from receiver.cluster.events import EventReason, record_event
from receiver.engine import status
from receiver.engine.desk import Desk
from receiver.engine.holding import store_held
from receiver.engine.task import Object, Task
from receiver.policy.decision import Decision
from receiver.policy.document import decision_diff, decision_document
from receiver.policy.record import Phase, naming
from receiver.policy.times import parse_time

log = logging.getLogger(__name__)
EVENTS = {
    Phase.SUCCEEDED: EventReason.SUCCEEDED,
    Phase.FAILED: EventReason.FAILED,
    Phase.NOT_CURED: EventReason.NOT_CURED,
    Phase.REFUSED: EventReason.REFUSED,
}


FINISHED = frozenset({Phase.SUCCEEDED, Phase.NOT_CURED, Phase.FAILED, Phase.SUPERSEDED})


class Endings:
    """Stores a phase and tells everybody who should know."""

    def __init__(self, desk: Desk, pool: Executor) -> None:
        self._desk = desk
        self._pool = pool

    def end(self, task: Task, phase: Phase, message: str) -> None:
        """End a record. One that never patched anything gives its place in the budget back.

        Raises:
            ClusterError: the end could not be stored.
        """
        now = self._desk.now()
        raw = store_held(self._desk, task, lambda old: status.ended(old, phase, message, now=now))
        if raw is not None:
            self.tell(raw, phase, message)
            self.give_back(raw)

    def decide(self, task: Task, decision: Decision) -> bool:
        """Enter the decision of a later look at a record, and tell whether that made it Pending.

        Raises:
            ClusterError: it could not be stored.
        """
        now, instance = self._desk.now(), self._desk.instance
        received_at = parse_time((task.raw().get("status") or {}).get("startedAt")) or now
        document = decision_document(decision, decision_diff(decision))

        def change(old: status.Status) -> status.Status:
            new = status.rejudged(old, decision, document=document, received_at=received_at)
            return status.held(new, instance, now=now) if decision.leading.phase is Phase.PENDING else new

        raw = store_held(self._desk, task, change)
        if raw is None or decision.leading.phase is Phase.PENDING:
            return raw is not None
        self.tell(raw, decision.leading.phase, raw["status"]["message"])
        self.give_back(raw)
        return False

    def tell(self, raw: Object, phase: Phase, message: str) -> None:
        """Measure how long a rollback took, and put the Event of its phase on the workload."""
        if phase in FINISHED and (started := parse_time(raw["status"].get("startedAt"))):
            metrics.RECEIPT_TO_FINISHED.observe((self._desk.now() - started).total_seconds())
        if phase in EVENTS and raw["spec"]["target"].get("uid"):
            self._event(raw, EVENTS[phase], message)

    def announce(self, task: Task, reason: EventReason, message: str) -> None:
        """Put an Event on the workload of a task."""
        self._event(task.raw(), reason, message)

    def _event(self, raw: Object, reason: EventReason, message: str) -> None:
        self._pool.submit(record_event, self._desk.api, raw, reason, message, now=self._desk.now())

    def give_back(self, raw: Object) -> None:
        """Take a record that never patched anything out of the budget; where that fails, it stays in."""
        if raw["status"].get("patchedAt"):
            return
        try:
            self._desk.judging.refund(raw["metadata"]["name"])
        except ClusterError as e:
            log.warning("cannot give the budget back: %s", e, extra=naming(raw))
