"""The changes of a status: each keeps what it is not about."""

from datetime import timedelta
from typing import Any

import pytest

from receiver.engine import status
from receiver.policy.decision import Decision
from receiver.policy.record import PastRollback, Phase
from receiver.policy.rules import Mode
from tests.engine.builders import CHECKOUT, ME, NOW
from tests.policy.builders import decision, workload
from tests.policy.builders import rule as policy_rule

AT, LATER = "2026-04-07T12:00:00.000000Z", "2026-04-07T12:01:00.000000Z"
OTHER = {"occurrences": 3, "unknownField": {"kept": True}}


def test_holder_says_who_and_that_it_lives() -> None:
    """Over whoever held it before."""
    held = status.held({**OTHER, "holder": "x"}, ME, now=NOW)
    assert held == {**OTHER, "holder": "here:1/now", "renewTime": AT}


@pytest.mark.parametrize("holder", [{"holder": "there:1/x"}, {"holder": ""}, {}])
def test_only_the_holder_renews(holder: dict[str, str]) -> None:
    """Somebody else has taken it over, or it was handed over: None."""
    assert status.renewed(holder, ME, now=NOW) is None
    mine = status.held({}, ME, now=NOW)
    assert status.renewed(mine, ME, now=NOW + timedelta(minutes=1)) == {**mine, "renewTime": LATER}


def test_handing_over_leaves_everything_but_the_holder() -> None:
    """An empty holder is not a missing one: it was written on purpose."""
    assert status.handed_over(status.held(OTHER, ME, now=NOW)) == {**OTHER, "holder": ""}


ASKED = decision(rules=[policy_rule(mode=Mode.APPROVE)])
APPROVED = {"expiresAt": LATER, "approvedBy": "ann", "approvedAt": AT}


def test_what_is_asked_says_until_when() -> None:
    """From the decision on; what was approved before was another decision."""
    new = status.decided({**OTHER, **APPROVED}, ASKED, document={}, received_at=NOW)
    assert (new["phase"], new["expiresAt"]) == ("AwaitingApproval", "2026-05-01T12:30:00.000000Z")
    assert "approvedBy" not in new


@pytest.mark.parametrize(
    ("before", "made", "kept", "message"),
    [
        pytest.param({}, decision(), {}, "Rolling ", id="nobody-was-asked"),
        pytest.param(APPROVED, decision(), APPROVED, "Rolling ", id="approved"),
        pytest.param(
            APPROVED,
            decision(workload(paused=True)),
            APPROVED,
            "The rollback of Deployment shop/checkout was approved by ann at 2026-04-07T12:00:00Z, "
            "but refused: workload_paused: ",
            id="approved-and-refused",
        ),
        pytest.param({}, decision(workload(paused=True)), {}, "Refused to roll ", id="refused"),
    ],
)
def test_who_approved_stays_when_it_is_judged_again(
    before: dict[str, str], made: Decision, kept: dict[str, str], message: str
) -> None:
    """And is named where it was for nothing."""
    new = status.rejudged({**OTHER, **before}, made, document={}, received_at=NOW)
    assert {key: new[key] for key in APPROVED if key in new} == kept
    assert new["message"].startswith(message)


def test_decision_starts_the_record_anew() -> None:
    """Holder and end of an earlier turn go; what joined stays."""
    made = decision()
    before = {**OTHER, "holder": "x", "renewTime": AT, "finishedAt": AT, "phase": "Superseded"}
    new = status.decided(before, made, document={"rule": "errors"}, received_at=NOW)
    assert new.pop("message")
    assert new == {
        **OTHER,
        "target": "Deployment/shop/checkout",
        "phase": "Pending",
        "decision": {"rule": "errors"},
        "startedAt": AT,
    }


@pytest.mark.parametrize(
    ("made", "phase"),
    [
        pytest.param(decision(), "Pending", id="pending"),
        pytest.param(decision(workload(paused=True)), "Refused", id="refused"),
        pytest.param(decision(rules=[policy_rule(mode=Mode.DRY_RUN)]), "DryRun", id="dry-run"),
    ],
)
def test_phase_is_the_leading_rules(made: Any, phase: str) -> None:
    """Refused, DryRun or Pending."""
    assert status.decided({}, made, document={}, received_at=NOW)["phase"] == phase


def test_patch_is_a_phase_a_time_and_a_condition() -> None:
    """The time is the one in the workload's annotation."""
    new = status.patched({**OTHER, "holder": "x"}, at=NOW, message="done")
    assert new["phase"] == "RollingBack"
    assert (new["patchedAt"], new["holder"], new["unknownField"]) == (AT, "x", {"kept": True})
    assert new["conditions"] == [
        {
            "type": "Patched",
            "status": "True",
            "reason": "Patched",
            "message": "done",
            "lastTransitionTime": AT,
        }
    ]


def test_end_lets_go_of_the_record() -> None:
    """Nobody holds what is final."""
    new = status.ended(status.held(OTHER, ME, now=NOW), Phase.FAILED, "why", now=NOW)
    assert new == {**OTHER, "phase": "Failed", "message": "why", "finishedAt": AT}


@pytest.mark.parametrize(("before", "seen"), [({}, 2), ({"occurrences": 5}, 7)])
def test_repeats_only_count(before: dict[str, int], seen: int) -> None:
    """What is known of each alert is left as it is."""
    assert status.repeated(before, times=2, now=NOW) == {"occurrences": seen, "lastSeenAt": AT}


def test_patch_found_on_the_workload_is_entered() -> None:
    """The decision could not be stored before whoever made the patch died."""
    done = PastRollback("a", CHECKOUT, "errors", to_number=6, to_hash="hash6", patched_at=NOW)
    assert status.adopted(OTHER, done) == {
        **OTHER,
        "target": "Deployment/shop/checkout",
        "decision": {"rule": "errors", "to": {"revision": 6, "templateHash": "hash6"}},
    }


def test_stored_decision_knows_more_than_the_workload() -> None:
    """It stays as it is."""
    done = PastRollback("a", CHECKOUT, "other", to_number=6, patched_at=NOW)
    before = {"decision": {"rule": "errors"}}
    assert status.adopted(before, done) == before


def test_condition_changes_its_time_only_with_its_status() -> None:
    """As Kubernetes' conditions do; others are left alone."""
    first = status.with_condition({"conditions": [{"type": "Other"}]}, "A", "True", "R", "one", now=NOW)
    later = NOW + timedelta(minutes=1)
    same = status.with_condition(first, "A", "True", "S", "two", now=later)
    assert status.condition_time(same, "A") == AT
    assert same["conditions"][-1]["message"] == "two"
    turned = status.with_condition(same, "A", "False", "T", "three", now=later)
    assert status.condition_time(turned, "A") == LATER
    assert [c["type"] for c in turned["conditions"]] == ["Other", "A"]
    assert status.condition_time({}, "A") is None
    assert first["conditions"][-1]["message"] == "one"
