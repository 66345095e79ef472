"""Frees a StatefulSet whose rollback waits for a pod of the bad revision (kubernetes#67250)."""

import logging

from receiver.cluster.errors import ClusterError, Unavailable
from receiver.cluster.events import EventReason
from receiver.cluster.statefulsets import free_stuck_pods
from receiver.engine.desk import Desk
from receiver.engine.endings import Endings
from receiver.engine.task import Object, Task
from receiver.policy.vocabulary import Kind

log = logging.getLogger(__name__)


class Freeing:
    """Deletes the pods that keep a StatefulSet from going back, and says so on the record."""

    def __init__(self, desk: Desk, endings: Endings) -> None:
        self._desk = desk
        self._endings = endings

    def free(self, task: Task, workload: Object) -> None:
        """Delete the suspect's pods that are not ready. Where that may not be done, the record says it.

        Of a suspect without a hash, which the controller had not made yet, no pod can be known.

        Raises:
            Unavailable: it may work in a moment.
        """
        suspect = (task.raw()["spec"].get("suspect") or {}).get("templateHash")
        if workload["kind"] != Kind.STATEFUL_SET or suspect is None:
            return
        try:
            for pod in free_stuck_pods(self._desk.api, workload, suspect):
                self._freed(task, f"{task.target.namespace}/{pod}")
        except Unavailable:
            raise
        except ClusterError as e:
            self._note(task, f"pods of the bad revision may have to be deleted by hand: {e}")

    def _freed(self, task: Task, pod: str) -> None:
        said = f"deleted Pod {pod}, which was not ready and held the rollback up"
        if self._note(task, said):
            said = f"{said[0].upper()}{said[1:]} (record {task.record})"
            self._endings.announce(task, EventReason.POD_DELETED, said)

    def _note(self, task: Task, said: str) -> bool:
        """Add to the record's message and to the log what was done; return False where it stands there."""
        if said in task.raw()["status"].get("message", ""):
            return False
        log.warning("%s", said, extra=task.naming)
        raw = self._desk.records.update_status(
            task.raw(), lambda old: {**old, "message": f"{old.get('message', '')}; {said}"}
        )
        task.store(raw)
        return True
