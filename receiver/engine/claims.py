"""Claims: a workload's record is created, the decision entered, and the act begun.

Creating the record is the claim. Whoever finds it there joins it, and leaves the act to who was first.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor as Pool
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError
from receiver.cluster.sightings import Sighting
from receiver.engine import status
from receiver.engine.asking import ask_server
from receiver.engine.desk import Desk
from receiver.engine.endings import Endings
from receiver.engine.entries import Entries, count_refusals, is_settled, may_decide
from receiver.engine.executor import Executor
from receiver.engine.task import Ready, Task
from receiver.policy.alerts import Alert, Payload
from receiver.policy.decision import Decision
from receiver.policy.document import (
    alert_document,
    decision_diff,
    decision_document,
    record_labels,
    spec_document,
)
from receiver.policy.grouping import Matched
from receiver.policy.joining import join
from receiver.policy.plan import Plan, make_plan
from receiver.policy.preflight import Reason, with_preflight
from receiver.policy.record import Phase, blocking_guards, phase_of
from receiver.policy.times import format_precise
from receiver.policy.verdict import Verdict

PATCH_SECONDS = 0.5
Final = Future[Mapping[str, Decision]]
"""Brings the decisions, by record, as they were entered in the ledger."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One workload of a payload: what was seen, what matched, when it came, and what is decided.

    `preview` is the decision by the ledger as it was read, `final` the one that was entered in it. `by` is
    who ordered it, empty where alerts did.
    """

    sighting: Sighting
    matched: tuple[Matched, ...]
    payload: Payload
    received_at: datetime
    preview: Decision
    final: Final
    by: str = ""

    @property
    def name(self) -> str:
        """Return the name of the record."""
        return self.sighting.snapshot.record

    @property
    def joining(self) -> list[tuple[Alert, str]]:
        """Return the alerts with the names of their rules."""
        return [(alert, rule.name) for alert, rule in self.matched]

    def decided(self) -> Decision:
        """Wait for the final decision.

        Raises:
            ClusterError: the ledger could not be written.
        """
        return self.final.result()[self.name]


class Claims:
    """Stores what the intake decided about workloads, and begins what it asks for."""

    def __init__(
        self, desk: Desk, endings: Endings, entries: Entries, *, executor: Executor, pool: Pool
    ) -> None:
        self._desk = desk
        self._endings = endings
        self._entries = entries
        self._executor = executor
        self._pool = pool

    def enter_at_once(self, claim: Claim) -> str:
        """Store a decision and begin what it asks for, as fast as can be; return the record's name.

        The server's dry run, the record's creation and the ledger are under way side by side; the decision is
        written when the patch has had its answer.

        Raises:
            ClusterError: it is not stored.
        """
        plan = self._plan(claim, claim.preview)
        if plan is None or claim.sighting.own_record is not None:
            return self.begin(claim, self.enter(claim))
        creation = self._pool.submit(self._create, claim)
        verdict = _outcome(lambda: ask_server(self._desk.api, plan))
        raw, mine = creation.result()
        with self._kept(claim, raw, mine=mine):
            if not mine or not _same_plan(claim.decided(), claim.preview):
                return self.begin(claim, self._enter(claim, raw, mine=mine))
            return self._enter_tried(claim, raw, plan, verdict.result())

    def enter(self, claim: Claim) -> Task | None:
        """Store a decision; return the task to begin, None where there is nothing to do for this receiver.

        Raises:
            ClusterError: it is not stored.
        """
        own = claim.sighting.own_record
        if own is not None and is_settled(own):
            self._entries.settled(own, claim.joining, claim.preview)
            return None
        raw, mine = self._create(claim)
        with self._kept(claim, raw, mine=mine):
            return self._enter(claim, raw, mine=mine)

    @contextmanager
    def _kept(self, claim: Claim, raw: Object, *, mine: bool) -> Iterator[None]:
        """Have the executor judge what is claimed and could not be decided: repeats only join it."""
        try:
            yield
        except ClusterError:
            if mine:
                self._executor.begin(self._task(claim, None, raw))
            raise

    def begin(self, claim: Claim, task: Task | None) -> str:
        """Begin a task, if there is one; return the record's name."""
        if task is not None:
            self._executor.begin(task)
        return claim.name

    def _plan(self, claim: Claim, decision: Decision) -> Plan | None:
        if decision.chosen is None:
            return None
        workload, rule = claim.sighting.snapshot.workload, decision.leading.rule
        return make_plan(workload, decision.chosen, record=claim.name, rule=rule, now=decision.at)

    def _create(self, claim: Claim) -> tuple[Object, bool]:
        """Return the record, and whether this call has made it."""
        if found := claim.sighting.own_record:
            return found, False
        (alert, rule), workload = claim.matched[0], claim.sighting.snapshot.workload
        spec = spec_document(workload, alert=alert_document(alert, claim.payload), rule=rule.name)
        return self._entries.create(claim.name, spec, record_labels(workload.ref))

    def _enter(self, claim: Claim, raw: Object, *, mine: bool) -> Task | None:
        decision = claim.decided()
        if not mine:
            raw = self._entries.await_decision(raw)
            if self._entries.is_anothers(raw) or not may_decide(phase_of(raw), decision):
                self._entries.join(raw, claim.joining)
                return None
        plan = self._plan(claim, decision)
        if plan is not None and decision.leading.phase is not Phase.PENDING:
            decision = with_preflight(decision, ask_server(self._desk.api, plan))
        stored = self._store(claim, raw, decision, decision_diff(decision))
        if is_settled(stored):
            self._endings.give_back(stored)  # somebody has rejected it meanwhile
        if not self._desk.instance.holds(stored["status"]):
            return None
        return self._task(claim, decision, stored)

    def _enter_tried(self, claim: Claim, raw: Object, plan: Plan, verdict: Verdict) -> str:
        """Enter a decision whose plan the server has tried out; a workload that changed is judged again."""
        spent = claim.decided()
        pending = spent.leading.phase is Phase.PENDING
        if pending and verdict.reason is Reason.CHANGED:
            return self._store_beside(claim, raw, self._task(claim, spent))
        decision = with_preflight(spent, verdict)
        if decision.leading.phase is Phase.PENDING:
            task = self._task(claim, Ready(decision, plan, decision.at))
            return self._store_beside(claim, raw, task)
        stored = self._store(claim, raw, decision, decision_diff(decision))
        if pending and phase_of(stored) is Phase.REFUSED:
            self._endings.give_back(stored)
        return claim.name

    def _task(self, claim: Claim, ready: Ready | Decision | None, stored: Object | None = None) -> Task:
        target, rule = claim.sighting.snapshot.workload.ref, claim.preview.leading.rule.name
        task = Task(claim.name, target, rule, Future(), received_at=claim.received_at, ready=ready)
        task.active_since = claim.preview.snapshot.active_since
        if stored is not None:
            task.store(stored)
        return task

    def _store_beside(self, claim: Claim, raw: Object, task: Task) -> str:
        """Begin a task at once, and have its decision entered as soon as the patch has had its answer."""
        decision = task.ready.decision if isinstance(task.ready, Ready) else claim.decided()
        writing = self._pool.submit(self._store_after_patch, claim, raw, task, decision)
        self._executor.begin_here(task)
        writing.result()
        return claim.name

    def _store_after_patch(self, claim: Claim, raw: Object, task: Task, decision: Decision) -> None:
        """Enter a task's decision; the patch neither waits for this nor shares the API server with it."""
        task.answered.wait(PATCH_SECONDS)
        stored = raw
        try:
            stored = self._store(claim, raw, decision, decision_diff(decision))
        finally:
            task.store(stored)

    def _store(self, claim: Claim, raw: Object, decision: Decision, diff: str | None) -> Object:
        """Enter a decision, unless somebody else's has gone further meanwhile; the alerts join either way."""
        now, instance = self._desk.now(), self._desk.instance
        document = decision_document(decision, diff)

        def change(old: status.Status) -> status.Status:
            joined = join(old, claim.joining, now=now)
            if not may_decide(phase_of({"status": old}), decision):
                return joined
            new = status.decided(joined, decision, document=document, received_at=claim.received_at)
            if claim.by and decision.leading.phase is Phase.PENDING:
                new = {**new, "approvedBy": claim.by, "approvedAt": format_precise(now)}
            return status.held(new, instance, now=now) if decision.leading.phase is Phase.PENDING else new

        stored = self._desk.records.update_status(raw, change)
        count_refusals(decision)
        if phase_of(stored) is not phase_of(raw) or blocking_guards(stored) != blocking_guards(raw):
            self._endings.tell(stored, decision.leading.phase, stored["status"]["message"])
        return stored


def _outcome(call: Callable[[], Verdict]) -> Future[Verdict]:
    """Make a call now, and raise what it raises only when its result is asked for."""
    outcome: Future[Verdict] = Future()
    try:
        outcome.set_result(call())
    except ClusterError as e:
        outcome.set_exception(e)
    return outcome


def _same_plan(one: Decision, other: Decision) -> bool:
    return one.leading.rule.name == other.leading.rule.name and one.chosen is other.chosen
