"""The audit trail's changes: each told once, by whom and why, and nothing else is one."""

from typing import Any

import pytest

from receiver.policy.audit import Aspect, Change, changes

WRITER = "host:1/run"
AT, LATER = "2026-04-07T12:00:00Z", "2026-04-07T12:05:00Z"


def refused(*guards: str) -> dict[str, Any]:
    verdicts = [{"guard": "target", "allowed": True}, *({"guard": g, "allowed": False} for g in guards)]
    return {"phase": "Refused", "message": "No", "decision": {"verdicts": [*verdicts, {"guard": "history"}]}}


ASKING = {"phase": "AwaitingApproval"}
PENDING = {"phase": "Pending", "message": "Go"}
REVIEW = {"verdict": "right", "by": "ann", "at": AT}
CLEARED = {"kind": "ClearedByItself", "at": AT, "tookSeconds": 120}


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        pytest.param({}, PENDING, Change(Aspect.PHASE, "", "Pending", WRITER, "Go"), id="first-phase"),
        pytest.param(
            PENDING,
            {"phase": "RollingBack"},
            Change(Aspect.PHASE, "Pending", "RollingBack", WRITER, ""),
            id="next-phase-without-a-message",
        ),
        pytest.param(
            ASKING,
            {**PENDING, "approvedBy": "ann", "approvedAt": AT},
            Change(Aspect.PHASE, "AwaitingApproval", "Pending", "ann", "Go"),
            id="approved",
        ),
        pytest.param(
            {**PENDING, "approvedBy": "ann", "approvedAt": AT},
            {"phase": "RollingBack", "approvedBy": "ann", "approvedAt": AT},
            Change(Aspect.PHASE, "Pending", "RollingBack", WRITER, ""),
            id="done-after-the-approval",
        ),
        pytest.param(
            {"phase": "Expired", "approvedBy": "ann", "approvedAt": AT},
            {**PENDING, "approvedBy": "bob", "approvedAt": LATER},
            Change(Aspect.PHASE, "Expired", "Pending", "bob", "Go"),
            id="ordered-by-another-later",
        ),
        pytest.param(
            ASKING,
            {"phase": "Rejected", "rejectedBy": "bob", "rejectedAt": AT},
            Change(Aspect.PHASE, "AwaitingApproval", "Rejected", "bob", ""),
            id="rejected",
        ),
        pytest.param(
            refused("blame"),
            refused("blame", "budget"),
            Change(Aspect.BLOCKED_BY, "blame", "blame,budget", WRITER, "No"),
            id="refused-by-others",
        ),
        pytest.param(
            {"phase": "Refused"},
            {**refused("blame"), "phase": "DryRun"},
            Change(Aspect.PHASE, "Refused", "DryRun", WRITER, "No"),
            id="new-phase-says-it-all",
        ),
        pytest.param(
            {"phase": "DryRun"},
            {"phase": "DryRun", "review": {**REVIEW, "note": "it was"}},
            Change(Aspect.REVIEW, "", "right", "ann", "it was"),
            id="first-review",
        ),
        pytest.param(
            {"phase": "DryRun", "review": REVIEW},
            {"phase": "DryRun", "review": {"verdict": "wrong", "by": "bob", "at": LATER}},
            Change(Aspect.REVIEW, "right", "wrong", "bob", ""),
            id="another-review",
        ),
        pytest.param(
            {"phase": "DryRun"},
            {"phase": "DryRun", "aftermath": CLEARED},
            Change(
                Aspect.AFTERMATH,
                "",
                "ClearedByItself",
                WRITER,
                "The alert cleared by itself 2m after it began, with another revision live",
            ),
            id="aftermath",
        ),
        pytest.param(
            {"aftermath": CLEARED},
            {"aftermath": {"kind": "StillFiring", "at": AT}},
            Change(
                Aspect.AFTERMATH,
                "ClearedByItself",
                "StillFiring",
                WRITER,
                "The alert still fired at 2026-04-07T12:00:00Z, when following it ended",
            ),
            id="another-aftermath",
        ),
    ],
)
def test_a_change_is_told_once(before: dict[str, Any], after: dict[str, Any], change: Change) -> None:
    assert list(changes(before, after, writer=WRITER)) == [change]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({}, {"occurrences": 1}, id="claimed-only"),
        pytest.param({**PENDING, "renewTime": AT}, {**PENDING, "renewTime": LATER}, id="renewed"),
        pytest.param(refused("blame"), {**refused("blame"), "occurrences": 2}, id="refused-again"),
        pytest.param({**ASKING, "review": REVIEW}, {**ASKING, "review": REVIEW}, id="reviewed-before"),
        pytest.param({"aftermath": CLEARED}, {"aftermath": CLEARED, "lastSeenAt": AT}, id="ended-before"),
        pytest.param({**PENDING, "approvedAt": AT}, PENDING, id="approval-taken-back"),
    ],
)
def test_what_changes_nothing_is_not_told(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert list(changes(before, after, writer=WRITER)) == []


def test_several_changes_at_once_are_told_one_by_one() -> None:
    after = {**PENDING, "review": REVIEW, "aftermath": CLEARED}
    told = [change.aspect for change in changes({}, after, writer=WRITER)]
    assert told == [Aspect.PHASE, Aspect.REVIEW, Aspect.AFTERMATH]
