"""One sentence for each phase, from what a record holds."""

from datetime import UTC, datetime
from typing import Any

import pytest

from receiver.policy.record import Phase
from receiver.web.telling import headline
from tests.web.pages import ordered, record

NOT_CURED = "the release was not the cause, or not alone"
CLEARED = {"name": "HighErrorRate", "fingerprint": "f", "rule": "http-errors", "status": "resolved"}
BLOCKED = {"guard": "paused", "allowed": False, "evidence": "by ann"}
NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)
MOVE = "shop/checkout back from 7 to 6"
BY_HAND = f"Kim rolled {MOVE} at 03:12:44 UTC by hand"
ACTED = "Rolled shop/checkout back from 7 to 6 at 03:12:44 UTC, 2.1 s after HighErrorRate reached us"


@pytest.mark.parametrize(
    ("phase", "status", "sentence"),
    [
        ("Succeeded", {}, f"{ACTED}; the alert cleared 94 s later."),
        ("Succeeded", {"finishedAt": None}, f"{ACTED}; the alert cleared."),
        (
            "Succeeded",
            {"clearedAt": "2026-05-01T03:12:55.9Z"},
            f"{ACTED}; the alert cleared 11 s later.",
        ),
        (
            "Succeeded",
            {"clearedAt": "2026-05-01T03:12:43Z"},
            f"{ACTED}; the alert cleared before that.",
        ),
        (
            "NotCured",
            {},
            f"{ACTED}; nobody has said that HighErrorRate cleared: {NOT_CURED}.",
        ),
        (
            "NotCured",
            {"alerts": [CLEARED, {**CLEARED, "name": "Slow", "status": "firing"}]},
            f"{ACTED}; nobody has said that Slow cleared: {NOT_CURED}.",
        ),
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
        ("Pending", {}, f"About to roll {MOVE}; HighErrorRate asked for it."),
        ("Refused", {}, f"HighErrorRate asked to roll {MOVE}; refused by budget: 3 of 3."),
        (
            "Refused",
            {"approvedBy": "Kim"},
            f"HighErrorRate asked to roll {MOVE}, and Kim approved; refused by budget: 3 of 3.",
        ),
        (
            "Refused",
            {"decision": {"verdicts": [BLOCKED, {**BLOCKED, "guard": "stale"}]}},
            "HighErrorRate asked to roll shop/checkout back from 7; refused by paused and stale: by ann.",
        ),
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
            "AwaitingApproval",
            {"expiresAt": "2026-05-01T03:42:44Z", "clearedAt": "2026-05-01T03:13:00Z"},
            (
                f"Proposes to roll {MOVE} because of HighErrorRate, which cleared at 03:13:00 UTC;"
                " waits for approval until 03:42:44 UTC."
            ),
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


@pytest.mark.parametrize(
    ("phase", "status", "sentence"),
    [
        ("Pending", {}, f"About to roll {MOVE}; Kim asked for it."),
        ("RollingBack", {}, f"{BY_HAND}; the rollout is under way."),
        ("Succeeded", {}, f"{BY_HAND}; it was rolled out 94 s later."),
        ("Refused", {}, f"Kim asked to roll {MOVE}; refused by budget: 3 of 3."),
        ("Refused", {"approvedBy": None}, f"Somebody asked to roll {MOVE}; refused by budget: 3 of 3."),
    ],
)
def test_what_a_person_ordered_is_theirs(phase: str, status: dict[str, Any], sentence: str) -> None:
    """The alert that stands for the order is nobody's business."""
    raw = ordered(phase, **{"approvedBy": "Kim", **status})
    assert headline(raw, now=NOW) == sentence
