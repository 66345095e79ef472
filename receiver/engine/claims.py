"""The writes of the intake: records are created or joined, decisions entered, the act begun.

Creating the record is the claim. Whoever finds it there joins it, and leaves the act to who was first.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from receiver import metrics
from receiver.cluster.api import Object
from receiver.cluster.errors import Conflict
from receiver.cluster.snapshots import Sighting
from receiver.engine import status
from receiver.engine.desk import Desk
from receiver.engine.endings import Endings
from receiver.engine.executor import Executor
from receiver.engine.grouping import FaultGroup, Matched
from receiver.engine.judging import ask_server
from receiver.engine.tally import Tally
from receiver.engine.task import Ready, Task
from receiver.policy.alerts import Alert, Payload
from receiver.policy.decision import Decision
from receiver.policy.document import (
    alert_document,
    decision_diff,
    decision_document,
    record_labels,
    spec_document,
    verdict_documents,
)
from receiver.policy.guards import judge_without_target
from receiver.policy.joining import join, listed_as_firing
from receiver.policy.plan import Plan, make_plan
from receiver.policy.preflight import Reason, with_preflight
from receiver.policy.record import JUDGED_AFRESH, Phase, target_record_name
from receiver.policy.times import format_precise
from receiver.policy.verdict import Verdict
from receiver.policy.wording import fault_sentence

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """One workload of a payload: what was seen, what matched, and when it came."""

    sighting: Sighting
    matched: tuple[Matched, ...]
    payload: Payload
    received_at: datetime

    @property
    def name(self) -> str:
        """Return the name of the record."""
        return self.sighting.snapshot.record

    @property
    def joining(self) -> list[tuple[Alert, str]]:
        """Return the alerts with the names of their rules."""
        return [(alert, rule.name) for alert, rule in self.matched]


def phase_of(raw: Object) -> Phase | None:
    """Return a record's phase; None while it is only claimed."""
    value = (raw.get("status") or {}).get("phase")
    return None if value is None else Phase(value)


class Claims:
    """Stores what the intake decided."""

    def __init__(self, desk: Desk, endings: Endings, executor: Executor, *, tally: Tally, pool: Pool) -> None:
        self._desk = desk
        self._tally = tally
        self._endings = endings
        self._executor = executor
        self._pool = pool

    def enter(self, claim: Claim, preview: Decision, final: "Future[dict[str, Decision]]") -> str:
        """Store a decision and begin what it asks for; return the record's name.

        `preview` is the decision by the ledger as it was read; `final` brings the one that was entered in
        it. The server's dry run, the record's creation and the ledger are under way side by side.

        Raises:
            ClusterError: it is not stored.
        """
        plan = self._plan(claim, preview)
        verdict = None if plan is None else self._pool.submit(ask_server, self._desk.api, plan)
        created = self._pool.submit(self._create, claim)
        # Made while the server is at work: the diff costs more than the rest of the document.
        diff = decision_diff(preview)
        raw, mine = created.result()
        if not mine and phase_of(raw) not in JUDGED_AFRESH:
            final.result()
            return self.join(raw, claim.joining)
        decision = final.result()[claim.name]
        if plan is None or verdict is None or not _same_plan(decision, preview):
            self._store_and_act(claim, raw, decision, decision_diff(decision))
            return claim.name
        decision = _with_verdict(decision, verdict.result())
        if mine and decision.leading.phase is Phase.PENDING:
            self._act_and_store(claim, raw, decision, plan=plan, diff=diff)
        else:
            self._store_and_act(claim, raw, decision, diff)
        return claim.name

    def _plan(self, claim: Claim, decision: Decision) -> Plan | None:
        if decision.chosen is None:
            return None
        rule, now = decision.leading.rule.name, self._desk.now()
        workload = claim.sighting.snapshot.workload
        return make_plan(workload, decision.chosen, record=claim.name, rule=rule, now=now)

    def _create(self, claim: Claim) -> tuple[Object, bool]:
        """Return the record, and whether this call has made it."""
        if found := claim.sighting.own_record:
            return found, False
        alert, rule = claim.matched[0]
        workload = claim.sighting.snapshot.workload
        spec = spec_document(workload, alert=alert_document(alert, claim.payload), rule=rule.name)
        return self._post(claim.name, spec, record_labels(workload.ref))

    def _post(self, name: str, spec: Object, labels: dict[str, str]) -> tuple[Object, bool]:
        try:
            return self._desk.records.create(name, spec, labels, claimed_by=str(self._desk.instance)), True
        except Conflict:
            return self._desk.records.get(name), False

    def _act_and_store(
        self, claim: Claim, raw: Object, decision: Decision, *, plan: Plan, diff: str | None
    ) -> None:
        """Begin the patch at once, and enter the decision while it is under way."""
        task = Task(claim.name, plan.target, Future(), claim.received_at, Ready(decision, plan, decision.at))
        self._executor.begin(task)
        stored = raw
        try:
            stored = self._store(claim, raw, decision, diff)
        finally:
            task.stored.set_result(stored)

    def _store_and_act(self, claim: Claim, raw: Object, decision: Decision, diff: str | None) -> None:
        stored = self._store(claim, raw, decision, diff)
        if stored["status"].get("holder") == str(self._desk.instance):
            task = Task(claim.name, decision.snapshot.workload.ref, Future(), claim.received_at)
            task.store(stored)
            self._executor.begin(task)

    def _store(self, claim: Claim, raw: Object, decision: Decision, diff: str | None) -> Object:
        """Enter a decision, unless somebody else's has gone further meanwhile; the alerts join either way."""
        now, instance = self._desk.now(), self._desk.instance
        document = decision_document(decision, diff)

        def change(old: status.Status) -> status.Status:
            if old.get("phase") not in {None, *JUDGED_AFRESH}:
                return join(old, claim.joining, now=now)
            joined = join(old, claim.joining, now=now)
            new = status.decided(joined, decision, document=document, received_at=claim.received_at)
            return status.held(new, instance, now=now) if decision.leading.phase is Phase.PENDING else new

        stored = self._desk.records.update_status(raw, change)
        count_refusals(decision)
        if phase_of(stored) is not phase_of(raw) or _blocking(stored) != _blocking(raw):
            self._endings.tell(stored, decision.leading.phase, stored["status"]["message"])
        return stored

    def join(self, raw: Object, joining: Sequence[tuple[Alert, str]]) -> str:
        """Let alerts join a record that is somebody's already; return its name.

        Those that it lists already are stored: they are only counted, a moment later.

        Raises:
            ClusterError: it is not stored.
        """
        now, name = self._desk.now(), str(raw["metadata"]["name"])
        if all(listed_as_firing(raw.get("status") or {}, alert, rule) for alert, rule in joining):
            self._tally.count(name, joining)
        else:
            self._desk.records.update_status(raw, lambda old: join(old, joining, now=now))
        return name

    def settled(self, claim: Claim, raw: Object, decision: Decision) -> str:
        """Count an alert about a template that is live again although its record is final."""
        now = self._desk.now()
        evidence = "; ".join(v.evidence for v in decision.leading.verdicts if v.guard == "settled")

        def change(old: status.Status) -> status.Status:
            new = join(old, claim.joining, now=now)
            return status.with_condition(new, "ReleasedAgain", "True", "Settled", evidence, now=now)

        self._desk.records.update_status(raw, change)
        count_refusals(decision)
        log.info(
            "refused: %s",
            evidence,
            extra={
                "record": claim.name,
                "target": claim.sighting.snapshot.workload.ref.path,
                "rule": decision.leading.rule.name,
            },
        )
        return claim.name

    def enter_fault(self, fault: FaultGroup, payload: Payload, received_at: datetime) -> str:
        """Store that a rule's alerts name no usable target; return the record's name.

        Raises:
            ClusterError: it is not stored.
        """
        name = target_record_name(fault.rule.name, fault.fault.reason.value)
        spec = {"target": {}, "alert": alert_document(fault.alerts[0], payload), "rule": fault.rule.name}
        raw, mine = self._post(name, spec, {})
        now = self._desk.now()
        decision = {
            "rule": fault.rule.name,
            "mode": fault.rule.mode.value,
            "at": format_precise(now),
            "verdicts": verdict_documents(judge_without_target(fault.fault)),
        }
        message = fault_sentence(fault.rule.name, fault.fault)
        joining = [(alert, fault.rule.name) for alert in fault.alerts]

        def change(old: status.Status) -> status.Status:
            new = {"startedAt": format_precise(received_at), **join(old, joining, now=now)}
            return {**new, "phase": Phase.REFUSED.value, "message": message, "decision": decision}

        stored = self._desk.records.update_status(raw, change)
        metrics.REFUSALS.labels(guard="target", rule=fault.rule.name).inc()
        if mine:
            self._endings.tell(stored, Phase.REFUSED, message)
        return name


def count_refusals(decision: Decision) -> None:
    """Count every guard that blocks the leading rule."""
    for guard in decision.leading.blocked_by:
        metrics.REFUSALS.labels(guard=guard, rule=decision.leading.rule.name).inc()


def _with_verdict(decision: Decision, verdict: Verdict) -> Decision:
    """Add the server's word on the plan; a workload that has changed meanwhile is for the act to judge."""
    if verdict.reason is Reason.CHANGED and decision.leading.phase is Phase.PENDING:
        return decision
    return with_preflight(decision, verdict)


def _same_plan(one: Decision, other: Decision) -> bool:
    return one.leading.rule.name == other.leading.rule.name and one.chosen is other.chosen


def _blocking(raw: Object) -> list[str]:
    decision = (raw.get("status") or {}).get("decision") or {}
    return [v["guard"] for v in decision.get("verdicts") or [] if v.get("allowed") is False]
