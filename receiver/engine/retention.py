"""Deletes the records that have outlived their use, a few in each pass, and only in the state that was seen.

Several receivers may do so at once: who comes second finds it gone. Nothing waits for this, and where it is
not allowed the records merely stay.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from receiver import metrics
from receiver.cluster.errors import Conflict, Forbidden, NotFound
from receiver.cluster.records import Records
from receiver.policy.retention import Limits, Reason, Stored, outlived
from receiver.policy.times import format_time

log = logging.getLogger(__name__)
DELETIONS = 100
"""So many are tried in one pass, a minute: the API server has better things to do."""
WHY = {
    Reason.AGE: "deleted: last touched at {at}, longer ago than keep_records_for",
    Reason.COUNT: "deleted: last touched at {at}, and there are more records than keep_records",
}


class Retention:
    """Deletes what is beyond the limits. Only the background pass's thread calls it."""

    def __init__(self, records: Records, limits: Limits) -> None:
        self._records = records
        self._limits = limits
        self._told = False

    def tidy(self, stored: Iterable[Stored], *, now: datetime, stopped: Callable[[], bool]) -> None:
        """Delete what has outlived its use, until `stopped`; one that changed since it was read stays.

        Raises:
            ClusterError: one could not be deleted, for another reason than a right that is missing.
        """
        for one, reason in outlived(stored, self._limits, now=now)[:DELETIONS]:
            if stopped():
                return
            try:
                self._records.delete(one, WHY[reason].format(at=format_time(one.touched_at)))
            except (NotFound, Conflict):
                continue
            except Forbidden as e:
                self._tell(e)
                return
            self._told = False
            metrics.RECORDS_DELETED.labels(reason=reason.value).inc()

    def _tell(self, error: Forbidden) -> None:
        """Warn once, until it was allowed again: there is a pass each minute."""
        if not self._told:
            log.warning("old records stay, the right to delete them is missing: %s", error)
        self._told = True
