"""Guard blame: when the trouble began, against when the suspect went live."""

from datetime import timedelta

import pytest

from receiver.policy.alerts import Alert
from receiver.policy.guards import blame
from receiver.policy.guards.blame import Reason
from receiver.policy.pods import Pod
from receiver.policy.rules import Rule
from receiver.policy.troubles import ActiveSince
from receiver.policy.workload import Unreadable
from tests.policy.builders import (
    HOUR,
    LIVE,
    MINUTE,
    NOW,
    SECOND,
    alert,
    context,
    revision,
    rule,
    workload,
)

ZERO = timedelta(0)
UNKNOWN_FOR = rule(for_=None, deployed_within=30 * MINUTE)
FOR_5M = rule(for_=5 * MINUTE, deployed_within=30 * MINUTE)
FOR_0S = rule(for_=ZERO, deployed_within=30 * MINUTE)


def reason(of: Rule, lag: timedelta) -> str:
    """The verdict's reason where the only alert fired `lag` after the suspect went live."""
    live = revision(7, live_since=NOW - HOUR)
    seen = context(workload=workload(live=live), rule=of, alerts=(alert(age=HOUR - lag),))
    verdict = blame.judge(seen)
    assert verdict.guard == "blame"
    assert verdict.blocks is (verdict.reason is not Reason.RECENT_ROLLOUT)
    return verdict.reason.value


@pytest.mark.parametrize(
    ("of", "lag", "expected"),
    [
        pytest.param(FOR_0S, 4 * MINUTE, Reason.RECENT_ROLLOUT, id="soon-after"),
        pytest.param(FOR_0S, 31 * MINUTE, Reason.RECENT_ROLLOUT, id="end-of-the-window-with-tolerance"),
        pytest.param(FOR_0S, 31 * MINUTE + SECOND, Reason.ROLLOUT_TOO_OLD, id="after-the-window"),
        pytest.param(FOR_0S, -MINUTE, Reason.RECENT_ROLLOUT, id="before-within-tolerance"),
        pytest.param(FOR_0S, -MINUTE - SECOND, Reason.TROUBLE_BEFORE_ROLLOUT, id="before"),
        pytest.param(FOR_5M, 4 * MINUTE, Reason.RECENT_ROLLOUT, id="for-reaches-back-within-tolerance"),
        pytest.param(FOR_5M, 3 * MINUTE, Reason.TROUBLE_BEFORE_ROLLOUT, id="for-reaches-back-before-it"),
        pytest.param(FOR_5M, 36 * MINUTE, Reason.RECENT_ROLLOUT, id="for-reaches-back-into-the-window"),
        pytest.param(FOR_5M, 36 * MINUTE + SECOND, Reason.ROLLOUT_TOO_OLD, id="for-reaches-back-not-enough"),
        pytest.param(UNKNOWN_FOR, ZERO, Reason.RECENT_ROLLOUT, id="unknown-for-at-once"),
        pytest.param(UNKNOWN_FOR, -SECOND, Reason.TROUBLE_BEFORE_ROLLOUT, id="unknown-for-no-tolerance"),
        pytest.param(UNKNOWN_FOR, 30 * MINUTE, Reason.RECENT_ROLLOUT, id="unknown-for-end-of-the-window"),
        pytest.param(
            UNKNOWN_FOR, 30 * MINUTE + SECOND, Reason.ROLLOUT_TOO_OLD, id="unknown-for-after-the-window"
        ),
        pytest.param(rule(deployed_within=ZERO), MINUTE, Reason.RECENT_ROLLOUT, id="no-window-but-tolerance"),
    ],
)
def test_a_trouble_that_began_soon_after_the_rollout_is_blamed_on_it(
    of: Rule, lag: timedelta, expected: Reason
) -> None:
    """It began its rule's `for` before it fired; a minute either way is allowed where `for` is known."""
    assert reason(of, lag) == expected.value


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        pytest.param([alert("A", age=2 * MINUTE)], Reason.RECENT_ROLLOUT, id="one-that-fits"),
        pytest.param(
            [alert("A", age=2 * MINUTE, pod="1"), alert("A", age=HOUR, pod="2")],
            Reason.TROUBLE_BEFORE_ROLLOUT,
            id="the-earliest-of-a-name-counts",
        ),
        pytest.param(
            [alert("A", age=HOUR), alert("B", age=2 * MINUTE)],
            Reason.RECENT_ROLLOUT,
            id="one-name-that-fits-is-enough",
        ),
        pytest.param(
            [alert("A", age=HOUR), alert("B", age=2 * HOUR)],
            Reason.TROUBLE_BEFORE_ROLLOUT,
            id="no-name-fits",
        ),
        pytest.param([alert("", age=2 * MINUTE)], Reason.RECENT_ROLLOUT, id="without-a-name"),
    ],
)
def test_troubles_are_judged_by_alertname(alerts: list[Alert], expected: Reason) -> None:
    """Trouble that was there before the rollout does not count, however many of its name came after."""
    for ordered in (alerts, alerts[::-1]):
        assert blame.judge(context(alerts=tuple(ordered))).reason is expected


def test_an_alert_between_two_releases_does_not_blame_the_later_one() -> None:
    """Revision 6 had it already."""
    live = revision(7, live_since=NOW - 5 * MINUTE)
    seen = context(workload=workload(live=live), alerts=(alert(age=8 * MINUTE),))
    assert blame.judge(seen).reason is Reason.TROUBLE_BEFORE_ROLLOUT


def test_it_cannot_tell_without_knowing_when_the_suspect_went_live() -> None:
    """So it blocks, and says what it misses."""
    verdict = blame.judge(context(workload=workload(live=revision(7, live_since=None))))
    assert verdict.blocks
    assert verdict.reason is Reason.ROLLOUT_TIME_UNKNOWN
    assert verdict.evidence == "nothing tells when revision 7 went live"


@pytest.mark.parametrize(
    ("name", "age", "evidence"),
    [
        pytest.param(
            "HighErrorRate",
            2 * MINUTE,
            "the trouble of HighErrorRate began 4m after that; deployed_within 30m",
            id="after",
        ),
        pytest.param(
            "A", 6 * MINUTE, "the trouble of A began 0s after that; deployed_within 30m", id="at-once"
        ),
        pytest.param(
            "", HOUR, "the trouble of the alert began 54m before that; deployed_within 30m", id="before"
        ),
        pytest.param(
            "a\nb" + "c" * 9000,
            2 * MINUTE,
            f"the trouble of 'a\\nb{'c' * 77}'… began 4m after that; deployed_within 30m",
            id="hostile-name",
        ),
    ],
)
def test_the_evidence_names_both_times(name: str, age: timedelta, evidence: str) -> None:
    """When it went live, what began when, and the window; a hostile name is quoted and cut."""
    verdict = blame.judge(context(alerts=(alert(name, age=age),)))
    assert verdict.evidence == f"revision 7 went live 2026-05-01T11:54:00Z, {evidence}"
    assert LIVE.live_since == NOW - 6 * MINUTE


@pytest.mark.parametrize(
    ("lag", "words"),
    [
        pytest.param(-MINUTE - SECOND, "began 1m1s before that; deployed_within 30m", id="too-early"),
        pytest.param(-MINUTE, "began 1m before that (1m of tolerance); deployed_within 30m", id="early"),
        pytest.param(ZERO, "began 0s after that; deployed_within 30m", id="at-once"),
        pytest.param(30 * MINUTE, "began 30m after that; deployed_within 30m", id="in-the-window"),
        pytest.param(31 * MINUTE, "began 31m after that (1m of tolerance); deployed_within 30m", id="late"),
        pytest.param(31 * MINUTE + SECOND, "began 31m1s after that; deployed_within 30m", id="too-late"),
    ],
)
def test_the_evidence_says_where_the_tolerance_decided(lag: timedelta, words: str) -> None:
    """Else the numbers would contradict the verdict."""
    live = revision(7, live_since=NOW - HOUR)
    seen = context(workload=workload(live=live), rule=FOR_0S, alerts=(alert(age=HOUR - lag),))
    assert blame.judge(seen).evidence.endswith(words)


def test_the_tolerance_stands_beside_prometheus_own_time() -> None:
    """Within the same brackets."""
    fired = alert(age=MINUTE)
    verdict = blame.judge(context(alerts=(fired,), active_since={fired.key: NOW - 7 * MINUTE}))
    assert verdict.evidence.endswith(
        " 1m before that (activeAt 2026-05-01T11:53:00.000000Z in Prometheus, 1m of tolerance);"
        " deployed_within 30m"
    )


def test_a_refusal_names_every_alertname_that_was_judged() -> None:
    """The earliest at length, the others briefly, and not too many of them."""
    early = [alert(f"A{number}", age=HOUR - number * MINUTE) for number in range(4)]
    evidence = blame.judge(
        context(
            alerts=(*early[:1], alert("B", age=2 * MINUTE, pod="p"), early[1]),
            pods=(Pod("p", "hash6", ready=True),),
        )
    ).evidence
    assert evidence.endswith(
        "the trouble of A0 began 54m before that; deployed_within 30m; nor do others pass:"
        " A1 (53m before that, trouble_before_rollout), B (4m after that, pods_of_other_revisions)"
    )
    evidence = blame.judge(context(alerts=(*early, alert("A4", age=HOUR - 4 * MINUTE)))).evidence
    assert evidence.endswith(", A3 (51m before that, trouble_before_rollout) and 1 more")


@pytest.mark.parametrize(
    ("lag", "expected"),
    [
        pytest.param(4 * MINUTE, Reason.RECENT_ROLLOUT, id="soon-after"),
        pytest.param(-MINUTE, Reason.RECENT_ROLLOUT, id="before-within-tolerance"),
        pytest.param(-MINUTE - SECOND, Reason.TROUBLE_BEFORE_ROLLOUT, id="before"),
        pytest.param(31 * MINUTE, Reason.RECENT_ROLLOUT, id="end-of-the-window-with-tolerance"),
        pytest.param(31 * MINUTE + SECOND, Reason.ROLLOUT_TOO_OLD, id="after-the-window"),
    ],
)
@pytest.mark.parametrize("of", [UNKNOWN_FOR, FOR_5M, rule(for_=2 * HOUR)], ids=["no-for", "for", "wrong-for"])
def test_prometheus_own_activeat_beats_what_the_rule_says(of: Rule, lag: timedelta, expected: Reason) -> None:
    """Whether the rule declares its `for`, and rightly, or not; with a minute either way."""
    live = revision(7, live_since=NOW - HOUR)
    fired = alert(age=MINUTE)
    since = {fired.key: NOW - HOUR + lag}
    verdict = blame.judge(context(workload=workload(live=live), rule=of, alerts=(fired,), active_since=since))
    assert (verdict.reason, verdict.warning) == (expected, None)
    assert "(activeAt 2026-05-01T" in verdict.evidence


FIRED, OTHER = alert(), alert("Other")
SILENT = Unreadable("when the alerts began", "Prometheus did not answer within 1 s")


@pytest.mark.parametrize(
    ("of", "since", "warning"),
    [
        pytest.param(FOR_0S, None, None, id="nobody-is-asked"),
        pytest.param(FOR_0S, {FIRED.key: NOW, OTHER.key: NOW}, None, id="known"),
        pytest.param(
            FOR_5M,
            SILENT,
            "cannot read when the alerts began: Prometheus did not answer within 1 s;"
            " when the trouble began was judged by startsAt minus the rule's `for` of 5m",
            id="silent",
        ),
        pytest.param(
            UNKNOWN_FOR,
            {FIRED.key: NOW},
            "Prometheus tells nothing of 1 of 2 alerts (Other);"
            " when the trouble began was judged by startsAt",
            id="unknown-there",
        ),
    ],
)
def test_a_prometheus_that_does_not_tell_is_a_warning_and_no_more(
    of: Rule, since: ActiveSince, warning: str | None
) -> None:
    """What it does not tell is judged as if it were not there."""
    alerts = (FIRED, OTHER)
    verdict = blame.judge(context(rule=of, alerts=alerts, active_since=since))
    assert verdict.warning == warning
    if warning is not None:
        without = blame.judge(context(rule=of, alerts=alerts))
        assert (verdict.reason, verdict.allowed) == (without.reason, without.allowed)


def test_a_refusal_carries_the_warning_too() -> None:
    """It may be what a person has to mend; many names are counted."""
    alerts = tuple(alert(f"A{number}", age=HOUR) for number in range(5))
    verdict = blame.judge(context(alerts=alerts, active_since={}))
    assert verdict.blocks
    assert verdict.warning is not None
    assert verdict.warning.startswith("Prometheus tells nothing of 5 of 5 alerts (A0, A1, A2 and 2 more);")
