"""Who works on a record: this receiver, and this run of it."""

import secrets
import socket
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from receiver.policy.record import CLAIMED_BY
from receiver.policy.times import parse_time

STALE_AFTER = timedelta(seconds=30)
RENEW_EVERY = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Instance:
    """A receiver is its host and port, which no two can hold at once; `run` tells one start from the next."""

    address: str
    run: str = field(default_factory=lambda: secrets.token_hex(4))

    @classmethod
    def here(cls, port: int) -> "Instance":
        """Name the receiver of this host that holds `port`."""
        return cls(f"{socket.gethostname()}:{port}")

    def __str__(self) -> str:
        return f"{self.address}/{self.run}"

    def may_take(self, raw: dict[str, Any], *, now: datetime) -> bool:
        """Tell whether nobody living works on a record.

        An earlier run at our own address is dead, because we hold the address now. Anybody else is dead when
        it has not renewed for 30 s. A holder that was taken out has handed the record over.
        """
        status, metadata = raw.get("status") or {}, raw["metadata"]
        holder = status.get("holder", (metadata.get("annotations") or {}).get(CLAIMED_BY, ""))
        if holder == "" and status.get("phase"):
            return True
        if holder.rpartition("/")[0] == self.address and holder != str(self):
            return True
        seen = parse_time(status.get("renewTime") or metadata["creationTimestamp"])
        return seen is None or now - seen > STALE_AFTER
