"""Which revision to go back to, and what is said of those passed over."""

from datetime import timedelta

import pytest

from receiver.policy.choice import Choice, Reason, choose
from receiver.policy.history import KnownBad
from receiver.policy.record import PastRollback
from receiver.policy.rules import Rollback, To
from receiver.policy.workload import Revision, Unreadable, Workload
from tests.policy.builders import DAY, LIVE, MINUTE, NOW, past, revision, workload

LAST_GOOD = Rollback()
NO_SOAK = Rollback(soak=timedelta(0))
PREVIOUS = Rollback(to=To.PREVIOUS)
FIVE, SIX = revision(5), revision(6)
BAD_SIX = (past(from_hash="hash6"),)


def chosen(to: Rollback, *older: Revision, known: tuple[PastRollback, ...] = ()) -> Choice:
    """The choice among these."""
    return choice(to, workload(revisions=older), known)


def choice(to: Rollback, of: Workload, known: tuple[PastRollback, ...] = ()) -> Choice:
    return choose(to, of, KnownBad(of, known))


@pytest.mark.parametrize(
    ("to", "older", "number"),
    [
        pytest.param(LAST_GOOD, [FIVE, SIX], 6, id="last-good-is-the-newest"),
        pytest.param(LAST_GOOD, [FIVE, revision(6, soak=MINUTE)], 5, id="last-good-served-long-enough"),
        pytest.param(LAST_GOOD, [FIVE, revision(6, soak=10 * MINUTE)], 6, id="soak-is-inclusive"),
        pytest.param(LAST_GOOD, [FIVE, revision(6, soak=None)], 5, id="unknown-soak-is-below-good"),
        pytest.param(LAST_GOOD, [FIVE, revision(6, available=False)], 5, id="never-available-is-not-good"),
        pytest.param(LAST_GOOD, [FIVE, revision(6, available=True)], 6, id="available-is-good"),
        pytest.param(
            LAST_GOOD, [revision(5, live_since=NOW - MINUTE), SIX], 5, id="live-last-beats-the-number"
        ),
        pytest.param(NO_SOAK, [FIVE, revision(6, soak=None)], 5, id="soak-0s-still-prefers-a-good-one"),
        pytest.param(NO_SOAK, [revision(6, soak=None)], 6, id="soak-0s-takes-an-unknown-one"),
        pytest.param(NO_SOAK, [revision(6, soak=timedelta(0))], 6, id="soak-0s-takes-the-shortest"),
        pytest.param(PREVIOUS, [FIVE, revision(6, soak=None)], 6, id="previous-takes-an-unknown-one"),
        pytest.param(PREVIOUS, [FIVE, revision(6, soak=MINUTE)], 6, id="previous-asks-for-no-soak"),
        pytest.param(PREVIOUS, [FIVE, revision(6, available=False)], 5, id="previous-was-available"),
        pytest.param(Rollback(to=5), [FIVE, SIX], 5, id="the-one-that-is-named"),
        pytest.param(Rollback(to=5), [revision(5, soak=None), SIX], 5, id="the-named-one-needs-no-soak"),
    ],
)
def test_the_revision_is_chosen(to: Rollback, older: list[Revision], number: int) -> None:
    """Each way of asking leads to its own answer."""
    found = chosen(to, *older)
    assert found.reason is Reason.CHOSEN
    assert found.revision is not None
    assert found.revision.number == number


@pytest.mark.parametrize(
    ("to", "older", "reason", "evidence"),
    [
        pytest.param(
            LAST_GOOD,
            [],
            Reason.NO_HISTORY,
            "no rollout history found for Deployment shop/checkout (revisionHistoryLimit 10)",
            id="no-history",
        ),
        pytest.param(
            LAST_GOOD,
            [revision(5, soak=None), revision(6, soak=MINUTE)],
            Reason.NONE_GOOD,
            "revision 6 passed over: only 1m in service; soak: 10m; "
            "revision 5 passed over: nothing tells how long it was in service; soak: 10m",
            id="none-good",
        ),
        pytest.param(
            PREVIOUS,
            [revision(6, available=False)],
            Reason.NONE_GOOD,
            "revision 6 passed over: it never was fully available",
            id="none-was-available",
        ),
        pytest.param(
            NO_SOAK,
            [revision(6, available=False)],
            Reason.NONE_GOOD,
            "revision 6 passed over: it never was fully available",
            id="soak-0s-asks-for-more-than-time",
        ),
        pytest.param(
            Rollback(to=4),
            [FIVE, SIX],
            Reason.NO_SUCH_REVISION,
            "unable to find specified revision 4 in history",
            id="no-such-revision",
        ),
        pytest.param(
            Rollback(to=4),
            [revision(8, former_numbers=(4,))],
            Reason.NO_SUCH_REVISION,
            "unable to find specified revision 4 in history",
            id="a-former-number-is-gone",
        ),
        pytest.param(
            Rollback(to=7), [SIX], Reason.NO_SUCH_REVISION, "revision 7 is the live one", id="the-live-one"
        ),
        pytest.param(
            Rollback(to=6),
            [FIVE, revision(6, available=False)],
            Reason.NONE_GOOD,
            "revision 6 passed over: it never was fully available",
            id="the-named-one-never-was-available",
        ),
    ],
)
def test_no_choice_says_why(to: Rollback, older: list[Revision], reason: Reason, evidence: str) -> None:
    """Of each revision that was passed over, and as kubectl says it where kubectl says it."""
    assert chosen(to, *older) == Choice(None, reason, evidence)


@pytest.mark.parametrize(
    ("to", "number"),
    [
        pytest.param(LAST_GOOD, 5, id="last-good"),
        pytest.param(NO_SOAK, 5, id="soak-0s"),
        pytest.param(PREVIOUS, 5, id="previous"),
        pytest.param(Rollback(to=6), None, id="by-number"),
    ],
)
def test_a_known_bad_revision_is_never_chosen(to: Rollback, number: int | None) -> None:
    """However it is asked for; and what makes it bad is said."""
    found = chosen(to, FIVE, SIX, known=BAD_SIX)
    assert (found.revision and found.revision.number) == number
    assert "revision 6 passed over: known bad, rolled back from at 2026-04-30T12:00:00Z" in found.evidence


def test_a_revision_with_the_live_template_is_never_chosen() -> None:
    """Going back to it would change nothing; the controller can leave two ReplicaSets of one template."""
    twin = revision(6, template={**LIVE.template, "metadata": {"labels": {"app": "checkout"}}})
    for to in (LAST_GOOD, NO_SOAK, PREVIOUS, Rollback(to=6)):
        assert chosen(to, twin).revision is None
    assert chosen(PREVIOUS, FIVE, twin).evidence == (
        "revision 5 (1d in service); revision 6 passed over: its template is the live one"
    )


def test_the_highest_is_the_previous_one_until_the_live_template_has_a_number() -> None:
    """There kubectl would go back one too many."""
    of = workload(live=revision(None), revisions=(FIVE, SIX))
    assert choice(PREVIOUS, of).revision is SIX
    assert choice(Rollback(to=6), of).revision is SIX


def test_the_evidence_tells_how_long_the_chosen_one_served() -> None:
    """Known or not."""
    assert chosen(LAST_GOOD, SIX).evidence == "revision 6 (1d in service)"
    assert chosen(PREVIOUS, revision(6, soak=None)).evidence == "revision 6 (time in service unknown)"
    assert chosen(LAST_GOOD, revision(6, soak=3 * DAY)).evidence == "revision 6 (3d in service)"


def test_a_history_that_cannot_be_read_leaves_no_choice() -> None:
    """Not even by number."""
    of = workload(revisions=Unreadable("the ReplicaSets", "403"))
    for to in (LAST_GOOD, PREVIOUS, Rollback(to=6)):
        assert choice(to, of) == Choice(None, Reason.UNREADABLE, "cannot read the ReplicaSets: 403")
