"""A rollback by hand: a person's command in an alert's place, judged by the same guards as far as they apply.

Its record needs an alert and a rule like any other. The alert is called ManualRollback, its labels name the
workload, and it fires no moment: nobody waits for it to clear. The rule is called by-hand, in no file.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from receiver.policy.alerts import Alert, Status
from receiver.policy.context import Context
from receiver.policy.guards import blame, firing, flip_flop, schedule, stale, systemic
from receiver.policy.matchers import parse_matchers
from receiver.policy.record import BY_HAND
from receiver.policy.rules import GuardSettings, Mode, Rollback, Rule, To
from receiver.policy.verdict import Verdict, allow, not_judged
from receiver.policy.workload import WorkloadRef

ALERTNAME = "ManualRollback"
ABOUT_ALERTS = frozenset({firing.GUARD, blame.GUARD, systemic.GUARD, stale.GUARD})
"""The guards that judge an alert, of which there is none here."""

Revision = To | int


def manual_alert(target: WorkloadRef, to: Revision, *, by: str, at: datetime) -> Alert:
    """Return the alert that stands for a person's command; the label `to` says where they want to go."""
    labels = {
        "alertname": ALERTNAME,
        "namespace": target.namespace,
        target.kind.lower(): target.name,
        "to": str(to),
    }
    return Alert(Status.RESOLVED, labels, at, annotations={"by": by}, ends_at=at)


def by_hand_rule(to: Revision, guards: GuardSettings) -> Rule:
    """Return the rule that stands for a person's command, with the installation's guard settings."""
    return Rule(
        name=BY_HAND,
        matchers=parse_matchers(f'alertname="{ALERTNAME}"'),
        for_=timedelta(0),
        mode=Mode.AUTO,
        rollback=Rollback(to=to),
        guards=guards,
    )


def wanted_revision(raw: Mapping[str, Any]) -> Revision | None:
    """Return where the person wants to go back to whose command a record carries out, None without one.

    What was decided counts; before that, what was asked for.
    """
    spec, decision = raw["spec"], (raw.get("status") or {}).get("decision") or {}
    if (decision.get("rule") or spec["rule"]) != BY_HAND:
        return None
    decided = (decision.get("to") or {}).get("revision")
    asked = str((spec["alert"].get("labels") or {}).get("to", ""))
    if decided is not None or not asked.isdecimal():
        return int(decided) if decided is not None else To.LAST_GOOD
    return int(asked)


def as_by_hand(context: Context, verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """Return the verdicts as they count for a person's command; those for an alert are left as they are."""
    if context.rule.name != BY_HAND:
        return verdicts
    return tuple(_as_by_hand(context, verdict) for verdict in verdicts)


def _as_by_hand(context: Context, verdict: Verdict) -> Verdict:
    """Judge nothing by an alert; leave to the person what only they can know, and say so.

    That is whether the hour is right, and whether the very revision that they name is to follow one that we
    restored. Without a number the second `undo` would go one further back than anybody meant.
    """
    if verdict.guard in ABOUT_ALERTS:
        return not_judged(verdict.guard, "a person asks, there is no alert to judge by")
    named = isinstance(context.rule.rollback.to, int)
    restored = verdict.guard == flip_flop.GUARD and verdict.reason is flip_flop.Reason.RESTORED
    if verdict.blocks and (verdict.guard == schedule.GUARD or (restored and named)):
        said = f"{verdict.guard}: {verdict.evidence}; a person asked for it all the same"
        return allow(verdict.guard, verdict.reason, verdict.evidence, warning=said)
    return verdict
