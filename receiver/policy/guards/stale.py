"""Guard stale: an alert that has been firing for long is no longer news."""

from datetime import timedelta
from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.guards import blame
from receiver.policy.problems import plain
from receiver.policy.times import format_age
from receiver.policy.verdict import Verdict, allow, block

GUARD = "stale"


class Reason(StrEnum):
    """The guard's reasons."""

    FRESH = "fresh"
    TOO_OLD = "too_old"


def judge(context: Context) -> Verdict:
    """Block when every alert started more than `max_alert_age` ago by which blame passes.

    One that blames nothing is no news of this release, however new it is. Where blame passes by none, all
    count.
    """
    blaming = blame.blaming(context) or context.alerts
    newest = max(blaming, key=lambda alert: (alert.starts_at, alert.name))
    which = "" if len(blaming) == len(context.alerts) else " by which blame passes"
    age, limit = context.now - newest.starts_at, context.rule.guards.max_alert_age
    name = plain(newest.name) if newest.name else "without a name"
    evidence = f"the newest alert{which} ({name}) {_started(age)}; max_alert_age {format_age(limit)}"
    if age > limit:
        return block(GUARD, Reason.TOO_OLD, evidence)
    return allow(GUARD, Reason.FRESH, evidence)


def _started(age: timedelta) -> str:
    """Say when an alert started; one that is still to start is another clock's."""
    if age < timedelta(0):
        return f"starts in {format_age(-age)}, by Alertmanager's clock"
    return f"started {format_age(age)} ago"
