"""Guard schedule: only within the rule's hours, and never in a freeze."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.spans import WEEKDAYS
from receiver.policy.timeintervals import TimeInterval, Zone
from receiver.policy.verdict import Verdict, allow, block

GUARD = "schedule"
_SHOWN = 3


class Reason(StrEnum):
    """The guard's reasons."""

    UNRESTRICTED = "unrestricted"
    WITHIN = "within_schedule"
    OUTSIDE = "outside_active"
    FROZEN = "in_mute"


def judge(context: Context) -> Verdict:
    """Block inside any interval of `mute`, and outside all of `active` where there is one."""
    schedule, now = context.rule.guards.schedule, context.now
    if not schedule.active and not schedule.mute:
        return allow(GUARD, Reason.UNRESTRICTED, "the rule has no schedule")
    if freeze := _holding(schedule.mute, now):
        return block(GUARD, Reason.FROZEN, _told(now, "in a freeze of the rule (mute)", [freeze]))
    if hours := _holding(schedule.active, now):
        return allow(GUARD, Reason.WITHIN, _told(now, "inside the rule's active hours", [hours]))
    if schedule.active:
        return block(GUARD, Reason.OUTSIDE, _told(now, "outside the rule's active hours", schedule.active))
    return allow(GUARD, Reason.WITHIN, _told(now, "in no freeze of the rule (mute)", schedule.mute))


def _holding(intervals: Iterable[TimeInterval], now: datetime) -> TimeInterval | None:
    return next((interval for interval in intervals if interval.contains(now)), None)


def _told(now: datetime, place: str, intervals: Iterable[TimeInterval]) -> str:
    """Say where the moment is, beside the intervals, by the clock of each of their locations."""
    by_zone: dict[Zone, list[str]] = {}
    for interval in intervals:
        by_zone.setdefault(interval.location, []).append(interval.in_words())
    return "; ".join(f"{_clock(zone, now)} is {place}: {_some(words)}" for zone, words in by_zone.items())


def _some(words: list[str]) -> str:
    more = len(words) - _SHOWN
    return " or ".join(words[:_SHOWN]) + (f" or {more} more" if more > 0 else "")


def _clock(zone: Zone, now: datetime) -> str:
    local = zone.local(now)
    weekday = WEEKDAYS[local.isoweekday() % 7].capitalize()
    return f"{weekday} {local:%Y-%m-%d %H:%M} in {zone.name}"
