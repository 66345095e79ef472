"""Alerts join a record, repeat, resolve, and are read back for a late act."""

from dataclasses import replace
from typing import Any

import pytest

from receiver.policy.alerts import Alert, Payload, Status
from receiver.policy.document import alert_document
from receiver.policy.joining import (
    LISTED,
    all_cleared,
    firing_names,
    join,
    joined,
    listed_as_firing,
    resolve,
    resolve_all_but,
    with_first_alert,
)
from receiver.policy.times import format_precise
from tests.policy.builders import HOUR, MINUTE, NOW, alert

A, B = alert("A"), alert("B", age=HOUR)
PAYLOAD = Payload("4", "", "", "", 0, ())
SPEC = {"alert": alert_document(A, PAYLOAD), "rule": "errors"}


def status_of(*pairs: tuple[Alert, str]) -> dict[str, Any]:
    """The status after these have joined."""
    return join({}, pairs, now=NOW)


def entry(of: Alert, rule: str = "errors", status: str = "firing") -> dict[str, Any]:
    """How an alert is listed."""
    starts = of.starts_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    name, fingerprint = of.name, of.fingerprint
    return {"name": name, "fingerprint": fingerprint, "rule": rule, "startsAt": starts, "status": status}


BOTH = status_of((A, "errors"), (B, "errors"))


def test_alerts_are_listed_with_their_rule() -> None:
    """The rest of the status stays; what was given is not changed."""
    before = {"phase": "DryRun"}
    assert join(before, [(A, "errors"), (B, "latency")], now=NOW) == {
        "phase": "DryRun",
        "alerts": [entry(A), entry(B, "latency")],
        "occurrences": 2,
        "lastSeenAt": "2026-05-01T12:00:00.000000Z",
    }
    assert before == {"phase": "DryRun"}


def test_a_repeat_only_counts() -> None:
    """It is listed once."""
    again = join(BOTH, [(A, "errors")], now=NOW + MINUTE)
    assert again["alerts"] == BOTH["alerts"]
    assert (BOTH["occurrences"], again["occurrences"]) == (2, 3)
    assert again["lastSeenAt"] == "2026-05-01T12:01:00.000000Z"


def test_an_alert_that_two_rules_matched_came_once() -> None:
    """It is listed for each, since each rule judges by its own alerts."""
    found = status_of((A, "errors"), (A, "latency"))
    assert found["alerts"] == [entry(A), entry(A, "latency")]
    assert found["occurrences"] == 1


def test_an_alert_that_fires_again_is_firing_again() -> None:
    """With its new start."""
    cleared = resolve(BOTH, {A.fingerprint})
    assert cleared is not None
    later = replace(A, starts_at=NOW)
    assert join(cleared, [(later, "errors")], now=NOW)["alerts"] == [entry(later), entry(B)]


def test_beyond_a_hundred_alerts_are_counted() -> None:
    """Those that are listed still repeat."""
    many = [(alert("A", pod=str(number)), "errors") for number in range(LISTED + 5)]
    full = status_of(*many)
    assert (len(full["alerts"]), full["alertsNotListed"], full["occurrences"]) == (100, 5, 105)
    again = join(full, [many[0], (alert("B"), "errors")], now=NOW)
    assert (len(again["alerts"]), again["alertsNotListed"], again["occurrences"]) == (100, 6, 107)
    assert "alertsNotListed" not in BOTH


@pytest.mark.parametrize(
    ("of", "rule", "listed"),
    [
        pytest.param(A, "errors", True, id="just-as-it-is"),
        pytest.param(A, "latency", False, id="by-another-rule"),
        pytest.param(replace(A, starts_at=NOW), "errors", False, id="it-fired-again"),
        pytest.param(B, "errors", False, id="it-has-resolved"),
        pytest.param(alert("C"), "errors", False, id="unknown"),
    ],
)
def test_a_repeat_that_tells_nothing_new_is_recognized(of: Alert, rule: str, *, listed: bool) -> None:
    """The same firing, by the same rule, not resolved since."""
    assert listed_as_firing(resolve(BOTH, {B.fingerprint}) or {}, of, rule) is listed
    assert not listed_as_firing({}, of, rule)


@pytest.mark.parametrize(
    ("fingerprints", "states"),
    [
        pytest.param([A.fingerprint], ["resolved", "firing"], id="one"),
        pytest.param([A.fingerprint, B.fingerprint, "unknown"], ["resolved", "resolved"], id="all"),
        pytest.param(["unknown"], None, id="unknown"),
        pytest.param([], None, id="none"),
    ],
)
def test_alerts_resolve_by_fingerprint(fingerprints: list[str], states: list[str] | None) -> None:
    """None says that nothing is to be written."""
    found = resolve(BOTH, fingerprints)
    assert (found and [one["status"] for one in found["alerts"]]) == states
    assert [one["status"] for one in BOTH["alerts"]] == ["firing", "firing"]


def test_what_has_resolved_does_not_resolve_again() -> None:
    """Nor does anything on a record without alerts."""
    cleared = resolve(BOTH, {A.fingerprint})
    assert cleared is not None
    assert resolve(cleared, {A.fingerprint}) is None
    assert resolve({}, {A.fingerprint}) is None


def test_what_alertmanager_does_not_name_has_resolved() -> None:
    """None says that all of them fire still."""
    found = resolve_all_but(BOTH, {B.fingerprint, "another"})
    assert found is not None
    assert firing_names(BOTH) == {"A", "B"}
    assert firing_names(found) == {"B"}
    assert resolve_all_but(BOTH, {A.fingerprint, B.fingerprint}) is None
    assert resolve_all_but({}, ()) is None


def test_when_alertmanager_named_none_any_more_they_had_cleared() -> None:
    found = resolve_all_but(BOTH, (), at=NOW)
    assert found is not None
    assert found["clearedAt"] == format_precise(NOW)


@pytest.mark.parametrize(
    ("status", "cleared"),
    [
        pytest.param(BOTH, False, id="all-fire"),
        pytest.param(resolve(BOTH, [A.fingerprint]), False, id="one-fires"),
        pytest.param(resolve(BOTH, [A.fingerprint, B.fingerprint]), True, id="none-fires"),
        pytest.param({}, False, id="nothing-is-known"),
    ],
)
def test_cleared_means_all_of_them(status: dict[str, Any], *, cleared: bool) -> None:
    """And at least one, or nothing is known to have cleared."""
    assert all_cleared(status) is cleared


def test_firing_names_of_nothing_are_none() -> None:
    """A record that was only just claimed has no alerts."""
    assert firing_names({}) == frozenset()


def test_alerts_are_read_back_by_rule() -> None:
    """As far as the guards need them: name, fingerprint, start; as alerts that fire."""
    found = joined(SPEC, status_of((A, "errors"), (B, "errors"), (B, "latency")))
    assert list(found) == ["errors", "latency"]
    assert [(one.name, one.key, one.firing) for one in found["errors"]] == [
        ("A", A.key, True),
        ("B", B.key, True),
    ]
    assert [one.key for one in found["latency"]] == [B.key]


def test_the_first_alert_is_there_before_any_status() -> None:
    """Whoever takes over right after the claim finds it in the spec, with all its labels."""
    assert joined(SPEC, {}) == {"errors": (replace(A, annotations={}),)}


def test_the_first_alert_keeps_its_labels() -> None:
    """Prometheus is asked by them, and they may name a pod; the others' are not kept."""
    found = joined(SPEC, status_of((A, "errors"), (B, "errors"), (A, "latency")))
    kept = [(one.name, dict(one.labels)) for one in found["errors"]]
    assert kept == [("A", dict(A.labels)), ("B", {"alertname": "B"})]
    assert dict(found["latency"][0].labels) == {"alertname": "A"}


def test_the_first_alert_is_listed_where_nobody_got_so_far() -> None:
    """It can be resolved then like any other."""
    listed = with_first_alert(SPEC, {"holder": "a"})
    assert listed == {"holder": "a", "alerts": [entry(A)]}
    assert with_first_alert(SPEC, listed) == listed
    beside = status_of((B, "latency"))
    assert with_first_alert(SPEC, beside) == {**beside, "alerts": [entry(A), *beside["alerts"]]}
    assert all_cleared(resolve(listed, [A.fingerprint]) or {})


@pytest.mark.parametrize(
    ("resolved", "expected"),
    [
        pytest.param([], {"errors": ["A", "B"], "latency": ["B"]}, id="none-has-cleared"),
        pytest.param([A], {"errors": ["B"], "latency": ["B"]}, id="a-cleared-alert-asks-for-nothing"),
        pytest.param([B], {"errors": ["A"], "latency": ["B"]}, id="a-rule-whose-alerts-have-cleared-says-so"),
        pytest.param([A, B], {"errors": ["A", "B"], "latency": ["B"]}, id="all-have-cleared"),
    ],
)
def test_a_late_act_is_judged_by_what_still_fires(
    resolved: list[Alert], expected: dict[str, list[str]]
) -> None:
    """Once all of a rule have cleared all of it come back, so that the guard firing can say so."""
    status = status_of((A, "errors"), (B, "errors"), (B, "latency"))
    found = joined(SPEC, resolve(status, [one.fingerprint for one in resolved]) or status)
    assert {rule: [one.name for one in alerts] for rule, alerts in found.items()} == expected
    for rule, alerts in found.items():
        cleared = all(one in resolved for one in {"errors": [A, B], "latency": [B]}[rule])
        assert {one.status for one in alerts} == {Status.RESOLVED if cleared else Status.FIRING}


def test_an_alert_without_a_start_is_refused() -> None:
    """Somebody wrote into the record."""
    with pytest.raises(ValueError, match="without a start"):
        joined({**SPEC, "alert": {**entry(A), "startsAt": None}}, {})


def test_time_of_clearing_is_entered_with_the_last_and_goes_when_one_fires_again() -> None:
    """So that whoever follows the record knows what came first."""
    one = resolve(BOTH, {A.fingerprint}, at=NOW)
    assert one is not None
    assert "clearedAt" not in one
    both = resolve(one, {B.fingerprint}, at=NOW)
    assert both is not None
    assert both["clearedAt"] == format_precise(NOW)
    assert "clearedAt" not in (resolve(one, {B.fingerprint}) or {})
    ended = replace(A, status=Status.RESOLVED)
    assert join(both, [(ended, "errors")], now=NOW)["clearedAt"] == format_precise(NOW)
    assert "clearedAt" not in join(both, [(A, "errors")], now=NOW)
