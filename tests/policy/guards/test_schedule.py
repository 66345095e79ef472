"""Guard schedule: within the rule's hours, out of its freezes, and said so that a glance at a clock tells."""

from typing import Any

import pytest

from receiver.policy.guards import schedule
from receiver.policy.guards.schedule import Reason
from receiver.policy.rules import Schedule
from receiver.policy.verdict import Verdict
from tests.policy.builders import DAY, HOUR, NOW, context, rule

BERLIN = {"location": "Europe/Berlin"}
OFFICE = {"weekdays": ["monday:friday"], "times": [{"start_time": "09:00", "end_time": "17:00"}]}
FRIDAY_NOON = {"weekdays": ["friday"], "times": [{"start_time": "12:00", "end_time": "24:00"}]}
WEEKEND = {"weekdays": ["saturday", "sunday"]}
MAY_DAY = {"months": ["may"], "days_of_month": ["1"]}
JUNE = {"months": ["june"]}


def judged(now: Any = NOW, **lists: list[Any]) -> Verdict:
    """The verdict at noon of Friday, 1 May 2026 in UTC, which is 14:00 in Berlin, or at another time."""
    parsed = Schedule.parse(lists)
    assert isinstance(parsed, Schedule), parsed
    return schedule.judge(context(now=now, rule=rule(schedule=parsed)))


@pytest.mark.parametrize(
    ("active", "mute", "reason"),
    [
        pytest.param([], [], Reason.UNRESTRICTED, id="no-schedule"),
        pytest.param([OFFICE], [], Reason.WITHIN, id="inside"),
        pytest.param([WEEKEND, OFFICE], [], Reason.WITHIN, id="inside-one-of-several"),
        pytest.param([{}], [], Reason.WITHIN, id="active-at-any-time"),
        pytest.param([WEEKEND], [], Reason.OUTSIDE, id="outside"),
        pytest.param([WEEKEND, JUNE], [], Reason.OUTSIDE, id="outside-all"),
        pytest.param([], [WEEKEND], Reason.WITHIN, id="no-freeze-now"),
        pytest.param([], [WEEKEND, MAY_DAY], Reason.FROZEN, id="in-one-freeze-of-several"),
        pytest.param([], [{}], Reason.FROZEN, id="frozen-at-any-time"),
        pytest.param([OFFICE], [WEEKEND], Reason.WITHIN, id="inside-and-no-freeze"),
        pytest.param([OFFICE], [FRIDAY_NOON], Reason.FROZEN, id="inside-and-in-a-freeze"),
        pytest.param([WEEKEND], [JUNE], Reason.OUTSIDE, id="outside-and-no-freeze"),
        pytest.param([WEEKEND], [FRIDAY_NOON], Reason.FROZEN, id="outside-and-in-a-freeze"),
    ],
)
def test_it_blocks_outside_the_hours_and_inside_a_freeze(
    active: list[Any], mute: list[Any], reason: Reason
) -> None:
    """A freeze beats the hours; without either, any time will do. Nothing is read, so it can always tell."""
    verdict = judged(active=active, mute=mute)
    assert verdict.reason is reason
    assert verdict.blocks is (reason in {Reason.OUTSIDE, Reason.FROZEN})


@pytest.mark.parametrize(
    ("lists", "evidence"),
    [
        pytest.param({}, "the rule has no schedule", id="no-schedule"),
        pytest.param(
            {"active": [WEEKEND, OFFICE | BERLIN]},
            "Friday 2026-05-01 14:00 in Europe/Berlin is inside the rule's active hours:"
            " monday:friday 09:00-17:00",
            id="inside",
        ),
        pytest.param(
            {"active": [WEEKEND | BERLIN, JUNE | BERLIN]},
            "Friday 2026-05-01 14:00 in Europe/Berlin is outside the rule's active hours:"
            " saturday,sunday or june",
            id="outside",
        ),
        pytest.param(
            {"active": [WEEKEND | BERLIN, {"weekdays": ["friday"], "location": "Asia/Tokyo", "months": [6]}]},
            "Friday 2026-05-01 14:00 in Europe/Berlin is outside the rule's active hours: saturday,sunday;"
            " Friday 2026-05-01 21:00 in Asia/Tokyo is outside the rule's active hours: friday 6",
            id="outside-in-two-locations",
        ),
        pytest.param(
            {"active": [{"years": [year]} for year in range(2030, 2035)]},
            "Friday 2026-05-01 12:00 in UTC is outside the rule's active hours:"
            " 2030 or 2031 or 2032 or 2 more",
            id="outside-many",
        ),
        pytest.param(
            {"active": [OFFICE], "mute": [JUNE, FRIDAY_NOON | BERLIN]},
            "Friday 2026-05-01 14:00 in Europe/Berlin is in a freeze of the rule (mute): friday 12:00-24:00",
            id="in-a-freeze",
        ),
        pytest.param(
            {"mute": [WEEKEND]},
            "Friday 2026-05-01 12:00 in UTC is in no freeze of the rule (mute): saturday,sunday",
            id="in-no-freeze",
        ),
    ],
)
def test_the_evidence_is_the_clock_beside_the_hours(lists: dict[str, list[Any]], evidence: str) -> None:
    """Weekday, date and time by the clock on that wall, and the intervals as the file writes them."""
    assert judged(**lists).evidence == evidence


def test_the_moment_is_that_of_the_judgement() -> None:
    """Not that of the alert, which may have begun within the hours."""
    assert judged(active=[OFFICE]).allowed
    assert judged(NOW + 5 * HOUR, active=[OFFICE]).blocks
    assert judged(NOW + DAY, active=[OFFICE]).evidence == (
        "Saturday 2026-05-02 12:00 in UTC is outside the rule's active hours: monday:friday 09:00-17:00"
    )
