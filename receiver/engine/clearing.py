"""Resolved alerts: they end a verification, and never make a record."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from receiver.cluster.api import Object
from receiver.engine.desk import Desk
from receiver.engine.executor import Executor
from receiver.policy.alerts import Alert
from receiver.policy.joining import resolve, with_first_alert


class Clearing:
    """Enters in the records in work that alerts have resolved, and has the executor look at once."""

    def __init__(self, desk: Desk, executor: Executor) -> None:
        self._desk = desk
        self._executor = executor

    def clear(self, alerts: Iterable[Alert]) -> dict[str, tuple[str, ...]]:
        """Resolve alerts in every record in work; return the fingerprints that were known there, by record.

        Raises:
            ClusterError: it is not stored.
        """
        fingerprints = {alert.fingerprint for alert in alerts}
        if not fingerprints:
            return {}
        found = {
            raw["metadata"]["name"]: (raw, _known(raw) & fingerprints) for raw in self._desk.records.in_work()
        }
        hit = {name: (raw, known) for name, (raw, known) in found.items() if known}
        for name, (raw, known) in hit.items():
            self._desk.records.update_status(raw, partial(_resolved, raw["spec"], known, self._desk.now()))
            self._executor.hurry(name)
        return {name: tuple(sorted(known)) for name, (_, known) in hit.items()}


def _resolved(spec: Object, fingerprints: set[str], now: datetime, status: Object) -> Object | None:
    return resolve(with_first_alert(spec, status), fingerprints, at=now)


def _known(raw: Object) -> set[str]:
    """Return the fingerprints of a record's alerts; the first one's stands in the spec."""
    listed = (raw.get("status") or {}).get("alerts") or []
    return {entry["fingerprint"] for entry in listed} | {raw["spec"]["alert"]["fingerprint"]}
