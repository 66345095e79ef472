"""What takes a record from its claim to its end, put together once: for the receiver and for a command."""

from collections.abc import Callable
from concurrent.futures import Executor as Pool

from receiver.cluster.api import Object
from receiver.cluster.rollout import Progress
from receiver.engine import status
from receiver.engine.acting import Acting
from receiver.engine.claims import Claims
from receiver.engine.desk import Desk
from receiver.engine.endings import Endings
from receiver.engine.entries import Entries
from receiver.engine.executor import Executor, Step
from receiver.engine.rejudging import Rejudging
from receiver.engine.steps import Steps
from receiver.engine.tally import Tally
from receiver.engine.watching import Watching, unheard


class Works:
    """The parts that work on records, all at one desk; none of them runs yet.

    `pool` runs single calls. `on_progress` hears of every look at a rollout. `step` is what the executor
    does for a record where that is more than `steps`, None where it is not.
    """

    def __init__(
        self,
        desk: Desk,
        pool: Pool,
        *,
        on_progress: Callable[[Progress], None] = unheard,
        step: Step | None = None,
    ) -> None:
        self._desk = desk
        self.endings = Endings(desk, pool)
        acting = Acting(desk, self.endings, Rejudging(desk, self.endings))
        self.steps = Steps(acting, Watching(desk, self.endings, on_progress=on_progress))
        self.executor = Executor(step or self.steps)
        self.tally = Tally(desk)
        self.entries = Entries(desk, self.endings, self.tally)
        self.claims = Claims(desk, self.endings, self.entries, executor=self.executor, pool=pool)

    def hand_over(self, record: str) -> Object:
        """Leave a record that this process works on to any receiver, at once; return it as it stands then.

        Raises:
            ClusterError: it could not be read or stored: others wait until its hold is stale.
        """
        instance, records = self._desk.instance, self._desk.records
        return records.update_status(
            records.get(record), lambda old: status.handed_over(old) if instance.holds(old) else None
        )
