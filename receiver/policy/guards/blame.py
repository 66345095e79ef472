"""Guard blame: the trouble began shortly after the suspected revision went live, and not before it."""

from datetime import datetime, timedelta
from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.problems import plain
from receiver.policy.rules import Rule
from receiver.policy.times import format_age, format_time
from receiver.policy.verdict import Verdict, allow, block

GUARD = "blame"
TOLERANCE = timedelta(minutes=1)
"""One scrape and one evaluation: how far a trouble's computed beginning may be off."""


class Reason(StrEnum):
    """The guard's reasons."""

    RECENT_ROLLOUT = "recent_rollout"
    ROLLOUT_TOO_OLD = "rollout_too_old"
    TROUBLE_BEFORE_ROLLOUT = "trouble_before_rollout"
    ROLLOUT_TIME_UNKNOWN = "rollout_time_unknown"


def judge(context: Context) -> Verdict:
    """Block unless, for one alertname at least, the earliest trouble fits the suspect's going live."""
    live = context.workload.live
    if live.live_since is None:
        return block(GUARD, Reason.ROLLOUT_TIME_UNKNOWN, f"nothing tells when {live.label} went live")
    rollout = f"{live.label} went live {format_time(live.live_since)}"
    verdicts = [
        _judge_lag(context.rule, began - live.live_since, f"{rollout}, the trouble of {_plain(name)} began")
        for name, began in _troubles(context)
    ]
    return next((verdict for verdict in verdicts if verdict.allowed), verdicts[0])


def _troubles(context: Context) -> list[tuple[str, datetime]]:
    """Return when the earliest trouble of each alertname began, the earliest first."""
    starts: dict[str, datetime] = {}
    for alert in context.alerts:
        began = alert.starts_at - (context.rule.for_ or timedelta(0))
        starts[alert.name] = min(began, starts.get(alert.name, began))
    return sorted(starts.items(), key=lambda trouble: (trouble[1], trouble[0]))


def _judge_lag(rule: Rule, lag: timedelta, what: str) -> Verdict:
    """Judge a trouble by how long after the rollout it began; `what` is the evidence up to there."""
    window, tolerance = rule.guards.deployed_within, timedelta(0) if rule.for_ is None else TOLERANCE
    side = "before" if lag < timedelta(0) else "after"
    evidence = f"{what} {format_age(abs(lag))} {side} that; deployed_within {format_age(window)}"
    if lag < -tolerance:
        return block(GUARD, Reason.TROUBLE_BEFORE_ROLLOUT, evidence)
    if lag > window + tolerance:
        return block(GUARD, Reason.ROLLOUT_TOO_OLD, evidence)
    return allow(GUARD, Reason.RECENT_ROLLOUT, evidence)


def _plain(alertname: str) -> str:
    return plain(alertname) if alertname else "the alert"
