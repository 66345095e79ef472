"""Who works on a record: this receiver, and this run of it."""

import secrets
import socket
from collections.abc import Mapping
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

    def holds(self, status: Mapping[str, Any]) -> bool:
        """Tell whether it is this receiver that works on the record of this status."""
        return bool(status.get("holder") == str(self))

    def may_take(self, raw: dict[str, Any], *, now: datetime) -> bool:
        """Tell whether nobody living works on a record. A holder that was taken out has handed it over."""
        status, holder = raw.get("status") or {}, _holder(raw)
        if holder == "" and status.get("phase"):
            return True
        return self._is_dead(holder, status.get("renewTime") or raw["metadata"]["creationTimestamp"], now)

    def leaves(self, raw: dict[str, Any], *, now: datetime) -> bool:
        """Tell whether another receiver, which lives, has claimed a record and has not decided yet."""
        decided = (raw.get("status") or {}).get("phase")
        return not decided and _holder(raw) != str(self) and not self.may_take(raw, now=now)

    def may_claim(self, claim: Mapping[str, Any], *, now: datetime) -> bool:
        """Tell whether nobody else living sees to a part of a record; a claim of one's own is kept."""
        holder = claim.get("holder", "")
        return holder in {"", str(self)} or self._is_dead(holder, claim.get("renewTime"), now)

    def _is_dead(self, holder: str, renewed: str | None, now: datetime) -> bool:
        """Tell whether a holder lives no more.

        An earlier run at our own address is dead, because we hold the address now. Anybody else is dead when
        it has not renewed for 30 s.
        """
        if holder.rpartition("/")[0] == self.address and holder != str(self):
            return True
        seen = parse_time(renewed)
        return seen is None or now - seen > STALE_AFTER


def _holder(raw: dict[str, Any]) -> str:
    """Return who works on a record, empty where nobody does."""
    status, annotations = raw.get("status") or {}, raw["metadata"].get("annotations") or {}
    return str(status.get("holder", annotations.get(CLAIMED_BY, "")))
