"""The decision about one workload: every rule judges by itself, the one that goes furthest leads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from receiver.policy.alerts import Alert
from receiver.policy.byhand import as_by_hand
from receiver.policy.bystanders import Bystanders
from receiver.policy.choice import Choice, Reason, choose
from receiver.policy.context import Context, Installation, StillFiring
from receiver.policy.guards import blame, judge_all
from receiver.policy.history import KnownBad
from receiver.policy.inventory import Inventory, gone, judged_needs
from receiver.policy.ledger import Ledger
from receiver.policy.modes import effective_mode
from receiver.policy.needs import Item, Need
from receiver.policy.pods import Pod
from receiver.policy.record import BY_HAND, PastRollback, Phase, record_name
from receiver.policy.rules import Mode, Rule
from receiver.policy.troubles import ActiveSince
from receiver.policy.verdict import Verdict
from receiver.policy.workload import Revision, Unreadable, Workload

NO_CHOICE = Choice(None, Reason.UNREADABLE, "not asked for")
FURTHEST = {Phase.PENDING: 3, Phase.AWAITING_APPROVAL: 2, Phase.DRY_RUN: 1, Phase.REFUSED: 0}
PHASES = {
    Mode.OFF: Phase.REFUSED,
    Mode.DRY_RUN: Phase.DRY_RUN,
    Mode.APPROVE: Phase.AWAITING_APPROVAL,
    Mode.AUTO: Phase.PENDING,
}
"""What a rule that nothing blocks gives a record, by the mode that it may act in."""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule and the firing alerts about one workload that it matched, never none.

    `still_firing` is what is known of them at a late act; where none fires, they are those that did.
    """

    rule: Rule
    alerts: tuple[Alert, ...]
    still_firing: StillFiring | Unreadable = StillFiring.NOT_LATE


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A workload and what was done to it before, as read at one moment.

    `pods` are read only where an alert names one; `active_since` is Prometheus' word on the alerts;
    `inventory` is what is known of the things that revisions need.
    """

    workload: Workload
    past: tuple[PastRollback, ...] | Unreadable
    pods: tuple[Pod, ...] | Unreadable = ()
    active_since: ActiveSince = None
    inventory: Inventory = field(default_factory=dict)

    @property
    def record(self) -> str:
        """Return the name of the record that the live template has, or would have."""
        return record_name(self.workload.ref.name, self.workload.uid, self.workload.live.digest)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one rule says of one workload; `phase` is Refused, DryRun, AwaitingApproval or Pending."""

    rule: Rule
    mode: Mode
    phase: Phase
    verdicts: tuple[Verdict, ...]
    choice: Choice

    @property
    def blocked_by(self) -> tuple[str, ...]:
        """Return the guards that block."""
        return tuple(verdict.guard for verdict in self.verdicts if verdict.blocks)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about one workload, and what each rule said."""

    at: datetime
    snapshot: Snapshot
    leading: Judgement
    others: tuple[Judgement, ...] = ()

    @property
    def chosen(self) -> Revision | None:
        """Return the revision to go back to, None where nothing is to be done."""
        return None if self.leading.phase is Phase.REFUSED else self.preferred

    @property
    def preferred(self) -> Revision | None:
        """Return the revision that the leading rule would go back to, refused or not; None: no choice."""
        return self.leading.choice.revision


def decide(
    snapshot: Snapshot,
    matches: Sequence[Match],
    *,
    ledger: Ledger | Unreadable,
    bystanders: Bystanders | Unreadable,
    installation: Installation,
    now: datetime,
) -> Decision:
    """Judge a workload by every rule that matched, in file order, and let the furthest lead."""
    contexts = [
        _context(
            snapshot,
            match,
            choice=_choose(match.rule, snapshot),
            ledger=ledger,
            bystanders=bystanders,
            installation=installation,
            now=now,
        )
        for match in matches
    ]
    judgements = [_judge(context) for context in contexts]
    leading = max(judgements, key=lambda judgement: FURTHEST[judgement.phase])
    others = tuple(judgement for judgement in judgements if judgement is not leading)
    return Decision(at=now, snapshot=snapshot, leading=leading, others=others)


def blame_reasons(
    snapshot: Snapshot, matches: Sequence[Match], *, installation: Installation, now: datetime
) -> tuple[str, ...]:
    """Return what blame says of a workload, one reason for each rule that an alert matched.

    It needs neither ledger nor choice.
    """
    contexts = (
        _context(
            snapshot,
            match,
            choice=NO_CHOICE,
            ledger=Ledger(),
            bystanders=Bystanders(),
            installation=installation,
            now=now,
        )
        for match in matches
        if match.rule.name != BY_HAND
    )
    return tuple(blame.judge(context).reason.value for context in contexts)


def unseen(snapshot: Snapshot, matches: Sequence[Match]) -> frozenset[Item]:
    """Return what the revisions need that would be chosen now, and is not in the inventory yet."""
    choices = ((match.rule, _choose(match.rule, snapshot).revision) for match in matches)
    wanted = (_wanted(rule, snapshot, revision) for rule, revision in choices if revision)
    return frozenset(need.item for some in wanted for need in some if need.item not in snapshot.inventory)


def _context(
    snapshot: Snapshot,
    match: Match,
    *,
    choice: Choice,
    ledger: Ledger | Unreadable,
    bystanders: Bystanders | Unreadable,
    installation: Installation,
    now: datetime,
) -> Context:
    past, workload = snapshot.past, snapshot.workload
    return Context(
        now=now,
        rule=match.rule,
        alerts=match.alerts,
        workload=workload,
        past=past,
        ledger=ledger,
        installation=installation,
        choice=choice,
        known_bad=_known_bad(snapshot),
        record=snapshot.record,
        bystanders=bystanders,
        still_firing=match.still_firing,
        active_since=snapshot.active_since,
        pods=snapshot.pods,
        inventory=snapshot.inventory,
    )


def _known_bad(snapshot: Snapshot) -> KnownBad | Unreadable:
    past = snapshot.past
    return past if isinstance(past, Unreadable) else KnownBad(snapshot.workload, past)


def _choose(rule: Rule, snapshot: Snapshot) -> Choice:
    known_bad = _known_bad(snapshot)
    if isinstance(known_bad, Unreadable):
        return Choice(None, Reason.UNREADABLE, str(known_bad))
    return choose(
        rule.rollback,
        snapshot.workload,
        known_bad,
        lacks=lambda revision: gone(_wanted(rule, snapshot, revision), snapshot.inventory),
    )


def _wanted(rule: Rule, snapshot: Snapshot, revision: Revision) -> tuple[Need, ...]:
    return judged_needs(revision, snapshot.workload.ref, secrets=rule.guards.preflight.secrets)


def _judge(context: Context) -> Judgement:
    verdicts = as_by_hand(context, judge_all(context))
    mode = effective_mode(context)
    if any(verdict.blocks for verdict in verdicts):
        phase = Phase.REFUSED
    else:
        phase = Phase.PENDING if context.approved else PHASES[mode]
    return Judgement(context.rule, mode, phase, verdicts, context.choice)
