"""One record in work: what a step of the executor needs to know of it."""

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from receiver.policy.decision import Decision
from receiver.policy.plan import Plan
from receiver.policy.record import naming
from receiver.policy.troubles import ActiveSince
from receiver.policy.workload import WorkloadRef

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ready:
    """A patch that was judged, tried out and paid for a moment ago, and may be made at once."""

    decision: Decision
    plan: Plan
    patched_at: datetime


@dataclass(slots=True)
class Task:
    """A record that this receiver works on. Only one thread at a time touches it.

    `stored` brings the record as it was last stored; it is waited for only after the patch, so that the patch
    need not wait for the write of the phase. `received_at` is when the alert came, None for a record that was
    taken over. `ready` is what was decided a moment ago, tried out or not; None once that moment has passed:
    then everything is judged again. `active_since` is what Prometheus once said: it is not
    waited for twice.
    """

    record: str
    target: WorkloadRef
    rule: str
    stored: Future[Object]
    received_at: datetime | None = None
    ready: Ready | Decision | None = None
    active_since: ActiveSince = None
    answered: threading.Event = field(default_factory=threading.Event)
    """Set once the API server has answered the patch, whatever it said."""

    @property
    def naming(self) -> dict[str, str]:
        """Return what every log line about the record carries."""
        return {"record": self.record, "target": self.target.path, "rule": self.rule}

    def raw(self) -> Object:
        """Return the record as last stored; waits for the first write of its status.

        Raises:
            ClusterError: it could not be stored.
        """
        return self.stored.result(timeout=30)

    def store(self, raw: Object) -> None:
        """Keep the record as it is now."""
        if self.stored.done():
            self.stored = Future()
        self.stored.set_result(raw)


def task_of(raw: Object) -> Task:
    """Make the task of a record that was read."""
    target = raw["spec"]["target"]
    task = Task(
        record=raw["metadata"]["name"],
        target=WorkloadRef(target["kind"], target["namespace"], target["name"]),
        rule=naming(raw)["rule"],
        stored=Future(),
    )
    task.store(raw)
    return task
