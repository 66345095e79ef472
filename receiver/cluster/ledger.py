"""The ledger's home: one ConfigMap in the receiver's namespace, changed by compare-and-swap only."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from receiver.cluster.api import Api, Object, path
from receiver.cluster.errors import Conflict, NotFound, Unavailable
from receiver.policy.ledger import Ledger, Pause, Spending
from receiver.policy.times import format_precise, parse_time
from receiver.policy.workload import Unreadable, WorkloadRef

NAME = "rollback-receiver"
TRIES = 30


@dataclass(frozen=True, slots=True)
class Sight:
    """The ledger as it was seen, and the ConfigMap that it came from (None: there was none).

    One that is not `fresh` may have changed since: it serves to begin with, never to end with.
    """

    ledger: Ledger | Unreadable
    raw: Object | None
    fresh: bool = True


class LedgerStore:
    """Reads and swaps the ledger. One that does not exist is empty, and made by the first change."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._folder = path("api", "v1", "namespaces", namespace, "configmaps")
        self._namespace = namespace
        self._last: Sight | None = None

    def read(self) -> Sight:
        """Read the ledger.

        Raises:
            ClusterError: the API server does not answer, or refuses.
        """
        try:
            raw = self._api.call("GET", f"{self._folder}/{NAME}")
        except NotFound:
            seen = Sight(Ledger(), None)
        else:
            seen = Sight(self._parse(raw), raw)
        self._last = replace(seen, fresh=False)
        return seen

    def last(self) -> Sight:
        """Return the ledger as it was last seen, without a call unless it never was.

        Raises:
            ClusterError: as `read`.
        """
        return self._last or self.read()

    def _parse(self, raw: Object) -> Ledger | Unreadable:
        try:
            return parse_ledger(raw.get("data") or {})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
            where = f"the ConfigMap {self._namespace}/{NAME}"
            return Unreadable(where, f"{type(e).__name__}: {e}; mend or delete it")

    def swap(self, seen: Sight, change: Callable[[Ledger], Ledger]) -> Ledger | Unreadable:
        """Change the ledger, from what was `seen`, or where somebody was faster from what stands there.

        `change` may be called several times, the last time with the ledger as it stands. Returns what holds
        now, unchanged if `change` returned its argument.

        Raises:
            Unavailable: no answer, or too many others at it.
            ClusterError: the API server refuses.
        """
        for _ in range(TRIES):
            ledger = seen.ledger
            unchanged = isinstance(ledger, Unreadable) or (wanted := change(ledger)) == ledger
            if unchanged and seen.fresh:
                return ledger
            if unchanged or not self._store(wanted, seen.raw):
                seen = self.read()
            else:
                return wanted
        raise Unavailable(f"too many changes at once of the ConfigMap {self._namespace}/{NAME}")

    def _store(self, ledger: Ledger, raw: Object | None) -> bool:
        """Write the ledger; return False where somebody else was faster."""
        metadata = {"name": NAME, "namespace": self._namespace}
        new = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        method, place = ("POST", self._folder) if raw is None else ("PUT", f"{self._folder}/{NAME}")
        try:
            stored = self._api.call(method, place, body={**(raw or new), "data": dump_ledger(ledger)})
        except Conflict:
            return False
        except NotFound:
            # The ConfigMap was deleted since; but where it could not be made, its namespace is missing.
            if raw is None:
                raise
            return False
        self._last = Sight(ledger, stored, fresh=False)
        return True


def dump_ledger(ledger: Ledger) -> dict[str, str]:
    """Write the ledger as a ConfigMap's data: JSON, a rollback a line."""
    lines = [
        json.dumps({"record": s.record, "target": s.target.path, "rule": s.rule, "at": format_precise(s.at)})
        for s in ledger.spendings
    ]
    data = {"rollbacks": "\n".join(lines)}
    if ledger.pause:
        pause = {"at": format_precise(ledger.pause.at), "by": ledger.pause.by, "reason": ledger.pause.reason}
        data["paused"] = json.dumps(pause)
    return data


def parse_ledger(data: Mapping[str, str]) -> Ledger:
    """Read the data back.

    Raises:
        ValueError, KeyError, TypeError, AttributeError, RecursionError: somebody broke it.
    """
    spendings = tuple(_spending(json.loads(line)) for line in data.get("rollbacks", "").splitlines())
    return Ledger(spendings, _pause(json.loads(data["paused"])) if data.get("paused") else None)


def _spending(value: Mapping[str, Any]) -> Spending:
    kind, namespace, name = value["target"].split("/")
    at = parse_time(value["at"])
    if at is None:
        raise ValueError("a rollback without a time")
    return Spending(value["record"], WorkloadRef(kind, namespace, name), value["rule"], at)


def _pause(value: Mapping[str, Any]) -> Pause:
    at = parse_time(value["at"])
    if at is None:
        raise ValueError("a pause without a time")
    return Pause(at, str(value["by"]), str(value["reason"]))
