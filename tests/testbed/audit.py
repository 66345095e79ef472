"""Reads the API server's audit log: who asked what, when, and what the answer was.

An entry is written when its request is answered, a watch when it ends. The log is read as it grows: a line
that is only half written is left for the next time.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.testbed.processes import wait_until


@dataclass(frozen=True)
class AuditEntry:
    """One answered request. What does not apply is an empty string, or 0 where the server gave no code."""

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


class Audit(ABC):
    """What was asked, whoever keeps it."""

    @abstractmethod
    def entries(self) -> list[AuditEntry]:
        """Return all entries, in the order of the log."""

    def requests(
        self,
        *,
        user: str | None = None,
        verb: str | None = None,
        resource: str | None = None,
        namespace: str | None = None,
        name: str | None = None,
        since: datetime | None = None,
    ) -> list[AuditEntry]:
        """Return the entries that agree with every given value, in the order of the log.

        `since` is compared with the time at which the server received the request.
        """
        wanted = {"user": user, "verb": verb, "resource": resource, "namespace": namespace, "name": name}
        given = {field: value for field, value in wanted.items() if value is not None}
        return [
            entry
            for entry in self.entries()
            if all(getattr(entry, field) == value for field, value in given.items())
            and (since is None or entry.received_at >= since)
        ]

    def wait_for(self, count: int = 1, *, seconds: float = 5, **wanted: Any) -> list[AuditEntry]:
        """Return `requests(**wanted)` once there are at least `count`: an entry may come after its answer.

        Raises:
            TimeoutError: there are fewer after `seconds`.
        """

        def enough() -> list[AuditEntry] | None:
            found = self.requests(**wanted)
            return found if len(found) >= count else None

        found = wait_until(f"{count} audit entries {wanted}", enough, seconds=seconds, pause_seconds=0.02)
        return found or []


class AuditLog(Audit):
    """The log at `path`, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries: list[AuditEntry] = []
        self._offset = 0

    def entries(self) -> list[AuditEntry]:
        """Take in the lines that have been completed since the last time, and return all entries."""
        if self.path.exists():
            with self.path.open("rb") as log:
                log.seek(self._offset)
                complete, newline, _ = log.read().rpartition(b"\n")
            self._offset += len(complete) + len(newline)
            self._entries += [entry_of(json.loads(line)) for line in complete.splitlines()]
        return self._entries


def entry_of(event: Mapping[str, Any]) -> AuditEntry:
    """Return the entry for one event of the log."""
    target = event.get("objectRef", {})
    return AuditEntry(
        verb=event["verb"],
        user=event["user"].get("username", ""),
        resource=target.get("resource", ""),
        subresource=target.get("subresource", ""),
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=event.get("responseStatus", {}).get("code", 0),
        uri=event["requestURI"],
        dry_run="dryRun" in parse_qs(urlsplit(event["requestURI"]).query),
        user_agent=event.get("userAgent", ""),
        received_at=datetime.fromisoformat(event["requestReceivedTimestamp"]),
        completed_at=datetime.fromisoformat(event["stageTimestamp"]),
    )
