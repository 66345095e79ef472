"""Guard blame: the trouble began shortly after the suspected revision went live, and not before it."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.durations import format_duration
from receiver.policy.pods import Shares, pod_names, shares, unwell
from receiver.policy.problems import listed, plain
from receiver.policy.times import format_age, format_precise, format_time
from receiver.policy.troubles import Trouble, troubles, unknown_to_prometheus
from receiver.policy.verdict import Verdict, allow, block, cannot_tell
from receiver.policy.workload import Unreadable

GUARD = "blame"
NAMED = 3
"""So many alerts are named in a warning; the others are counted."""


class Reason(StrEnum):
    """The guard's reasons."""

    RECENT_ROLLOUT = "recent_rollout"
    ROLLOUT_TOO_OLD = "rollout_too_old"
    TROUBLE_BEFORE_ROLLOUT = "trouble_before_rollout"
    ROLLOUT_TIME_UNKNOWN = "rollout_time_unknown"
    OTHER_PODS = "pods_of_other_revisions"


def judge(context: Context) -> Verdict:
    """Block unless, for one alertname at least, the earliest trouble fits the suspect's going live."""
    live = context.workload.live
    if live.live_since is None:
        return block(GUARD, Reason.ROLLOUT_TIME_UNKNOWN, f"nothing tells when {live.label} went live")
    found = troubles(context.alerts, context.rule.for_, context.active_since)
    verdicts = [_judge_trouble(context, trouble, live.live_since) for trouble in found]
    verdict = next((verdict for verdict in verdicts if verdict.allowed), verdicts[0])
    state = unwell(context.workload, context.pods)
    evidence = f"{verdict.evidence}; {state}" if state else verdict.evidence
    return replace(verdict, evidence=evidence, warning=_warning(context))


def _judge_trouble(context: Context, trouble: Trouble, live_since: datetime) -> Verdict:
    """Judge by how long after the rollout the trouble began, and by whose pods have it."""
    window, lag = context.rule.guards.deployed_within, trouble.began - live_since
    evidence = _evidence(context, trouble, live_since)
    if lag < -trouble.tolerance:
        return block(GUARD, Reason.TROUBLE_BEFORE_ROLLOUT, evidence)
    if lag > window + trouble.tolerance:
        return block(GUARD, Reason.ROLLOUT_TOO_OLD, evidence)
    names = pod_names(trouble.alerts)
    if not names:
        return allow(GUARD, Reason.RECENT_ROLLOUT, evidence)
    if isinstance(context.pods, Unreadable):
        return cannot_tell(GUARD, context.pods)
    found = shares(names, context.pods, context.workload)
    if found.speak_for_suspect:
        return allow(GUARD, Reason.RECENT_ROLLOUT, evidence + _whose(found))
    return block(GUARD, Reason.OTHER_PODS, evidence + _whose(found))


def _evidence(context: Context, trouble: Trouble, live_since: datetime) -> str:
    lag, window = trouble.began - live_since, context.rule.guards.deployed_within
    began = f"{format_age(abs(lag))} {'before' if lag < timedelta(0) else 'after'} that"
    witness = f" (activeAt {format_precise(trouble.began)} in Prometheus)" if trouble.by_prometheus else ""
    rollout = f"{context.workload.live.label} went live {format_time(live_since)}"
    what = f"the trouble of {_plain(trouble.name)} began {began}{witness}"
    return f"{rollout}, {what}; deployed_within {format_age(window)}"


def _whose(found: Shares) -> str:
    """Give the counts, where anything is known of the pods that the alerts name."""
    known = found.suspect + found.other
    return f"; {found.suspect} of the {known} pods with it are of this revision" if known else ""


def _warning(context: Context) -> str | None:
    """Say that Prometheus was to tell when the trouble began and did not; None where it was not asked."""
    active, for_ = context.active_since, context.rule.for_
    lost = unknown_to_prometheus(context.alerts, active)
    if isinstance(active, Unreadable):
        why = str(active)
    elif lost:
        names = sorted({_plain(alert.name) for alert in lost})
        of = f"{len(lost)} of {len(context.alerts)} alerts"
        why = f"Prometheus tells nothing of {of} ({listed(names, most=NAMED)})"
    else:
        return None
    instead = "startsAt" if for_ is None else f"startsAt minus the rule's `for` of {format_duration(for_)}"
    return f"{why}; when the trouble began was judged by {instead}"


def _plain(alertname: str) -> str:
    return plain(alertname) if alertname else "the alert"
