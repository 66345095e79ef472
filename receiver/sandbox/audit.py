"""Who asked what, when, and what the answer was; the last requests, not all."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import overload

KEPT = 20_000


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One answered request; a watch's is written when it ends. What does not apply is an empty string."""

    verb: str
    user: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    uri: str
    dry_run: bool
    user_agent: str
    received_at: datetime
    completed_at: datetime


class Audit(Sequence[AuditEntry]):
    """The entries, oldest first. An entry is there before its answer is sent."""

    def __init__(self, kept: int = KEPT) -> None:
        self._lock = threading.Lock()
        self._entries: deque[AuditEntry] = deque(maxlen=kept)

    def append(self, entry: AuditEntry) -> None:
        """Add an entry; the oldest falls out where there are too many."""
        with self._lock:
            self._entries.append(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[AuditEntry]:
        return iter(self[:])

    @overload
    def __getitem__(self, index: int) -> AuditEntry: ...
    @overload
    def __getitem__(self, index: slice) -> list[AuditEntry]: ...
    def __getitem__(self, index: int | slice) -> AuditEntry | list[AuditEntry]:
        with self._lock:
            return list(self._entries)[index]

    def requests(self, *, since: datetime | None = None, **wanted: str) -> list[AuditEntry]:
        """Return the entries whose fields have the given values, received at or after `since`."""
        return [
            entry
            for entry in self[:]
            if all(getattr(entry, field) == value for field, value in wanted.items())
            and (since is None or entry.received_at >= since)
        ]
