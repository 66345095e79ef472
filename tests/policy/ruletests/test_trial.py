"""A payload judged, and what comes of it held against what was expected."""

from typing import Any

import pytest

from receiver.policy.record import Phase
from receiver.policy.rules import Mode
from receiver.policy.ruletests.document import InstallationEntry
from tests.policy.ruletests.builders import alert, past, revision, rule, told, tried, workload

ACTED = "errors Deployment/shop/a Pending"


def test_release_that_errs_goes_back() -> None:
    (decided,) = tried().unexpected
    assert decided.facts == {
        "rule": "errors",
        "target": "Deployment/shop/a",
        "phase": "Pending",
        "from": 3,
        "to": 2,
        "blocked_by": frozenset(),
    }


def test_release_of_a_rollout_goes_back() -> None:
    """By its own label."""
    of = workload(kind="Rollout")
    assert told(tried(workloads=[of], alerts=[alert(deployment="", rollout="a")])) == [
        "errors Rollout/shop/a Pending"
    ]


NOTHING = {
    "no-alerts": {"alerts": []},
    "no-rule-matches": {"alerts": [alert(alertname="Other")]},
    "resolved": {"alerts": [alert(status="resolved")]},
    "belongs-to-the-record-that-patched": {"past": [past(age="1m")]},
    "joins-the-record-in-work": {"past": [past(**{"from": 3}, age="1m", phase="Pending")]},
}


@pytest.mark.parametrize("changes", NOTHING.values(), ids=NOTHING)
def test_nothing_is_decided(changes: dict[str, Any]) -> None:
    assert told(tried(**changes)) == []


def test_installation_that_is_off_makes_no_record() -> None:
    assert told(tried(installation=InstallationEntry(mode=Mode.OFF))) == []


def test_installation_is_the_ceiling() -> None:
    assert told(tried(installation=InstallationEntry())) == ["errors Deployment/shop/a DryRun"]


def test_alerts_that_belong_to_a_record_leave_the_others_to_be_judged() -> None:
    """The old one is the record's; the young one is about what is live now."""
    given = [alert("5m"), alert("1m", pod="x")]
    outcome = tried(alerts=given, past=[past(age="2m", **{"from": 9, "to": 8})])
    assert told(outcome) == ["errors Deployment/shop/a Refused cooldown"]


def test_all_rules_about_a_workload_are_one_record_and_all_are_heard() -> None:
    """The one that goes furthest leads, with its own verdicts."""
    rules = rule("watch", mode=Mode.DRY_RUN), rule("errors"), rule("off", mode=Mode.OFF)
    (decided,) = tried(*rules).unexpected
    assert [(opinion.rule, opinion.phase) for opinion in decided.opinions] == [
        ("errors", Phase.PENDING),
        ("watch", Phase.DRY_RUN),
    ]
    assert all(len(opinion.verdicts) > 10 for opinion in decided.opinions)


def test_decisions_count_for_each_other_in_the_order_in_which_the_trouble_began() -> None:
    budget = {"max": 1, "per": "1h"}
    given = [alert("1m"), alert("2m", deployment="b")]
    workloads = [workload(), workload(name="b")]
    one = rule(budget=budget)
    assert told(tried(one, alerts=given, workloads=workloads)) == [
        "errors Deployment/shop/a Refused budget",
        "errors Deployment/shop/b Pending",
    ]


def test_target_that_cannot_be_found_is_a_record_for_each_rule_and_reason() -> None:
    gone = [alert(deployment=name) for name in ("gone", "lost")]
    lost = [alert(deployment="", pod="gone"), alert(namespace="")]
    outcome = tried(rule("one"), rule("two"), alerts=[*gone, *lost])
    refused = ["one - Refused target", "two - Refused target"]
    assert sorted(told(outcome)) == sorted(refused * 2)
    said = [decided.opinions[0].verdicts[0].evidence for decided in outcome.unexpected]
    assert said.count("Deployment shop/gone does not exist") == 0
    assert said.count("Pod shop/gone, or what owns it, does not exist") == 2


MET = {
    "nothing-compared": [{}],
    "all": [{"rule": "errors", "target": "Deployment/shop/a", "phase": "Pending", "from": 3, "to": 2}],
    "nobody-blocks": [{"blocked_by": []}],
}


@pytest.mark.parametrize("expect", MET.values(), ids=MET)
def test_what_is_as_expected_passes(expect: list[dict[str, Any]]) -> None:
    outcome = tried(expect=expect)
    assert (outcome.passed, outcome.missing, outcome.unexpected) == (True, (), ())


UNMET = {
    "rule": {"rule": "latency"},
    "target": {"target": "Deployment/shop/b"},
    "phase": {"phase": "DryRun"},
    "from": {"from": 2},
    "to": {"to": 1},
    "blocked-by": {"blocked_by": ["blame"]},
}


@pytest.mark.parametrize("expected", UNMET.values(), ids=UNMET)
def test_what_is_not_as_expected_fails(expected: dict[str, Any]) -> None:
    """What was expected is missing, and what is there was not expected."""
    outcome = tried(expect=[expected])
    assert not outcome.passed
    assert [list(missing.given()) for missing in outcome.missing] == [list(expected)]
    assert len(outcome.unexpected) == 1


def test_guards_that_block_are_the_exact_set() -> None:
    """One too few fails as one too many does; the order says nothing."""
    both: dict[str, Any] = {"paused": True, "workloads": [workload(paused=True)]}
    assert tried(expect=[{"blocked_by": ["workload_paused", "paused"]}], **both).passed
    assert not tried(expect=[{"blocked_by": ["paused"]}], **both).passed


def test_number_of_records_is_compared() -> None:
    one = {"rule": "errors"}
    assert len(tried(expect=[one, one]).missing) == 1
    assert len(tried(expect=[]).unexpected) == 1


def test_records_are_compared_in_any_order() -> None:
    """An expectation that would take another's record leaves it where it fits another one."""
    given: dict[str, Any] = {
        "alerts": [alert("1m"), alert("2m", deployment="b"), alert("2m", deployment="c")],
        "workloads": [workload(), workload(name="b"), workload(name="c")],
    }
    named = [{"target": f"Deployment/shop/{name}"} for name in ("a", "b")]
    assert tried(expect=[{}, *named], **given).passed
    outcome = tried(expect=[*named, *named], **given)
    assert [missing.given() for missing in outcome.missing] == named
    assert [decided.facts["target"] for decided in outcome.unexpected] == ["Deployment/shop/c"]


def test_the_interfaces_own_example_runs() -> None:
    """What is missing is nobody's concern where no template names it."""
    six = revision(6, "2d", image="checkout:6", config=["ConfigMap/checkout-6"])
    revisions = [
        revision(5, "3d", image="checkout:5"),
        six,
        revision(7, "6m", image="checkout:7", available=0),
    ]
    shop: dict[str, Any] = {"workloads": [workload(replicas=3, revisions=revisions)]}
    for missing, to in (["Secret/shop/old-key"], 6), (["ConfigMap/shop/checkout-6"], 5):
        assert tried(missing=missing, expect=[{"phase": "Pending", "from": 7, "to": to}], **shop).passed
