"""Guards cooldown and stale: too soon, and too late."""

from datetime import timedelta

import pytest

from receiver.policy.alerts import Alert
from receiver.policy.guards import cooldown, stale
from receiver.policy.record import PastRollback
from receiver.policy.verdict import Common
from tests.policy.builders import (
    DAY,
    FORBIDDEN,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    alert,
    context,
    past,
    revision,
    rule,
    workload,
)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        pytest.param((), cooldown.Reason.NEVER_ROLLED_BACK, id="never"),
        pytest.param((past(patched_at=None),), cooldown.Reason.NEVER_ROLLED_BACK, id="no-patch"),
        pytest.param((past(),), cooldown.Reason.COOLED_DOWN, id="long-ago"),
        pytest.param((past(patched_at=NOW - 15 * MINUTE),), cooldown.Reason.COOLED_DOWN, id="just-over"),
        pytest.param(
            (past(patched_at=NOW - 15 * MINUTE + SECOND),), cooldown.Reason.COOLING_DOWN, id="just-before"
        ),
        pytest.param(
            (past(patched_at=NOW - MINUTE, rule="another"),), cooldown.Reason.COOLING_DOWN, id="by-any-rule"
        ),
        pytest.param(
            (past(), past(record="later", patched_at=NOW - MINUTE)),
            cooldown.Reason.COOLING_DOWN,
            id="the-later-counts",
        ),
        pytest.param(
            (past(patched_at=NOW + MINUTE),), cooldown.Reason.COOLING_DOWN, id="clocks-that-disagree"
        ),
    ],
)
def test_a_workload_is_left_alone_after_a_rollback(
    known: tuple[PastRollback, ...], reason: cooldown.Reason
) -> None:
    """For `cooldown`, counted from the last patch of ours, wherever that is written."""
    for ordered in (known, known[::-1]):
        verdict = cooldown.judge(context(past=ordered, rule=rule(cooldown=15 * MINUTE)))
        assert verdict.reason is reason
        assert verdict.blocks is (reason is cooldown.Reason.COOLING_DOWN)


def test_cooldown_can_be_switched_off() -> None:
    """0s: the next one may follow at once."""
    seen = context(past=(past(patched_at=NOW),), rule=rule(cooldown=timedelta(0)))
    assert not cooldown.judge(seen).blocks


def test_cooldown_says_which_rollback() -> None:
    """How long ago, which record, and how long it has to be."""
    seen = context(past=(past(patched_at=NOW - MINUTE),))
    assert cooldown.judge(seen).evidence == "rolled back 1m ago (record checkout-old); cooldown 15m"
    assert cooldown.judge(context()).evidence == "no rollback of Deployment shop/checkout is known"


def test_cooldown_cannot_tell_without_the_past() -> None:
    """So it blocks, and says what it could not read."""
    verdict = cooldown.judge(context(past=FORBIDDEN))
    assert verdict.blocks
    assert verdict.reason is Common.UNREADABLE
    assert verdict.evidence == "cannot read the earlier records: 403 Forbidden"


@pytest.mark.parametrize(
    ("alerts", "reason"),
    [
        pytest.param([alert(age=2 * MINUTE)], stale.Reason.FRESH, id="fresh"),
        pytest.param([alert(age=HOUR)], stale.Reason.FRESH, id="as-old-as-allowed"),
        pytest.param([alert(age=HOUR + SECOND)], stale.Reason.TOO_OLD, id="older"),
        pytest.param([alert(age=DAY), alert(age=MINUTE)], stale.Reason.FRESH, id="one-is-fresh"),
        pytest.param([alert(age=DAY), alert(age=2 * HOUR)], stale.Reason.TOO_OLD, id="all-are-old"),
        pytest.param([alert(age=-MINUTE)], stale.Reason.FRESH, id="clocks-that-disagree"),
    ],
)
def test_an_alert_that_fires_for_long_is_left_to_people(alerts: list[Alert], reason: stale.Reason) -> None:
    """For longer than `max_alert_age`; the newest counts. Nothing is read for it, so it can always tell."""
    for ordered in (alerts, alerts[::-1]):
        verdict = stale.judge(context(alerts=tuple(ordered), rule=rule(max_alert_age=HOUR)))
        assert verdict.reason is reason
        assert verdict.blocks is (reason is stale.Reason.TOO_OLD)


DEPLOYED = workload(live=revision(7, live_since=NOW - 130 * MINUTE))
OLD, NEW = alert("Old", age=2 * HOUR), alert("New", age=MINUTE)


@pytest.mark.parametrize(
    ("alerts", "evidence"),
    [
        pytest.param([alert()], "the newest alert (HighErrorRate) started 2m ago", id="one"),
        pytest.param(
            [OLD, alert("Older", age=2 * HOUR + MINUTE)],
            "the newest alert (Old) started 2h ago",
            id="all-blame",
        ),
        pytest.param(
            [OLD, NEW], "the newest alert by which blame passes (Old) started 2h ago", id="another-blames"
        ),
        pytest.param(
            [OLD, alert("Old", age=MINUTE, pod="1")],
            "the newest alert by which blame passes (Old) started 2h ago",
            id="an-earlier-one-of-that-name-blames",
        ),
        pytest.param(
            [alert("A", age=MINUTE), alert("B", age=MINUTE)], "the newest alert (B) started 1m ago", id="two"
        ),
        pytest.param(
            [alert("A", age=-2 * HOUR)],
            "the newest alert (A) starts in 2h, by Alertmanager's clock",
            id="clocks-that-disagree",
        ),
        pytest.param([alert("A", age=0 * HOUR)], "the newest alert (A) started 0s ago", id="now"),
        pytest.param([NEW], "the newest alert (New) started 1m ago", id="none-blames"),
        pytest.param([alert("")], "the newest alert (without a name) started 2m ago", id="no-name"),
        pytest.param([alert("a\nb")], "the newest alert ('a\\nb') started 2m ago", id="hostile-name"),
    ],
)
def test_what_blames_the_release_must_itself_be_fresh(alerts: list[Alert], evidence: str) -> None:
    """The evidence names it, says how old it is, and how old it may be."""
    for ordered in (alerts, alerts[::-1]):
        verdict = stale.judge(context(workload=DEPLOYED, alerts=tuple(ordered)))
        assert verdict.blocks is ("2h ago" in evidence)
        assert verdict.evidence == f"{evidence}; max_alert_age 1h"
