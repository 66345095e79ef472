"""One sentence for each phase, and the timeline, from what a record holds."""

from datetime import UTC, datetime
from typing import Any

import pytest

from receiver.policy.record import Phase
from receiver.web.telling import headline, timeline
from tests.web.pages import record

NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)
MOVE = "shop/checkout back from 7 to 6"
ACTED = "Rolled shop/checkout back from 7 to 6 at 03:12:44 UTC, 2.1 s after HighErrorRate reached us"


@pytest.mark.parametrize(
    ("phase", "status", "sentence"),
    [
        ("Succeeded", {}, f"{ACTED}; the alert cleared 94 s later."),
        ("Succeeded", {"finishedAt": None}, f"{ACTED}; the alert cleared."),
        ("NotCured", {}, f"{ACTED}; HighErrorRate fires on: this release was not the cause, or not alone."),
        ("Failed", {}, f"{ACTED}; but the rollout did not finish."),
        (
            "Failed",
            {"patchedAt": None},
            "Could not roll shop/checkout back from 7 to 6; nothing was changed.",
        ),
        ("Superseded", {}, f"{ACTED}; then somebody released over it."),
        ("Superseded", {"patchedAt": None}, "Left shop/checkout alone: somebody changed it first."),
        ("RollingBack", {}, f"{ACTED}; the rollout is under way."),
        ("Verifying", {}, f"{ACTED}; it is rolled out, and the alert has yet to clear."),
        ("Pending", {}, "About to roll shop/checkout back from 7 to 6 because of HighErrorRate."),
        ("Refused", {}, "Did not roll shop/checkout back because of HighErrorRate: budget said no."),
        (
            "DryRun",
            {},
            f"Would have rolled {MOVE} at 03:12:41 UTC because of HighErrorRate; changed nothing.",
        ),
        (
            "AwaitingApproval",
            {"expiresAt": "2026-05-01T03:42:44Z"},
            f"Proposes to roll {MOVE} because of HighErrorRate; waits for approval until 03:42:44 UTC.",
        ),
        (
            "Rejected",
            {"rejectedBy": "Kim"},
            "Kim rejected rolling shop/checkout back from 7 to 6; changed nothing.",
        ),
        ("Expired", {}, "Nobody approved rolling shop/checkout back from 7 to 6 in time; changed nothing."),
        (None, {}, "HighErrorRate has just reached us; it is being judged."),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_sentence_says_what_happened(phase: str | None, status: dict[str, Any], sentence: str) -> None:
    assert headline(record(phase, **status), now=NOW) == sentence


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_has_a_sentence_however_little_is_known(phase: Phase) -> None:
    bare = {"metadata": {"name": "r"}, "spec": {"rule": "r"}, "status": {"phase": phase.value}}
    said = headline(bare, now=NOW)
    assert said.endswith(".")
    assert "None" not in said
    assert "being judged" not in said


def test_what_a_person_ordered_needs_no_alert() -> None:
    raw = record("Pending")
    raw["spec"] |= {"rule": "by-hand", "alert": {}}
    assert headline(raw, now=NOW).endswith("because of somebody's order.")


def test_the_timeline_is_in_order() -> None:
    raw = record(
        approvedBy="Kim",
        approvedAt="2026-05-01T03:12:43Z",
        conditions=[
            {"type": "Patched", "status": "True", "lastTransitionTime": "2026-05-01T03:12:44Z"},
            {"type": "RolledOut", "status": "True", "lastTransitionTime": "2026-05-01T03:12:50Z"},
        ],
        review={"verdict": "right", "by": "Alex", "at": "2026-05-01T03:30:00Z", "note": "thanks"},
    )
    assert [(each.what, each.detail) for each in timeline(raw)] == [
        ("Revision 7 went live", ""),
        ("The alert fired", "HighErrorRate"),
        ("It reached the receiver", ""),
        ("Decided", "rule http-errors, mode auto"),
        ("Approved", "by Kim"),
        ("Patched back to revision 6", ""),
        ("Rolled out", ""),
        ("Ended: Succeeded", ""),
        ("Reviewed: right", "by Alex: thanks"),
    ]


def test_the_aftermath_is_the_last_of_it() -> None:
    aftermath = {
        "kind": "RolledBackByHand",
        "revision": 6,
        "at": "2026-05-01T03:40:00Z",
        "asChosen": True,
        "tookSeconds": 1650,
    }
    last = timeline(record("DryRun", aftermath=aftermath))[-1]
    assert last.what == "Aftermath: Somebody rolled it back by hand"
    assert last.detail == "revision 6, as was chosen here, 27m30s after the trouble began"


def test_times_that_cannot_be_read_are_left_out() -> None:
    raw = record(patchedAt="soon", startedAt=None)
    assert "Patched back to revision 6" not in [each.what for each in timeline(raw)]
