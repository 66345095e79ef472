"""The act: from a claimed record to the patched workload, once.

The first try uses what was judged and paid for a moment ago; every later one judges everything again.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from receiver import metrics
from receiver.cluster import patch
from receiver.cluster.errors import ClusterError, Conflict, Invalid, NotFound, Unavailable
from receiver.cluster.events import EventReason
from receiver.engine import status
from receiver.engine.asking import ask_server
from receiver.engine.desk import Desk
from receiver.engine.endings import Endings
from receiver.engine.rejudging import Rejudging
from receiver.engine.task import Ready, Task
from receiver.policy.decision import Decision
from receiver.policy.document import decision_diff, decision_document
from receiver.policy.plan import make_plan
from receiver.policy.preflight import Reason, with_preflight
from receiver.policy.record import PastRollback, Phase

log = logging.getLogger(__name__)
TRIES = 8
SOON = 0.5


class Acting:
    """Patches the workload of a Pending record, or says why not."""

    def __init__(self, desk: Desk, endings: Endings, rejudging: Rejudging) -> None:
        self._desk = desk
        self._endings = endings
        self._rejudging = rejudging

    def act(self, task: Task) -> float | None:
        """Patch, or end the record; return when to come back to watch the rollout.

        Raises:
            Unavailable: it is not known how far it came; a later call finds out.
        """
        for _ in range(TRIES):
            ready, task.ready = task.ready or self._judge_again(task), None
            if ready is None:
                return self._next(task)
            if isinstance(ready, Decision):
                ready = self._try_out(task, ready)
            if ready is not None and self._patch(task, ready):
                return SOON
        raise Unavailable(f"{task.target} changes faster than it can be judged")

    def _next(self, task: Task) -> float | None:
        """Tell whether a judgement that led to no patch here has left anything to do."""
        return SOON if (task.raw().get("status") or {}).get("phase") == Phase.ROLLING_BACK else None

    def _judge_again(self, task: Task) -> Decision | None:
        """Return what may be patched now; None where the record has ended, or the patch is made already."""
        outcome = self._rejudging.judge(task)
        if isinstance(outcome, PastRollback):
            self._adopt(task, outcome)
            return None
        return outcome

    def _try_out(self, task: Task, decision: Decision) -> Ready | None:
        """Have the server try the patch; None where the workload has changed, or the record has ended."""
        if decision.chosen is None:
            return None
        now, rule = self._desk.now(), decision.leading.rule
        workload = decision.snapshot.workload
        plan = make_plan(workload, decision.chosen, record=task.record, rule=rule, now=now)
        verdict = ask_server(self._desk.api, plan)
        if verdict.reason is Reason.CHANGED:
            return None
        decision = with_preflight(decision, verdict)
        if verdict.blocks:
            self._endings.decide(task, decision)
            return None
        return Ready(decision, plan, now)

    def _patch(self, task: Task, ready: Ready) -> bool:
        """Make the patch; False where the workload has changed since, or nothing can be done."""
        try:
            self._apply(task, ready)
        except Invalid as e:
            if not patch.generation_moved(e):
                self._endings.end(task, Phase.FAILED, f"The API server refused the patch: {e}")
            return False
        except Unavailable:
            raise
        except (NotFound, Conflict):
            return False
        except ClusterError as e:
            self._endings.end(task, Phase.FAILED, f"The patch could not be made: {e}")
            return False
        if task.received_at:
            metrics.RECEIPT_TO_PATCH.observe((self._desk.now() - task.received_at).total_seconds())
        self._enter_patch(task, ready.decision, ready.patched_at)
        return True

    def _apply(self, task: Task, ready: Ready) -> None:
        try:
            patch.apply(self._desk.api, ready.plan)
        finally:
            task.answered.set()

    def _enter_patch(self, task: Task, decision: Decision, at: datetime) -> None:
        workload, rule = decision.snapshot.workload, decision.leading.rule.name
        to = "" if decision.chosen is None else f" to {decision.chosen.label}"
        message = f"Rolled {workload.ref} back from {workload.live.label}{to}; the rollout is under way"
        if self._store_patch(
            task, lambda old: status.patched(_decided(old, decision, task), at=at, message=message)
        ):
            said = f"{message} (alert rule {rule}, record {task.record})"
            self._endings.announce(task, EventReason.STARTED, said)

    def _adopt(self, task: Task, done: PastRollback) -> None:
        """Go on with a patch that was made before somebody could say so."""
        at = done.patched_at or self._desk.now()
        number = "" if done.to_number is None else f" to revision {done.to_number}"
        message = f"Rolled {task.target} back{number}; the rollout is under way"
        self._store_patch(task, lambda old: status.patched(status.adopted(old, done), at=at, message=message))
        log.info("the patch was found to be made", extra=task.naming)

    def _store_patch(self, task: Task, change: Callable[[status.Status], status.Status]) -> bool:
        """Enter the patch and go on with the record; False where another has found it made, and does."""
        now, instance = self._desk.now(), self._desk.instance
        raw = self._desk.records.update_status(
            task.raw(),
            lambda old: None if old.get("patchedAt") else status.held(change(old), instance, now=now),
        )
        task.store(raw)
        return instance.holds(raw["status"])


def _decided(old: status.Status, decision: Decision, task: Task) -> status.Status:
    """Enter the decision with the server's verdict; all of it where the first write of it was lost."""
    before = old.get("decision") or {}
    document = decision_document(decision, before.get("diff") or decision_diff(decision))
    if before:
        return {**old, "decision": document}
    return status.decided(old, decision, document=document, received_at=task.received_at or decision.at)
