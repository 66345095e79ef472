"""What is due for a record, by its phase."""

from receiver.cluster.errors import NotFound
from receiver.engine.acting import Acting
from receiver.engine.task import Task
from receiver.engine.watching import Watching
from receiver.policy.record import Phase


class Steps:
    """One step of a record: act while it is Pending, then watch, then verify."""

    def __init__(self, acting: Acting, watching: Watching) -> None:
        self._acting = acting
        self._watching = watching

    def __call__(self, task: Task) -> float | None:
        """Do what is due; return after how many seconds to come back, None when the record has ended.

        Raises:
            ClusterError: the API server does not let it; Unavailable: for now.
        """
        try:
            return self._step(task)
        except NotFound:
            return None

    def _step(self, task: Task) -> float | None:
        if task.ready is not None:
            return self._acting.act(task)
        phase = (task.raw().get("status") or {}).get("phase")
        if phase == Phase.ROLLING_BACK:
            return self._watching.watch(task)
        if phase == Phase.VERIFYING:
            return self._watching.verify(task)
        return self._acting.act(task) if phase in {None, Phase.PENDING} else None
