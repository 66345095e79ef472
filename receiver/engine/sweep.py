"""The sweep: finds records that nobody living works on, and takes them over."""

import logging
from collections.abc import Sequence
from datetime import datetime

from receiver import metrics
from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError
from receiver.engine import status
from receiver.engine.desk import Desk
from receiver.engine.executor import Executor
from receiver.engine.expiry import Expiry
from receiver.engine.rounds import Rounds
from receiver.engine.task import task_of
from receiver.policy.joining import with_first_alert
from receiver.policy.record import Phase, naming, phase_of
from receiver.policy.times import parse_time

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0


class Sweep(Rounds):
    """Looks at the records in work at once, and then every 5 s; once stopped it takes nothing over."""

    def __init__(self, desk: Desk, executor: Executor, expiry: Expiry) -> None:
        super().__init__(
            "sweep", "looking for records left behind", every_seconds=EVERY_SECONDS, at_once=True
        )
        self._desk = desk
        self._executor = executor
        self._expiry = expiry

    def _round(self) -> None:
        try:
            self.sweep()
        except ClusterError as e:
            log.warning("cannot look for records left behind: %s", e)

    def sweep(self) -> None:
        """Take over what nobody works on, and end what nobody has approved in time.

        Raises:
            ClusterError: the records cannot be listed.
        """
        found = self._desk.records.in_work()
        _publish(found)
        for raw in found:
            if self._stopped.is_set():
                return
            if phase_of(raw) is Phase.AWAITING_APPROVAL:
                self._expiry.end(raw)
            elif self._left_behind(raw):
                self._take(raw)

    def _left_behind(self, raw: Object) -> bool:
        name = raw["metadata"]["name"]
        if self._executor.works_on(name) or not raw["spec"]["target"].get("name"):
            return False
        return self._desk.instance.may_take(raw, now=self._desk.now())

    def _take(self, raw: Object) -> None:
        """Claim a record by compare-and-swap, and begin to work on it."""
        instance, now = self._desk.instance, self._desk.now()

        def change(old: status.Status) -> status.Status | None:
            free = instance.may_take({**raw, "status": old}, now=now)
            return status.held(with_first_alert(raw["spec"], old), instance, now=now) if free else None

        try:
            taken = self._desk.records.update_status(raw, change)
        except ClusterError as e:
            log.warning("cannot take over: %s", e, extra=naming(raw))
            return
        if instance.holds(taken["status"]):
            log.info("taken over", extra=naming(taken))
            self._executor.begin(task_of(taken))


def _publish(found: Sequence[Object]) -> None:
    """Say in metrics how much there is to do, and since when."""
    working = [raw for raw in found if phase_of(raw) is not Phase.AWAITING_APPROVAL]
    metrics.RECORDS_NOT_FINAL.set(len(working))
    metrics.RECORDS_AWAITING_APPROVAL.set(len(found) - len(working))
    since = [at for raw in working if (at := _worked_on_since(raw)) is not None]
    metrics.RECORDS_NOT_FINAL_OLDEST.set(min(since).timestamp() if since else 0)


def _worked_on_since(raw: Object) -> datetime | None:
    """Return when the alert came, or somebody approved it; the record may be much older."""
    known = raw.get("status") or {}
    times = [parse_time(known.get("startedAt")), parse_time(known.get("approvedAt"))]
    created = parse_time(raw["metadata"]["creationTimestamp"])
    return max((at for at in times if at is not None), default=created)
