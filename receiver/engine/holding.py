"""Writes of whoever works on a record: left undone where it is somebody else's by now."""

import logging
from collections.abc import Callable

from receiver.engine.desk import Desk
from receiver.engine.status import Status
from receiver.engine.task import Object, Task
from receiver.policy.record import IN_WORK, phase_of

log = logging.getLogger(__name__)


def store_held(desk: Desk, task: Task, change: Callable[[Status], Status]) -> Object | None:
    """Change the status of a record in work and return the record; None where it is not ours any more.

    A receiver that stood still for longer than its hold lasts finds that another has taken the record over,
    or has ended it.

    Raises:
        ClusterError: it could not be stored.
    """
    ours = True

    def change_ours(old: Status) -> Status | None:
        nonlocal ours
        ours = _is_ours(desk, old)
        return change(old) if ours else None

    raw = desk.records.update_status(task.raw(), change_ours)
    task.store(raw)
    if ours:
        return raw
    log.warning("left to %s", raw["status"].get("holder") or "whoever has ended it", extra=task.naming)
    return None


def _is_ours(desk: Desk, status: Status) -> bool:
    phase = phase_of({"status": status})
    free = status.get("holder", "") == ""
    return (free or desk.instance.holds(status)) and (phase is None or phase in IN_WORK)
