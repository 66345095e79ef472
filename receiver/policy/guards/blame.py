"""Guard blame: the trouble began shortly after the suspected revision went live, and not before it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from receiver.policy.alerts import Alert
from receiver.policy.context import Context
from receiver.policy.durations import format_duration
from receiver.policy.pods import Shares, pod_names, readiness, shares
from receiver.policy.problems import listed, plain
from receiver.policy.times import format_age, format_precise, format_time
from receiver.policy.troubles import NONE, Onset, Trouble, onset, troubles, unknown_to_prometheus
from receiver.policy.verdict import Verdict, allow, block, cannot_tell
from receiver.policy.workload import Unreadable

GUARD = "blame"
NAMED = 3
"""So many alerts or pods are named; the others are counted."""


class Reason(StrEnum):
    """The guard's reasons."""

    RECENT_ROLLOUT = "recent_rollout"
    ROLLOUT_TOO_OLD = "rollout_too_old"
    TROUBLE_BEFORE_ROLLOUT = "trouble_before_rollout"
    ROLLOUT_TIME_UNKNOWN = "rollout_time_unknown"
    OTHER_PODS = "pods_of_other_revisions"
    PODS_UNKNOWN = "pods_of_unknown_revision"


Judged = tuple[Trouble, Verdict]
"""The trouble of one alertname, and what this guard says of it alone."""


def judge(context: Context) -> Verdict:
    """Block unless, for one alertname at least, the earliest trouble fits the suspect's going live."""
    live = context.workload.live
    if live.live_since is None:
        return block(GUARD, Reason.ROLLOUT_TIME_UNKNOWN, f"nothing tells when {live.label} went live")
    judged = _judge_each(context, live.live_since)
    passing = next((verdict for _, verdict in judged if verdict.allowed), None)
    verdict = passing or judged[0][1]
    others = "" if passing else _others(judged[1:], live.live_since)
    state = readiness(context.workload, context.pods)
    evidence = verdict.evidence + others + (f"; {state}" if state else "")
    return replace(verdict, evidence=evidence, warning=_warning(context))


def blaming(context: Context) -> tuple[Alert, ...]:
    """Return the alerts by which this guard passes, none where it blocks.

    Of an alertname that passes, those that began in time themselves: by a later one alone it would not pass.
    """
    live_since, rule = context.workload.live.live_since, context.rule
    if live_since is None:
        return ()
    return tuple(
        alert
        for trouble, verdict in _judge_each(context, live_since)
        if verdict.allowed
        for alert in trouble.alerts
        if _misfit(context, onset(alert, rule.for_, context.active_since), live_since) is None
    )


def _judge_each(context: Context, live_since: datetime) -> list[Judged]:
    found = troubles(context.alerts, context.rule.for_, context.active_since)
    return [(trouble, _judge_trouble(context, trouble, live_since)) for trouble in found]


def _judge_trouble(context: Context, trouble: Trouble, live_since: datetime) -> Verdict:
    """Judge by how long after the rollout the trouble began, and by whose pods have it."""
    misfit, evidence = _misfit(context, trouble, live_since), _evidence(context, trouble, live_since)
    if misfit is not None:
        return block(GUARD, misfit, evidence)
    names = pod_names(trouble.alerts)
    if not names:
        return allow(GUARD, Reason.RECENT_ROLLOUT, evidence)
    if isinstance(context.pods, Unreadable):
        return cannot_tell(GUARD, context.pods)
    found = shares(names, context.pods, context.workload)
    evidence += _whose(found, names)
    if found.speak_for_suspect is None:
        return block(GUARD, Reason.PODS_UNKNOWN, evidence + _unknown(found))
    if found.speak_for_suspect:
        return allow(GUARD, Reason.RECENT_ROLLOUT, evidence)
    return block(GUARD, Reason.OTHER_PODS, evidence)


def _misfit(context: Context, began: Onset, live_since: datetime) -> Reason | None:
    """Tell why a trouble that began then is not the suspect's by time, None where it may be."""
    lag = began.began - live_since
    if lag < -began.tolerance:
        return Reason.TROUBLE_BEFORE_ROLLOUT
    if lag > context.rule.guards.deployed_within + began.tolerance:
        return Reason.ROLLOUT_TOO_OLD
    return None


def _evidence(context: Context, trouble: Trouble, live_since: datetime) -> str:
    lag, window = trouble.began - live_since, context.rule.guards.deployed_within
    notes = [f"activeAt {format_precise(trouble.began)} in Prometheus"] if trouble.by_prometheus else []
    if not NONE <= lag <= window and _misfit(context, trouble, live_since) is None:
        notes.append(f"{format_age(trouble.tolerance)} of tolerance")
    began = f"{_lag(trouble, live_since)} ({', '.join(notes)})" if notes else _lag(trouble, live_since)
    rollout = f"{context.workload.live.label} went live {format_time(live_since)}"
    what = f"the trouble of {_plain(trouble.name)} began {began}"
    return f"{rollout}, {what}; deployed_within {format_age(window)}"


def _lag(trouble: Trouble, live_since: datetime) -> str:
    lag = trouble.began - live_since
    return f"{format_age(abs(lag))} {'before' if lag < NONE else 'after'} that"


def _others(judged: Sequence[Judged], live_since: datetime) -> str:
    """Name the other troubles that were judged, where none passes, each with its reason."""
    briefly = [
        f"{_plain(trouble.name)} ({_lag(trouble, live_since)}, {verdict.reason})"
        for trouble, verdict in judged
    ]
    return f"; nor do others pass: {listed(briefly, most=NAMED)}" if briefly else ""


def _whose(found: Shares, names: frozenset[str]) -> str:
    """Give the counts, or say that none of the pods that the alerts name was judged."""
    if found.total:
        return f"; {found.suspect} of the {found.total} pods with it are of this revision"
    why = "not there or of no known revision"
    return f"; whose pods have it was not judged, {why}: {_named(sorted(names))}"


def _unknown(found: Shares) -> str:
    what = "pod {} is" if len(found.unknown) == 1 else "pods {} are"
    return f", cannot tell whose {what.format(_named(found.unknown))}"


def _named(pods: Sequence[str]) -> str:
    return listed([plain(name) for name in pods], most=NAMED)


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
