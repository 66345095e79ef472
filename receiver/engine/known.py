"""A bounded memory of which record an alert belongs to, so that a repeat costs one read and not a judgement.

It is a short cut only: the record is read each time, and what it says counts.
"""

import threading
from collections import OrderedDict
from datetime import datetime

from receiver.policy.alerts import Alert

LIMIT = 50_000


class Known:
    """Alert (fingerprint and startsAt) to the name of its record."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._records: OrderedDict[tuple[str, datetime], str] = OrderedDict()
        self._lock = threading.Lock()

    def record_of(self, alert: Alert) -> str | None:
        """Return the record's name, None where this process does not know the alert."""
        with self._lock:
            return self._records.get(alert.key)

    def remember(self, alert: Alert, record: str) -> None:
        """Note the record of an alert; the oldest note goes when there are too many."""
        with self._lock:
            self._records[alert.key] = record
            if len(self._records) > self._limit:
                self._records.popitem(last=False)
