"""What a review meeting reads: counted by phase, guard and rule; every figure with the number behind it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from receiver.policy.aftermath import Aftermath, Kind
from receiver.policy.record import BY_HAND, Phase, Review
from receiver.policy.report import Order, Recovery, Times, make_report, parse_order, report_document
from receiver.policy.score import Case
from receiver.policy.times import format_time
from receiver.policy.vocabulary import Mode
from tests.policy.builders import DAY, HOUR, MINUTE, NOW

SINCE = NOW - 30 * DAY


def case(phase: Phase | None = Phase.DRY_RUN, **changes: Any) -> Case:
    given: dict[str, Any] = {"rule": "errors", "mode": Mode.DRY_RUN, "at": NOW, **changes}
    return Case(phase=phase, **given)


def after(kind: Kind, minutes: float | None, **changes: Any) -> Aftermath:
    took = None if minutes is None else timedelta(minutes=minutes)
    return Aftermath(kind, NOW, 8, took=took, **changes)


def back(minutes: float) -> Case:
    return case(aftermath=after(Kind.ROLLED_BACK_BY_HAND, minutes, as_chosen=True))


CASES = [
    back(4),
    back(10),
    back(30),
    case(aftermath=after(Kind.FIXED_FORWARD, 40)),
    case(aftermath=after(Kind.STILL_FIRING, None)),
    case(Phase.REFUSED, guards=("blame", "budget"), aftermath=after(Kind.CLEARED_BY_ITSELF, 6)),
    case(Phase.REFUSED, rule="latency", mode=Mode.AUTO, guards=("blame",), review=Review.WRONG),
    case(Phase.SUCCEEDED, rule="latency", mode=Mode.AUTO, patched=True, recovered=2 * MINUTE),
    case(None, rule="latency", mode=None, at=NOW - HOUR),
    case(Phase.SUCCEEDED, patched=True, at=SINCE - MINUTE, recovered=HOUR),
]


def test_report_counts_what_was_decided_since() -> None:
    report = make_report(CASES, [], since=SINCE)
    assert report.records == 9
    assert report.phases == {Phase.DRY_RUN: 5, Phase.REFUSED: 2, Phase.SUCCEEDED: 1}
    assert report.refusals == {"blame": 2, "budget": 1}
    assert [each.rule for each in report.scores] == ["errors", "latency"]


def test_medians_come_with_the_number_behind_them() -> None:
    """From the first alert until it was over; an alert that still fired has no time."""
    report = make_report(CASES, [], since=SINCE)
    assert report.by_hand == {"errors": Times(3, 10 * MINUTE), "latency": Times(0, None)}
    assert report.recoveries == {
        Recovery.ROLLED_BACK: Times(1, 2 * MINUTE),
        Recovery.BY_HAND: Times(3, 10 * MINUTE),
        Recovery.FORWARD: Times(1, 40 * MINUTE),
        Recovery.BY_ITSELF: Times(1, 6 * MINUTE),
    }


def test_aftermath_of_what_was_rolled_back_later_is_no_recovery() -> None:
    """Its own end counts."""
    acted = replace(back(4), phase=Phase.NOT_CURED, patched=True)
    assert make_report([acted], [], since=SINCE).recoveries[Recovery.BY_HAND] == Times(0, None)


def test_document_has_every_figure_for_programs() -> None:
    found = report_document(make_report(CASES, [], since=SINCE))
    assert (found["since"], found["records"]) == ("2026-04-01T12:00:00Z", 9)
    assert found["phases"] == {"Refused": 2, "DryRun": 5, "Succeeded": 1}
    assert found["refusals"] == {"blame": 2, "budget": 1}
    assert found["recoveries"]["rolled back by hand"] == {"records": 3, "medianSeconds": 600}
    errors, latency = found["rules"]
    assert errors == {
        "rule": "errors",
        "mode": "dry-run",
        "precision": {"share": None, "records": 0},
        "shadowPrecision": {"share": 1.0, "records": 3},
        "shadowRecall": {"share": 1.0, "records": 3},
        "rightlyRefused": 1,
        "undecided": 2,
        "reviews": {"right": 0, "wrong": 0, "unsure": 0},
        "byHand": {"records": 3, "medianSeconds": 600},
        "savedSeconds": 44 * 60,
        "readyFor": None,
    }
    assert (latency["mode"], latency["precision"]) == ("auto", {"share": 1.0, "records": 1})
    assert latency["byHand"] == {"records": 0, "medianSeconds": None}


def test_rule_that_is_ready_is_named() -> None:
    (rule,) = report_document(make_report([back(4)] * 5, [], since=SINCE))["rules"]
    assert rule["readyFor"] == "approve"


ORDERS = [
    *[Order(NOW, Phase.SUCCEEDED)] * 2,
    Order(NOW, None),
    Order(SINCE, Phase.FAILED),
    Order(SINCE - MINUTE, Phase.SUCCEEDED),
]


def test_what_people_ordered_is_counted_beside_what_rules_decided() -> None:
    """With where it stands; nothing else of the report changes by it."""
    found = report_document(make_report(CASES, ORDERS, since=SINCE))
    assert found.pop("orderedByHand") == {"records": 4, "phases": {"Succeeded": 2, "Failed": 1}}
    without = report_document(make_report(CASES, [], since=SINCE))
    assert without.pop("orderedByHand") == {"records": 0, "phases": {}}
    assert found == without


def record(rule: str, **status: Any) -> dict[str, Any]:
    metadata = {"name": "checkout-1", "creationTimestamp": format_time(NOW - HOUR)}
    return {"metadata": metadata, "spec": {"rule": rule}, "status": status}


@pytest.mark.parametrize(
    ("raw", "order"),
    [
        pytest.param(record("errors", phase="Succeeded"), None, id="a-rules"),
        pytest.param(record(BY_HAND, phase="Succeeded"), Order(NOW - HOUR, Phase.SUCCEEDED), id="a-persons"),
        pytest.param({**record(BY_HAND), "status": None}, Order(NOW - HOUR, None), id="only-claimed"),
        pytest.param(
            record("errors", phase="Failed", decision={"rule": BY_HAND, "at": format_time(NOW)}),
            Order(NOW, Phase.FAILED),
            id="taken-over-by-a-person",
        ),
        pytest.param(
            record(BY_HAND, phase="DryRun", decision={"rule": "errors", "at": format_time(NOW)}),
            None,
            id="taken-over-by-a-rule",
        ),
        pytest.param(
            {**record(BY_HAND), "metadata": {"name": "a", "creationTimestamp": None}}, None, id="of-no-time"
        ),
    ],
)
def test_order_is_read(raw: dict[str, Any], order: Order | None) -> None:
    assert parse_order(raw) == order


def test_nothing_is_a_report_too() -> None:
    found = report_document(make_report([], [], since=SINCE))
    assert (found["records"], found["phases"], found["rules"]) == (0, {}, [])
