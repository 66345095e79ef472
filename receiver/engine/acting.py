"""The act: from a claimed record to the patched workload, once.

The first try uses what was judged and paid for a moment ago. Every later one, after a change, a crash or a
lost answer, reads the workload first: our annotation on it says that the patch is done, another template that
the record is superseded; else everything is judged again.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from receiver import metrics
from receiver.alertmanager import AlertmanagerError
from receiver.cluster import patch
from receiver.cluster.errors import ClusterError, Invalid, NotFound, Unavailable
from receiver.cluster.events import EventReason
from receiver.cluster.snapshots import Sighting
from receiver.engine import status
from receiver.engine.desk import Desk
from receiver.engine.endings import Endings
from receiver.engine.instance import STALE_AFTER
from receiver.engine.judging import Case, ask_server
from receiver.engine.task import Ready, Task
from receiver.policy.context import StillFiring
from receiver.policy.decision import Decision, Match
from receiver.policy.document import decision_diff, decision_document
from receiver.policy.joining import all_cleared, joined
from receiver.policy.plan import make_plan
from receiver.policy.preflight import Reason, with_preflight
from receiver.policy.record import PastRollback, Phase
from receiver.policy.targets import TargetFault, TargetReason
from receiver.policy.workload import Unreadable

log = logging.getLogger(__name__)
TRIES = 8
SOON = 0.5
LATE = STALE_AFTER


class Acting:
    """Patches the workload of a Pending record, or says why not."""

    def __init__(self, desk: Desk, endings: Endings) -> None:
        self._desk = desk
        self._endings = endings

    def act(self, task: Task) -> float | None:
        """Patch, or end the record; return when to come back to watch the rollout.

        Raises:
            Unavailable: it is not known how far it came; a later call finds out.
        """
        for _ in range(TRIES):
            ready, task.ready = task.ready or self._judge_again(task), None
            if ready is None:
                return self._next(task)
            if self._patch(task, ready):
                return SOON
        raise Unavailable(f"{task.target} changes faster than it can be judged")

    def _next(self, task: Task) -> float | None:
        """Tell whether a judgement that led to no patch here has left anything to do."""
        return SOON if (task.raw().get("status") or {}).get("phase") == Phase.ROLLING_BACK else None

    def _patch(self, task: Task, ready: Ready) -> bool:
        """Make the patch; False where the workload has changed since, or nothing can be done."""
        try:
            patch.apply(self._desk.api, ready.plan)
        except Invalid as e:
            if not patch.generation_moved(e):
                self._endings.end(task, Phase.FAILED, f"The API server refused the patch: {e}")
            return False
        except Unavailable:
            raise
        except NotFound:
            return False
        except ClusterError as e:
            self._endings.end(task, Phase.FAILED, f"The patch could not be made: {e}")
            return False
        if task.received_at:
            metrics.RECEIPT_TO_PATCH.observe((self._desk.now() - task.received_at).total_seconds())
        self._enter_patch(task, ready.decision, ready.patched_at)
        return True

    def _enter_patch(self, task: Task, decision: Decision, at: datetime) -> None:
        ref, chosen = decision.snapshot.workload.ref, decision.chosen
        to = "" if chosen is None else f" to {chosen.label}"
        rule = decision.leading.rule.name
        message = (
            f"Rolled {ref} back from {decision.snapshot.workload.live.label}{to}; the rollout is under way"
        )
        self._store_patch(
            task, lambda old: status.patched(_decided(old, decision, task), at=at, message=message)
        )
        log.info("patched", extra={"record": task.record, "target": ref.path, "rule": rule})
        self._endings.announce(
            task, EventReason.STARTED, f"{message} (alert rule {rule}, record {task.record})"
        )

    def _store_patch(self, task: Task, change: Callable[[status.Status], status.Status]) -> None:
        now, instance = self._desk.now(), self._desk.instance
        raw = self._desk.records.update_status(
            task.raw(), lambda old: status.held(change(old), instance, now=now)
        )
        task.store(raw)
        metrics.count_phase(Phase.ROLLING_BACK, raw)

    def _judge_again(self, task: Task) -> Ready | None:
        """Read everything anew; None where the record has ended, or the patch turns out to be done."""
        raw = task.raw()
        if (raw.get("status") or {}).get("phase") not in {None, Phase.PENDING}:
            return None
        found = self._desk.reader.read(task.target)
        if isinstance(found, TargetFault):
            self._without_target(task, found)
            return None
        if done := _our_patch(found, task.record):
            self._adopt(task, done)
            return None
        if found.snapshot.record != task.record:
            live = found.snapshot.workload.live
            self._endings.end(
                task, Phase.SUPERSEDED, f"{live.label} of {task.target} is live by now; nothing was done"
            )
            return None
        return self._decide_again(task, found)

    def _without_target(self, task: Task, fault: TargetFault) -> None:
        if fault.reason is TargetReason.NOT_FOUND:
            self._endings.end(task, Phase.SUPERSEDED, f"{fault.evidence} any more; nothing was done")
        else:
            self._endings.end(task, Phase.FAILED, f"Nothing was done: {fault.evidence}")

    def _adopt(self, task: Task, done: PastRollback) -> None:
        """Go on with a patch that was made before somebody could say so."""
        at = done.patched_at or self._desk.now()
        number = "" if done.to_number is None else f" to revision {done.to_number}"
        message = f"Rolled {task.target} back{number}; the rollout is under way"
        self._store_patch(task, lambda old: status.patched(status.adopted(old, done), at=at, message=message))
        log.info("the patch was found to be made", extra={"record": task.record, "target": task.target.path})

    def _decide_again(self, task: Task, found: Sighting) -> Ready | None:
        matches = self._matches(task)
        if not matches:
            self._endings.end(
                task, Phase.FAILED, "Nothing was done: no rule that asked for it is in force any more"
            )
            return None
        now = self._desk.now()
        late = task.received_at is None or now - task.received_at > LATE
        case = Case(found.snapshot, matches, self._still_firing(task) if late else StillFiring.NOT_LATE)
        decision = self._desk.judging.spend([case], self._desk.judging.look(), now)[task.record]
        if decision.leading.phase is Phase.PENDING:
            return self._try_out(task, decision, now)
        self._endings.decide(task, decision)
        return None

    def _try_out(self, task: Task, decision: Decision, now: datetime) -> Ready | None:
        assert decision.chosen is not None  # noqa: S101
        workload, rule = decision.snapshot.workload, decision.leading.rule.name
        plan = make_plan(workload, decision.chosen, record=task.record, rule=rule, now=now)
        verdict = ask_server(self._desk.api, plan)
        if verdict.reason is Reason.CHANGED:
            return Ready(decision, plan, now)
        decision = with_preflight(decision, verdict)
        self._endings.decide(task, decision)
        return Ready(decision, plan, now) if decision.leading.phase is Phase.PENDING else None

    def _matches(self, task: Task) -> tuple[Match, ...]:
        """Return the rules in force that the record's alerts matched, in file order."""
        raw = task.raw()
        alerts = joined(raw["spec"], raw.get("status") or {})
        rules = [rule for rule in self._desk.rules().rules if rule.name in alerts]
        return tuple(Match(rule, alerts[rule.name]) for rule in rules)

    def _still_firing(self, task: Task) -> StillFiring | Unreadable:
        raw = task.raw()
        if all_cleared(raw.get("status") or {}):
            return StillFiring.NO
        if self._desk.alertmanager is None:
            return StillFiring.NOBODY_TO_ASK
        first = raw["spec"]["alert"]
        try:
            firing = self._desk.alertmanager.firing(first["name"])
        except AlertmanagerError as e:
            return Unreadable("whether the alert still fires", str(e))
        return StillFiring.YES if first["fingerprint"] in firing else StillFiring.NO


def _decided(old: status.Status, decision: Decision, task: Task) -> status.Status:
    """Enter the decision where the write that should have done so was lost."""
    if old.get("decision"):
        return old
    document = decision_document(decision, decision_diff(decision))
    return status.decided(old, decision, document=document, received_at=task.received_at or decision.at)


def _our_patch(found: Sighting, record: str) -> PastRollback | None:
    past = found.snapshot.past
    notes = () if isinstance(past, Unreadable) else past
    return next(
        (note for note in notes if note.record == record and note.patched_at and note.phase is None), None
    )
