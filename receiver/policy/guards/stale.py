"""Guard stale: an alert that has been firing for long is no longer news."""

from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.times import format_age
from receiver.policy.verdict import Verdict, allow, block

GUARD = "stale"


class Reason(StrEnum):
    """The guard's reasons."""

    FRESH = "fresh"
    TOO_OLD = "too_old"


def judge(context: Context) -> Verdict:
    """Block when every alert started more than `max_alert_age` ago."""
    newest = max(alert.starts_at for alert in context.alerts)
    limit = context.rule.guards.max_alert_age
    evidence = (
        f"the newest alert started {format_age(context.now - newest)} ago; max_alert_age {format_age(limit)}"
    )
    if context.now - newest > limit:
        return block(GUARD, Reason.TOO_OLD, evidence)
    return allow(GUARD, Reason.FRESH, evidence)
