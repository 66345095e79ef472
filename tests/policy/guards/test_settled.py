"""Guards settled and flip_flop: we fight neither people nor ourselves."""

from dataclasses import replace
from typing import Any

import pytest

from receiver.policy.guards import flip_flop, settled
from receiver.policy.record import PastRollback, Phase, Review
from receiver.policy.verdict import Common
from receiver.policy.workload import Unreadable
from tests.policy.builders import FORBIDDEN, LIVE, NOW, context, own_record, past, revision, workload

OWN = {"record": own_record(), "from_number": 7, "from_hash": "hash7"}


def own(phase: Phase | None, **changes: Any) -> PastRollback:
    """The record about the live template, without a patch unless one is given."""
    return past(**{**OWN, "phase": phase, "patched_at": None, **changes})


PATCHED = past().patched_at


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        pytest.param((), settled.Reason.NEW, id="nothing-known"),
        pytest.param((past(),), settled.Reason.NEW, id="another-template"),
        pytest.param((own(Phase.REJECTED),), settled.Reason.ENDED, id="rejected"),
        pytest.param((own(Phase.FAILED),), settled.Reason.ENDED, id="failed-before-the-patch"),
        pytest.param(
            (own(Phase.FAILED, patched_at=PATCHED),), settled.Reason.RELEASED_AGAIN, id="failed-after-it"
        ),
        pytest.param(
            (own(Phase.SUCCEEDED, patched_at=PATCHED),), settled.Reason.RELEASED_AGAIN, id="succeeded"
        ),
        pytest.param(
            (own(Phase.NOT_CURED, patched_at=PATCHED),), settled.Reason.RELEASED_AGAIN, id="not-cured"
        ),
        pytest.param(
            (own(Phase.SUCCEEDED, patched_at=PATCHED, review=Review.WRONG),),
            settled.Reason.RELEASED_AGAIN,
            id="a-rollback-that-was-wrong-is-not-repeated-either",
        ),
        pytest.param(
            (own(Phase.SUPERSEDED, patched_at=PATCHED),),
            settled.Reason.RELEASED_AGAIN,
            id="superseded-after-the-patch",
        ),
        pytest.param(
            (own(Phase.SUPERSEDED, patched_at=PATCHED, review=Review.WRONG),),
            settled.Reason.RELEASED_AGAIN,
            id="superseded-after-a-patch-that-was-wrong",
        ),
        pytest.param(
            (own(Phase.FAILED), own(None, patched_at=PATCHED)),
            settled.Reason.RELEASED_AGAIN,
            id="only-the-annotation-tells-of-the-patch",
        ),
        pytest.param(
            (past(from_hash="hash7", phase=None),),
            settled.Reason.RELEASED_AGAIN,
            id="only-the-annotation-is-left",
        ),
        pytest.param((own(Phase.SUPERSEDED),), settled.Reason.NEW, id="superseded-before-the-patch"),
        pytest.param((own(Phase.REFUSED),), settled.Reason.NEW, id="refused-before"),
        pytest.param((own(Phase.EXPIRED),), settled.Reason.NEW, id="expired"),
        pytest.param((own(None),), settled.Reason.NEW, id="just-claimed"),
        pytest.param(
            (own(Phase.DRY_RUN, review=Review.RIGHT),), settled.Reason.NEW, id="a-dry-run-that-was-right"
        ),
    ],
)
def test_a_template_that_was_dealt_with_is_left_alone(
    known: tuple[PastRollback, ...], reason: settled.Reason
) -> None:
    """Rolled back, rejected or failed before: final. What only was judged is judged afresh."""
    verdict = settled.judge(context(past=known))
    assert verdict.reason is reason
    assert verdict.blocks is (reason is not settled.Reason.NEW)


def test_a_release_that_a_person_undid_and_released_again_is_theirs() -> None:
    """The numbers show the undo."""
    live = revision(9, former_numbers=(7,), live_since=revision(7).live_since)
    verdict = settled.judge(
        context(workload=workload(live=live, revisions=(revision(8, former_numbers=(6,)),)))
    )
    assert verdict.reason is settled.Reason.RELEASED_AGAIN
    assert verdict.evidence == (
        "revision 9 was dealt with before, undone: an older revision followed it as revision 8; "
        "live again, a person seems to want it"
    )


@pytest.mark.parametrize(
    ("known", "evidence"),
    [
        pytest.param(
            own(Phase.REJECTED, rejected_by="alice", ended_at=NOW),
            f"record {own_record()} was rejected by alice at 2026-05-01T12:00:00Z; revision 7 is still live",
            id="rejected",
        ),
        pytest.param(
            own(Phase.REJECTED, rejected_by="a\nb"),
            f"record {own_record()} was rejected by 'a\\nb'; revision 7 is still live",
            id="rejected-by-a-hostile-name",
        ),
        pytest.param(
            own(Phase.REJECTED),
            f"record {own_record()} ended as Rejected; revision 7 is still live",
            id="rejected-by-nobody-knows-whom",
        ),
        pytest.param(
            own(Phase.FAILED, ended_at=NOW),
            f"record {own_record()} ended as Failed without a patch at 2026-05-01T12:00:00Z; "
            "revision 7 is still live; a person has to look",
            id="failed-before-the-patch",
        ),
        pytest.param(
            own(Phase.REJECTED, rejected_by="alice", ended_at=NOW, from_number=5),
            f"revision 7 was dealt with before, record {own_record()} was rejected by alice "
            "at 2026-05-01T12:00:00Z; live again, a person seems to want it",
            id="rejected-away-and-released-again",
        ),
        pytest.param(
            own(Phase.REJECTED, rejected_by="alice", from_number=None),
            f"record {own_record()} was rejected by alice; revision 7 is still live",
            id="rejected-before-it-was-numbered",
        ),
        pytest.param(
            own(Phase.FAILED, from_number=None, patched_at=PATCHED, review=Review.WRONG, ended_at=NOW),
            f"revision 7 was dealt with before, record {own_record()} ended as Failed "
            "at 2026-05-01T12:00:00Z; live again, a person seems to want it",
            id="failed-after-the-patch-wrongly",
        ),
        pytest.param(
            own(Phase.SUCCEEDED, patched_at=PATCHED),
            "revision 7 was dealt with before, rolled back from at 2026-04-30T12:00:00Z "
            f"(record {own_record()}); live again, a person seems to want it",
            id="rolled-back",
        ),
        pytest.param(
            own(Phase.SUCCEEDED, patched_at=PATCHED, review=Review.WRONG),
            f"revision 7 was dealt with before, record {own_record()} ended as Succeeded; "
            "live again, a person seems to want it",
            id="rolled-back-wrongly",
        ),
    ],
)
def test_settled_says_what_was_done_before(known: PastRollback, evidence: str) -> None:
    """And by which record."""
    assert settled.judge(context(past=(known,))).evidence == evidence


@pytest.mark.parametrize(
    ("known", "blocks"),
    [
        pytest.param(past(to_hash="hash7"), True, id="restored"),
        pytest.param(past(to_hash="hash7", phase=None), True, id="the-annotation-says-so"),
        pytest.param(past(to_hash="hash7", patched_at=None), False, id="only-planned"),
        pytest.param(past(to_hash="hash6"), False, id="another-was-restored"),
        pytest.param(past(from_hash="hash7"), False, id="it-was-left-not-restored"),
    ],
)
def test_what_we_restored_we_do_not_roll_back(known: PastRollback, *, blocks: bool) -> None:
    """Whoever is right, it would go to and fro."""
    verdict = flip_flop.judge(context(past=(past(record="other"), known)))
    assert verdict.blocks is blocks
    assert verdict.reason is (flip_flop.Reason.RESTORED if blocks else flip_flop.Reason.NOT_OURS)


def test_flip_flop_says_which_record_restored_it() -> None:
    """And when."""
    verdict = flip_flop.judge(context(past=(past(to_hash="hash7"),)))
    assert verdict.evidence == "revision 7 is what record checkout-old restored at 2026-04-30T12:00:00Z"


def test_nothing_known_is_no_flip_flop() -> None:
    """A first rollback is allowed."""
    assert flip_flop.judge(context()).evidence == "revision 7 was not restored by this receiver"


@pytest.mark.parametrize("guard", [settled, flip_flop], ids=lambda guard: guard.GUARD)
def test_they_cannot_tell_without_the_past(guard: Any) -> None:
    """So they block, and say what they could not read."""
    verdict = guard.judge(context(past=FORBIDDEN))
    assert verdict.blocks
    assert verdict.reason is Common.UNREADABLE
    assert verdict.evidence == "cannot read the earlier records: 403 Forbidden"


UNKNOWN = Unreadable("the ReplicaSets", "403 Forbidden")
WITHOUT_HISTORY = workload(revisions=UNKNOWN, live=replace(LIVE, number=None, template_hash=None))


@pytest.mark.parametrize(
    ("guard", "known", "evidence"),
    [
        pytest.param(
            flip_flop,
            past(patched_at=None),
            "no record and no annotation of Deployment shop/checkout tells of a rollback; ",
            id="flip-flop-without-a-rollback",
        ),
        pytest.param(flip_flop, past(), "", id="flip-flop-cannot-compare-with-what-was-restored"),
        pytest.param(
            settled,
            past(),
            "no record and no annotation of Deployment shop/checkout deals with the new revision; ",
            id="settled",
        ),
    ],
)
def test_without_the_history_they_claim_no_more_than_they_saw(
    guard: Any, known: PastRollback, evidence: str
) -> None:
    """What was looked at, and what could not be; where that decides, they cannot tell."""
    verdict = guard.judge(context(workload=WITHOUT_HISTORY, past=(known,)))
    assert verdict.evidence == f"{evidence}cannot read the ReplicaSets: 403 Forbidden"
    assert verdict.blocks is (not evidence)


def test_a_record_of_this_very_template_counts_without_the_history() -> None:
    """Its name is computed from the template."""
    known = past(record=own_record(WITHOUT_HISTORY), phase=Phase.REJECTED, patched_at=None)
    verdict = settled.judge(context(workload=WITHOUT_HISTORY, past=(known,)))
    assert verdict.reason is settled.Reason.ENDED
