"""Ends records that nobody has approved in time."""

import logging

from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError
from receiver.engine import status
from receiver.engine.desk import Desk
from receiver.engine.endings import Endings
from receiver.policy.record import Phase, naming, record_target
from receiver.policy.times import format_time, parse_time
from receiver.policy.words import overdue

log = logging.getLogger(__name__)


class Expiry:
    """Takes a record from AwaitingApproval to Expired, against whoever approves it at that moment."""

    def __init__(self, desk: Desk, endings: Endings) -> None:
        self._desk = desk
        self._endings = endings

    def end(self, raw: Object) -> None:
        """End a record whose time is over; one that cannot be changed now is left to a later call."""
        mine = False

        def change(old: status.Status) -> status.Status | None:
            nonlocal mine
            now = self._desk.now()
            mine = overdue(old, now=now)
            return status.ended(old, Phase.EXPIRED, _sentence(raw, old), now=now) if mine else None

        try:
            ended = self._desk.records.update_status(raw, change)
        except ClusterError as e:
            log.warning("cannot end what has expired: %s", e, extra=naming(raw))
            return
        if mine:
            self._endings.tell(ended, Phase.EXPIRED, ended["status"]["message"])


def _sentence(raw: Object, old: status.Status) -> str:
    expires_at = parse_time(old["expiresAt"])
    until = "" if expires_at is None else f" by {format_time(expires_at)}"
    return f"Nobody approved the rollback of {record_target(raw)}{until}: nothing was done"
