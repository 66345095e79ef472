"""Judging a claimed record again: after a change, a crash, or a lost answer.

The workload is read first. Our annotation on it says that the patch is made; another template, that the
record is superseded; else every guard judges anew, and whether the alert still fires is asked.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from receiver.alertmanager import AlertmanagerError
from receiver.cluster.api import Object
from receiver.cluster.sightings import Sighting
from receiver.engine.desk import Desk
from receiver.engine.endings import Endings
from receiver.engine.instance import STALE_AFTER
from receiver.engine.needs import with_needs
from receiver.engine.task import Task
from receiver.engine.witnesses import with_witnesses
from receiver.policy.alerts import Alert
from receiver.policy.byhand import by_hand_rule, manual_alert, wanted_revision
from receiver.policy.context import StillFiring
from receiver.policy.decision import Decision, Match, Snapshot
from receiver.policy.hearing import Case
from receiver.policy.joining import joined, resolve, with_first_alert
from receiver.policy.record import PastRollback, Phase
from receiver.policy.rules import Mode, Rule
from receiver.policy.targets import TargetFault, TargetReason
from receiver.policy.wording import approval_refused
from receiver.policy.words import approval_of
from receiver.policy.workload import Unreadable

LATE = STALE_AFTER
Joined = Mapping[str, tuple[Alert, ...]]
"""The alerts of a record by rule."""


class Rejudging:
    """Decides what is to become of a record that was claimed a while ago."""

    def __init__(self, desk: Desk, endings: Endings) -> None:
        self._desk = desk
        self._endings = endings

    def judge(self, task: Task) -> Decision | PastRollback | None:
        """Return what is to be done, or the patch that turns out to be made; None where the record has ended.

        Raises:
            ClusterError: the cluster cannot be read, or the end cannot be stored.
        """
        if (task.raw().get("status") or {}).get("phase") not in {None, Phase.PENDING}:
            return None
        found = self._desk.reader.read(task.target)
        if isinstance(found, TargetFault):
            self._without_target(task, found)
            return None
        if done := _our_patch(found, task.record):
            return done
        if found.snapshot.record != task.record:
            live = found.snapshot.workload.live.label
            message = f"{live} of {task.target} is live by now; nothing was done"
            self._endings.end(task, Phase.SUPERSEDED, message)
            return None
        return self._decide(task, found)

    def _without_target(self, task: Task, fault: TargetFault) -> None:
        if fault.reason is TargetReason.NOT_FOUND:
            self._endings.end(task, Phase.SUPERSEDED, f"{fault.evidence} any more; nothing was done")
        else:
            self._give_up(task, fault.evidence)

    def _give_up(self, task: Task, why: str) -> None:
        """End what cannot be judged; what somebody approved is refused, so that a repeat may ask again."""
        said = approval_of(task.raw().get("status") or {})
        if said is None:
            self._endings.end(task, Phase.FAILED, f"Nothing was done: {why}")
        else:
            self._endings.end(task, Phase.REFUSED, approval_refused(task.target, said, why))

    def _decide(self, task: Task, found: Sighting) -> Decision | None:
        now = self._desk.now()
        matches = self._matches(task, now)
        if not matches:
            self._give_up(task, "no rule that asked for it is in force any more")
            return None
        snapshot = self._with_witnesses(task, found, matches)
        case = Case(snapshot, matches)
        cases = with_needs(self._desk.reader, [case])
        seen = self._desk.judging.look()
        hearing = self._desk.judging.hear(cases, seen.ledger, now)
        decision = self._desk.judging.spend(hearing, seen)[task.record]
        return decision if self._endings.decide(task, decision) else None

    def _with_witnesses(self, task: Task, found: Sighting, matches: Sequence[Match]) -> Snapshot:
        """Hear who else knows of the trouble; what Prometheus has said of this task stands."""
        alerts = list({alert.key: alert for match in matches for alert in match.alerts}.values())
        known = task.active_since
        began = self._desk.beginnings.ask(alerts) if known is None else lambda: known
        (snapshot,) = with_witnesses(self._desk.reader, [(found, alerts)], began)
        task.active_since = snapshot.active_since
        return snapshot

    def _matches(self, task: Task, now: datetime) -> tuple[Match, ...]:
        """Return the rules in force that the record's alerts matched, in file order, with what still fires.

        Of an approved record the rule that was approved comes first, off or not: it has to say why not.
        """
        alerts, answer = self._still_firing(task, now)
        approved = task.rule if approval_of(task.raw().get("status") or {}) else None
        rules = [rule for rule in self._desk.rules().rules if rule.name in alerts]
        asking = [rule for rule in rules if rule.mode is not Mode.OFF or rule.name == approved]
        asking.sort(key=lambda rule: rule.name != approved)
        found = (_match(rule, alerts[rule.name], answer) for rule in asking)
        return (*self._ordered(task), *found)

    def _ordered(self, task: Task) -> tuple[Match, ...]:
        """Return what stands for a person's command, which was cut off; nothing where alerts asked."""
        raw = task.raw()
        to = wanted_revision(raw)
        if to is None:
            return ()
        by = (raw.get("status") or {}).get("approvedBy", "")
        alert = manual_alert(task.target, to, by=by, at=self._desk.now())
        return (Match(by_hand_rule(to, self._desk.defaults), (alert,)),)

    def _still_firing(self, task: Task, now: datetime) -> tuple[Joined, StillFiring | Unreadable]:
        """Return the record's alerts by rule, and what tells that those among them fire that do."""
        raw = task.raw()
        alerts = joined(raw["spec"], raw.get("status") or {})
        if task.received_at is not None and now - task.received_at <= LATE:
            return alerts, StillFiring.NOT_LATE
        if self._desk.alertmanager is None:
            return alerts, StillFiring.NOBODY_TO_ASK
        asked = [alert for some in alerts.values() for alert in some if alert.firing]
        firing: set[str] = set()
        try:
            for name in sorted({alert.name for alert in asked}):
                firing |= self._desk.alertmanager.firing(name)
        except AlertmanagerError as e:
            return alerts, Unreadable("whether the alert still fires", str(e))
        raw = self._cleared(task, {alert.fingerprint for alert in asked} - firing, now)
        return joined(raw["spec"], raw.get("status") or {}), StillFiring.YES

    def _cleared(self, task: Task, fingerprints: Collection[str], now: datetime) -> Object:
        """Enter what Alertmanager no longer holds to be firing; return the record as it is then."""
        raw = task.raw()
        if fingerprints:
            raw = self._desk.records.update_status(
                raw, lambda old: resolve(with_first_alert(raw["spec"], old), fingerprints, at=now)
            )
            task.store(raw)
        return raw


def _match(rule: Rule, alerts: tuple[Alert, ...], answer: StillFiring | Unreadable) -> Match:
    """Give the answer to a rule of which any alert fires; one whose alerts have cleared needs none."""
    return Match(rule, alerts, answer if any(alert.firing for alert in alerts) else StillFiring.NO)


def _our_patch(found: Sighting, record: str) -> PastRollback | None:
    """Return what our annotation on the workload says of this record; records themselves have a phase."""
    past = found.snapshot.past
    notes = () if isinstance(past, Unreadable) else past
    return next(
        (note for note in notes if note.record == record and note.patched_at and note.phase is None), None
    )
