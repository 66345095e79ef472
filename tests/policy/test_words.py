"""What people say of a record: which phase allows it, what it leaves, and who is named to whom comes late."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from receiver.policy.intake import WrongPhase
from receiver.policy.record import Phase, Review
from receiver.policy.words import (
    NAME_LIMIT,
    NOTE_LIMIT,
    Status,
    Word,
    approval_of,
    approved,
    overdue,
    rejected,
    reviewed,
)
from tests.policy.builders import MINUTE, NOW

AT = "2026-05-01T12:00:00.000000Z"
SOON = "2026-05-01T12:01:00.000000Z"
DECISION = {"rule": "errors", "at": "2026-05-01T11:50:00Z"}
OTHER = {"occurrences": 3, "decision": DECISION}
ANN, BOB = Word("ann", NOW), Word("bob", NOW, "it is the network")
APPROVED = {"approvedBy": "eve", "approvedAt": "2026-05-01T11:55:00.000000Z"}
ONLY = "; only what is AwaitingApproval and has not expired can be approved or rejected"


def status(phase: Phase | None = Phase.AWAITING_APPROVAL, **more: Any) -> Status:
    awaiting = {"expiresAt": SOON} if phase is Phase.AWAITING_APPROVAL else {}
    return {**OTHER, **awaiting, **({} if phase is None else {"phase": phase.value}), **more}


def approve(old: Status) -> Status | None:
    return approved("a", old, ANN)


def reject(old: Status) -> Status | None:
    return rejected("a", old, BOB)


def review(old: Status) -> Status | None:
    return reviewed("a", old, BOB, Review.WRONG)


def test_approved_record_is_pending() -> None:
    """With who and when; all else stays."""
    new = approve(status())
    assert new is not None
    assert "ann" in new.pop("message")
    assert new == status(Phase.PENDING, expiresAt=SOON, approvedBy="ann", approvedAt=AT)


@pytest.mark.parametrize(
    ("word", "more"),
    [
        pytest.param(BOB, {"rejectionNote": "it is the network"}, id="with-a-note"),
        pytest.param(Word("bob", NOW), {}, id="without"),
    ],
)
def test_rejected_record_is_final(word: Word, more: dict[str, str]) -> None:
    """With who, when and what was said."""
    new = rejected("a", status(), word)
    assert new is not None
    message = new.pop("message")
    assert "bob" in message
    assert all(text in message for text in more.values())
    final = {"rejectedBy": "bob", "rejectedAt": AT, "finishedAt": AT}
    assert new == status(Phase.REJECTED, expiresAt=SOON, **final, **more)


@pytest.mark.parametrize("act", [approve, reject])
def test_word_that_is_kept_already_changes_nothing(act: Callable[[Status], Status | None]) -> None:
    """Its write was answered too late, and is tried again: nobody was faster."""
    kept = act(status())
    assert kept is not None
    assert act(kept) is None


LATE = {
    "just-claimed": ({}, "is just being judged"),
    "refused": (status(Phase.REFUSED), "is Refused: decided by rule errors at 2026-05-01T11:50:00Z"),
    "dry-run": (status(Phase.DRY_RUN), "is DryRun: decided by rule errors at 2026-05-01T11:50:00Z"),
    "undated": (status(Phase.FAILED, decision={}), "is Failed: decided by rule None at an unknown time"),
    "approved": (
        status(Phase.ROLLING_BACK, **APPROVED),
        "is RollingBack: approved by eve at 2026-05-01T11:55:00Z",
    ),
    "rejected": (
        status(Phase.REJECTED, rejectedBy="eve", rejectedAt="2026-05-01T11:55:00Z", expiresAt=SOON),
        "is Rejected: rejected by eve at 2026-05-01T11:55:00Z",
    ),
    "expired": (
        status(Phase.EXPIRED, expiresAt="2026-05-01T11:59:00Z"),
        "is Expired: nobody approved it by 2026-05-01T11:59:00Z",
    ),
    "expired-and-not-ended-yet": (
        status(expiresAt=AT),
        "is AwaitingApproval: nobody approved it by 2026-05-01T12:00:00Z",
    ),
}


@pytest.mark.parametrize("act", [approve, reject])
@pytest.mark.parametrize(("old", "standing"), LATE.values(), ids=LATE.keys())
def test_word_that_comes_too_late_hears_who_was_first(
    act: Callable[[Status], Status | None], old: Status, standing: str
) -> None:
    """By whom, when, and in which phase the record is now."""
    with pytest.raises(WrongPhase) as caught:
        act(old)
    assert str(caught.value) == f"record a {standing}{ONLY}"


@pytest.mark.parametrize(
    "phase", [phase for phase in Phase if phase not in {Phase.PENDING, Phase.ROLLING_BACK, Phase.VERIFYING}]
)
def test_decision_can_be_reviewed_unless_it_is_being_carried_out(phase: Phase) -> None:
    """Again and again: the last word counts."""
    old = status(phase, review={"verdict": "right", "by": "eve", "at": AT, "note": "x"})
    review = {"verdict": "wrong", "note": "it is the network", "by": "bob", "at": AT}
    assert reviewed("a", old, BOB, Review.WRONG) == {**old, "review": review}
    silent = reviewed("a", old, ANN, Review.UNSURE)
    assert silent["review"] == {"verdict": "unsure", "by": "ann", "at": AT}


@pytest.mark.parametrize(
    "old",
    [
        pytest.param({}, id="just-claimed"),
        pytest.param(status(Phase.PENDING), id="pending"),
        pytest.param(status(Phase.ROLLING_BACK), id="rolling-back"),
        pytest.param(status(Phase.VERIFYING), id="verifying"),
        pytest.param(status(Phase.SUPERSEDED, decision=None), id="no-decision"),
    ],
)
def test_what_is_not_decided_or_in_work_cannot_be_reviewed(old: Status) -> None:
    """It says where it stands."""
    with pytest.raises(WrongPhase, match=r"record a is .*; it can be reviewed when that has ended"):
        review(old)


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        pytest.param(status(), False, id="there-is-time"),
        pytest.param(status(expiresAt=AT), True, id="this-very-moment"),
        pytest.param(status(expiresAt=None), False, id="no-end"),
        pytest.param(status(Phase.PENDING, expiresAt=AT), False, id="approved"),
    ],
)
def test_only_what_awaits_approval_expires(old: Status, *, expected: bool) -> None:
    """At the moment that was told."""
    assert overdue(old, now=NOW) is expected
    assert overdue(status(), now=NOW + MINUTE) is True


@pytest.mark.parametrize(
    ("old", "said"),
    [
        pytest.param({}, None, id="nobody"),
        pytest.param(APPROVED, "approved by eve at 2026-05-01T11:55:00Z", id="somebody"),
    ],
)
def test_approval_is_told_in_words(old: Status, said: str | None) -> None:
    assert approval_of(old) == said


def test_words_are_kept_within_bounds() -> None:
    """A record has to fit into etcd."""
    word = Word.said("n" * 9999, NOW + timedelta(0), "t" * 99999)
    assert len(word.by.encode()) <= NAME_LIMIT
    assert len(word.note.encode()) <= NOTE_LIMIT
