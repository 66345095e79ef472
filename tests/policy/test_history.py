"""When revisions were live, for how long, and which of them are known bad."""

from datetime import datetime, timedelta

import pytest

from receiver.policy.history import KnownBad, Tenure, newest_first, with_tenures
from receiver.policy.record import PastRollback, Phase, Review
from receiver.policy.workload import Revision, Unreadable, Workload
from tests.policy.builders import DAY, HOUR, LIVE, MINUTE, NOW, own_record, past, revision, workload


def tenure(
    number: int, *, age: timedelta, former: tuple[int, ...] = (), renewed: timedelta | None = None
) -> Tenure:
    """A revision's objects: made `age` ago, live again since `renewed` ago."""
    bare = Revision(number, {}, f"hash{number}", former)
    return Tenure(bare, NOW - age, None if renewed is None else NOW - renewed)


def served(*tenures: Tenure) -> dict[int | None, tuple[datetime | None, timedelta | None]]:
    """Number to (live since, soak)."""
    return {one.number: (one.live_since, one.soak) for one in with_tenures(tenures)}


def test_a_revision_served_until_the_next_one_went_live() -> None:
    """The last one serves still: its soak is nobody's yet."""
    found = served(tenure(2, age=DAY), tenure(1, age=3 * DAY), tenure(3, age=HOUR))
    assert found == {1: (NOW - 3 * DAY, 2 * DAY), 2: (NOW - DAY, 23 * HOUR), 3: (NOW - HOUR, None)}
    assert list(found) == [1, 2, 3]


def test_a_missing_number_leaves_the_soak_before_it_unknown() -> None:
    """Nobody knows when the revision in between began."""
    assert served(tenure(1, age=3 * DAY), tenure(3, age=HOUR))[1] == (NOW - 3 * DAY, None)


def test_an_undone_release_is_live_since_the_undo() -> None:
    """Its objects are as old as its first release, which ended when the next one came."""
    found = served(tenure(8, age=3 * DAY, former=(6,), renewed=HOUR), tenure(7, age=DAY))
    assert found == {7: (NOW - DAY, 23 * HOUR), 8: (NOW - HOUR, 2 * DAY)}


def test_an_undone_release_that_is_not_numbered_yet_is_live_since_the_undo() -> None:
    """For a moment the live revision has its old number alone: its creation must not date the undo."""
    found = served(tenure(6, age=3 * DAY, renewed=MINUTE), tenure(7, age=DAY))
    assert found == {6: (NOW - MINUTE, 2 * DAY), 7: (NOW - DAY, None)}


def test_an_undo_at_an_unknown_time_is_unknown() -> None:
    """The creation time belongs to the first number only."""
    found = served(tenure(8, age=3 * DAY, former=(6,)), tenure(7, age=DAY))
    assert found == {7: (NOW - DAY, None), 8: (None, 2 * DAY)}


def test_the_longest_service_counts_as_soak() -> None:
    """Once proven stays proven, however short the second time was."""
    released_twice = tenure(3, age=3 * DAY, former=(1,), renewed=2 * HOUR)
    assert served(released_twice, tenure(2, age=DAY), tenure(4, age=HOUR))[3] == (NOW - 2 * HOUR, 2 * DAY)


def test_a_middle_tenure_tells_nothing() -> None:
    """Of three times in service the start of the second is nowhere written."""
    found = served(
        tenure(5, age=5 * DAY, former=(1, 3), renewed=HOUR), tenure(2, age=4 * DAY), tenure(4, age=DAY)
    )
    assert found[5] == (NOW - HOUR, DAY)
    assert found[2] == (NOW - 4 * DAY, None)


@pytest.mark.parametrize(
    ("revisions", "numbers"),
    [
        pytest.param([revision(1), revision(3), revision(2)], [3, 2, 1], id="by-time"),
        pytest.param(
            [revision(1, live_since=NOW), revision(2), revision(3)], [1, 3, 2], id="time-beats-number"
        ),
        pytest.param(
            [revision(1, live_since=NOW), revision(2, live_since=NOW)], [2, 1], id="number-breaks-a-tie"
        ),
        pytest.param(
            [revision(1, live_since=NOW), revision(2, live_since=None)], [2, 1], id="a-time-is-unknown"
        ),
        pytest.param([revision(None, live_since=None), revision(2)], [2, None], id="a-number-is-unknown"),
        pytest.param([], [], id="none"),
    ],
)
def test_the_newest_is_the_one_that_was_live_last(
    revisions: list[Revision], numbers: list[int | None]
) -> None:
    """Numbers are names for people; they decide only where times do not."""
    assert [one.number for one in newest_first(revisions)] == numbers


SIX = revision(6)
HISTORY = workload(revisions=(revision(5), SIX))
UNDONE = workload(
    revisions=(revision(5), revision(7)), live=revision(8, former_numbers=(6,), live_since=NOW - HOUR)
)


@pytest.mark.parametrize(
    ("workload", "known", "number", "why"),
    [
        pytest.param(HISTORY, [], 6, None, id="nothing-is-known"),
        pytest.param(
            HISTORY,
            [past(from_hash="hash6", phase=Phase.FAILED)],
            6,
            "rolled back from at 2026-04-30T12:00:00Z (record checkout-old)",
            id="patched-whatever-came-of-it",
        ),
        pytest.param(
            HISTORY,
            [past(from_hash="hash6", phase=None)],
            6,
            "rolled back from at 2026-04-30T12:00:00Z (record checkout-old)",
            id="the-annotation-says-so",
        ),
        pytest.param(
            HISTORY, [past(from_hash="hash6", patched_at=None)], 6, None, id="a-decision-without-a-patch"
        ),
        pytest.param(
            UNDONE, [], 7, "undone: an older revision followed it as revision 8", id="a-person-undid-it"
        ),
        pytest.param(UNDONE, [], 5, None, id="an-undo-does-not-blame-the-others"),
        pytest.param(UNDONE, [], 8, None, id="an-undo-does-not-blame-what-it-brought-back"),
        pytest.param(
            workload(live=SIX, revisions=(revision(5), revision(7))),
            [],
            7,
            "undone: revision 6 has just been put back in its place",
            id="undone-a-moment-ago",
        ),
        pytest.param(
            workload(live=SIX, revisions=(revision(5), revision(7))),
            [],
            5,
            None,
            id="undone-a-moment-ago-does-not-blame-the-others",
        ),
        pytest.param(
            workload(live=revision(5), revisions=(SIX, revision(7))),
            [],
            6,
            None,
            id="undone-by-two-a-moment-ago-blames-the-last-one-only",
        ),
        pytest.param(
            workload(live=revision(None), revisions=(revision(5), revision(7))),
            [],
            7,
            None,
            id="released-a-moment-ago",
        ),
        pytest.param(
            UNDONE,
            [past(from_hash="hash8", from_number=6)],
            7,
            None,
            id="what-we-left-is-released-again-and-does-not-blame-what-we-restored",
        ),
        pytest.param(
            UNDONE,
            [past(from_hash="hash8", from_number=8)],
            7,
            "undone: an older revision followed it as revision 8",
            id="what-a-person-put-back-before-we-left-it-still-blames",
        ),
        pytest.param(
            UNDONE,
            [past(from_hash="hash8", from_number=None)],
            7,
            "undone: an older revision followed it as revision 8",
            id="in-doubt-it-was-an-undo",
        ),
        pytest.param(
            UNDONE,
            [past(from_hash="hash8", from_number=6, review=Review.WRONG)],
            7,
            "undone: an older revision followed it as revision 8",
            id="what-we-were-wrong-to-leave-is-released-again",
        ),
        pytest.param(
            workload(live=SIX, revisions=(revision(5), revision(7))),
            [past(from_hash="hash6", from_number=6)],
            7,
            None,
            id="what-we-left-was-released-again-a-moment-ago",
        ),
        pytest.param(
            workload(revisions=Unreadable("ReplicaSets", "403")), [], 7, None, id="history-unreadable"
        ),
    ],
)
def test_what_was_rolled_back_from_is_known_bad(
    workload: Workload, known: list[PastRollback], number: int, why: str | None
) -> None:
    """By us, or by a person, which the numbers show; both count as rolled back and as known bad."""
    others = () if isinstance(workload.revisions, Unreadable) else workload.revisions
    judged = next(one for one in (*others, workload.live) if one.number == number)
    known_bad = KnownBad(workload, tuple(known))
    assert known_bad.why(judged) == why
    assert known_bad.rolled_back(judged) == why


@pytest.mark.parametrize(
    ("phase", "review", "bad"),
    [
        pytest.param(Phase.DRY_RUN, Review.RIGHT, True, id="dry-run-right"),
        pytest.param(Phase.REFUSED, Review.RIGHT, True, id="refused-right"),
        pytest.param(Phase.REJECTED, Review.RIGHT, True, id="rejected-right"),
        pytest.param(Phase.DRY_RUN, Review.UNSURE, False, id="unsure"),
        pytest.param(Phase.DRY_RUN, Review.WRONG, False, id="wrong"),
        pytest.param(Phase.DRY_RUN, None, False, id="not-reviewed"),
        pytest.param(Phase.SUPERSEDED, Review.RIGHT, False, id="superseded-right"),
    ],
)
def test_the_on_calls_word_makes_a_suspect_known_bad(
    phase: Phase, review: Review | None, *, bad: bool
) -> None:
    """Without a patch, only the word `right` does; and it says nothing of being rolled back from."""
    said = past(record=own_record(), from_hash=None, phase=phase, review=review, patched_at=None)
    known_bad = KnownBad(workload(), (said,))
    why = "the on-call says that record " + own_record() + " was right about it" if bad else None
    assert known_bad.why(LIVE) == why
    assert known_bad.rolled_back(LIVE) is None


@pytest.mark.parametrize(
    ("workload", "suspect"),
    [pytest.param(HISTORY, SIX, id="patched"), pytest.param(UNDONE, revision(7), id="undone")],
)
def test_the_verdict_wrong_clears_a_suspect(workload: Workload, suspect: Revision) -> None:
    """Whatever else speaks against it: our own patch leaves the trace of an undo too."""
    patched = past(from_hash=suspect.template_hash)
    cleared = (patched, past(record="other", from_hash=suspect.template_hash, review=Review.WRONG))
    assert KnownBad(workload, (patched,)).why(suspect) is not None
    assert KnownBad(workload, cleared).why(suspect) is None
    assert KnownBad(workload, cleared).rolled_back(suspect) is None
