"""Records that alerts join, whoever made them: in work, settled, or without a target."""

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from receiver import metrics
from receiver.cluster.api import Object
from receiver.cluster.errors import Conflict
from receiver.engine import status
from receiver.engine.desk import Desk
from receiver.engine.endings import Endings
from receiver.engine.tally import Tally
from receiver.policy.alerts import Alert, Payload
from receiver.policy.decision import Decision
from receiver.policy.document import alert_document, verdict_documents
from receiver.policy.grouping import FaultGroup
from receiver.policy.guards import judge_without_target, settled
from receiver.policy.joining import join, listed_as_firing
from receiver.policy.record import JUDGED_AFRESH, Phase, phase_of, settles, target_record_name
from receiver.policy.times import format_precise
from receiver.policy.wording import fault_sentence

log = logging.getLogger(__name__)
DECISION_SECONDS = 2.0
LOOK_EVERY_SECONDS = 0.03
RELEASED_AGAIN: Mapping[StrEnum, tuple[str, str]] = {
    settled.Reason.RELEASED_AGAIN: ("True", "Settled"),
    settled.Reason.ENDED: ("False", "StillLive"),
}
"""Status and reason of that condition, by what the guard says; where it cannot tell, nothing is said."""
Joining = Sequence[tuple[Alert, str]]


def is_settled(raw: Object) -> bool:
    """Tell whether a record is final for its template."""
    return settles(phase_of(raw), patched=bool((raw.get("status") or {}).get("patchedAt")))


def may_decide(phase: Phase | None, decision: Decision) -> bool:
    """Tell whether a decision counts for a record in this phase.

    While it awaits approval the decision stands, unless a rule in auto goes further and needs nobody's word.
    """
    if phase is Phase.AWAITING_APPROVAL:
        return decision.leading.phase is Phase.PENDING
    return phase is None or phase in JUDGED_AFRESH


def count_refusals(decision: Decision) -> None:
    """Count every guard that blocks the leading rule."""
    for guard in decision.leading.blocked_by:
        metrics.REFUSALS.labels(guard=guard, rule=decision.leading.rule.name).inc()


class Entries:
    """Creates records and lets alerts join them."""

    def __init__(self, desk: Desk, endings: Endings, tally: Tally) -> None:
        self._desk = desk
        self._endings = endings
        self._tally = tally

    def create(self, name: str, spec: Object, labels: Mapping[str, str]) -> tuple[Object, bool]:
        """Create a record; return it, and whether it was this call that made it.

        Raises:
            ClusterError: it is not stored.
        """
        try:
            return self._desk.records.create(name, spec, labels, claimed_by=str(self._desk.instance)), True
        except Conflict:
            return self._desk.records.get(name), False

    def is_anothers(self, raw: Object) -> bool:
        """Tell whether another receiver, which lives, has claimed a record and is about to decide."""
        return self._desk.instance.leaves(raw, now=self._desk.now())

    def await_decision(self, raw: Object) -> Object:
        """Return a record once the other receiver that claimed it has decided; after 2 s, as it is.

        Both hear of an alert within milliseconds. Deciding beside the other would have two at the patch.

        Raises:
            ClusterError: it cannot be read.
        """
        until = time.monotonic() + DECISION_SECONDS
        while self.is_anothers(raw) and time.monotonic() < until:
            time.sleep(LOOK_EVERY_SECONDS)
            raw = self._desk.records.get(raw["metadata"]["name"])
        return raw

    def join(self, raw: Object, joining: Joining) -> str:
        """Let alerts, each with its rule, join a record that is somebody's already; return its name.

        Those that it lists already are stored: they are only counted, a moment later.

        Raises:
            ClusterError: it is not stored.
        """
        now, name = self._desk.now(), str(raw["metadata"]["name"])
        if all(listed_as_firing(raw.get("status") or {}, alert, rule) for alert, rule in joining):
            self._tally.count(raw, len({alert.key for alert, _ in joining}))
        else:
            self._desk.records.update_status(raw, lambda old: join(old, joining, now=now))
        return name

    def settled(self, raw: Object, joining: Joining, decision: Decision) -> str:
        """Count alerts about a template that is live although its record is final; return its name.

        Raises:
            ClusterError: it is not stored.
        """
        now, name = self._desk.now(), str(raw["metadata"]["name"])
        verdict = next(v for v in decision.leading.verdicts if v.guard == settled.GUARD)
        evidence = verdict.evidence
        again = RELEASED_AGAIN.get(verdict.reason)

        def change(old: status.Status) -> status.Status:
            new = join(old, joining, now=now)
            if again is None:
                return new
            return status.with_condition(new, "ReleasedAgain", *again, evidence, now=now)

        self._desk.records.update_status(raw, change)
        count_refusals(decision)
        ref, rule = decision.snapshot.workload.ref, decision.leading.rule.name
        log.info("refused: %s", evidence, extra={"record": name, "target": ref.path, "rule": rule})
        return name

    def fault(self, fault: FaultGroup, payload: Payload, received_at: datetime) -> str:
        """Store that a rule's alerts name no usable target; return the record's name.

        Raises:
            ClusterError: it is not stored.
        """
        rule, now = fault.rule.name, self._desk.now()
        name = target_record_name(rule, fault.fault.reason.value)
        spec = {"target": {}, "alert": alert_document(fault.alerts[0], payload), "rule": rule}
        raw, mine = self.create(name, spec, {})
        known = {
            "phase": Phase.REFUSED.value,
            "message": fault_sentence(rule, fault.fault),
            "decision": {
                "rule": rule,
                "mode": fault.rule.mode.value,
                "at": format_precise(now),
                "verdicts": verdict_documents(judge_without_target(fault.fault)),
            },
        }
        joining = [(alert, rule) for alert in fault.alerts]
        first = {"startedAt": format_precise(received_at)}
        stored = self._desk.records.update_status(
            raw, lambda old: {**first, **join(old, joining, now=now), **known}
        )
        metrics.REFUSALS.labels(guard="target", rule=rule).inc()
        if mine:
            self._endings.tell(stored, Phase.REFUSED, stored["status"]["message"])
        return name
