"""Since when a revision was fully available: as those tell that were left before it, and our own records."""

from datetime import timedelta

import pytest

from receiver.policy.choice import choose
from receiver.policy.history import KnownBad, Restored, Tenure, with_tenures
from receiver.policy.rules import Rollback
from receiver.policy.workload import Revision
from tests.policy.builders import DAY, HOUR, MINUTE, NOW, SECOND, template, workload

Found = dict[int | None, tuple[timedelta | None, bool | None]]


def tenure(
    number: int,
    age: timedelta,
    *,
    former: tuple[int, ...] = (),
    renewed: timedelta | None = None,
    emptied: timedelta | None = None,
    serving: bool = False,
    live: bool = False,
    restored: Restored | None = None,
) -> Tenure:
    """A revision that was made `age` ago; `renewed` and `emptied` are ages too."""
    return Tenure(
        Revision(number, template(f"checkout:{number}"), f"hash{number}", former),
        NOW - age,
        None if renewed is None else NOW - renewed,
        live=live,
        serving=serving,
        emptied_at=None if emptied is None else NOW - emptied,
        restored=restored,
    )


def found(*tenures: Tenure) -> Found:
    """Number to (soak, available)."""
    return {one.number: (one.soak, one.available) for one in with_tenures(tenures)}


def chosen(*tenures: Tenure) -> int | None:
    """The number of the last good one among these, one of which is live."""
    (live,) = (one.revision.number for one in tenures if one.live)
    revisions = {one.number: one for one in with_tenures(tenures)}
    of = workload(live=revisions.pop(live), revisions=tuple(revisions.values()))
    choice = choose(Rollback(), of, KnownBad(of, ()))
    return None if choice.revision is None else choice.revision.number


GOOD = tenure(1, 3 * DAY, serving=True)
BAD = tenure(2, 2 * HOUR)
WORSE = tenure(3, 5 * MINUTE, live=True)


def left(*, emptied: timedelta) -> Tenure:
    """GOOD, without replicas since."""
    return tenure(1, 3 * DAY, emptied=emptied)


CASES = [
    pytest.param(
        [GOOD, BAD, WORSE],
        {1: (3 * DAY - 2 * HOUR, None), 2: (None, False), 3: (None, None)},
        1,
        id="two-broken-ones-and-the-good-one-serves-on",
    ),
    pytest.param(
        [GOOD, tenure(2, 5 * MINUTE, live=True)],
        {1: (3 * DAY - 5 * MINUTE, None), 2: (None, None)},
        1,
        id="the-first-rollout-is-stuck-or-half-way-through",
    ),
    pytest.param(
        [left(emptied=2 * HOUR - MINUTE), tenure(2, 2 * HOUR, serving=True), WORSE],
        {1: (3 * DAY - 2 * HOUR, None), 2: (2 * HOUR - 6 * MINUTE, None), 3: (None, None)},
        2,
        id="complete-and-followed-by-a-rollout-that-is-half-way-through",
    ),
    pytest.param(
        [GOOD, tenure(2, 8 * MINUTE, serving=True), WORSE],
        {1: (3 * DAY - 8 * MINUTE, None), 2: (None, False), 3: (None, None)},
        1,
        id="three-at-once-because-the-second-was-only-half-way-through",
    ),
    pytest.param(
        [left(emptied=4 * MINUTE), BAD, WORSE],
        {1: (3 * DAY - 2 * HOUR, None), 2: (None, False), 3: (None, None)},
        1,
        id="the-good-one-served-until-the-third-was-there",
    ),
    pytest.param(
        [
            left(emptied=4 * MINUTE),
            BAD,
            tenure(3, 5 * MINUTE, emptied=MINUTE),
            tenure(4, 2 * MINUTE, live=True),
        ],
        {
            1: (3 * DAY - 2 * HOUR, None),
            2: (None, False),
            3: (2 * MINUTE, None),
            4: (None, None),
        },
        1,
        id="a-mended-one-that-served-too-short-and-failed-again",
    ),
    pytest.param(
        [left(emptied=15 * MINUTE), BAD, WORSE],
        {1: (3 * DAY - 2 * HOUR, None), 2: (10 * MINUTE, None), 3: (None, None)},
        2,
        id="slow-to-start-and-long-enough-complete",
    ),
    pytest.param(
        [left(emptied=15 * MINUTE - SECOND), BAD, WORSE],
        {1: (3 * DAY - 2 * HOUR, None), 2: (10 * MINUTE - SECOND, None), 3: (None, None)},
        1,
        id="slow-to-start-and-complete-too-short",
    ),
    pytest.param(
        [left(emptied=5 * MINUTE), BAD, WORSE],
        {1: (3 * DAY - 2 * HOUR, None), 2: (timedelta(0), None), 3: (None, None)},
        1,
        id="complete-in-the-second-of-the-next-release",
    ),
    pytest.param(
        [left(emptied=2 * HOUR), BAD, WORSE],
        {1: (3 * DAY - 2 * HOUR, None), 2: (2 * HOUR - 5 * MINUTE, None), 3: (None, None)},
        2,
        id="all-at-once-or-recreated-tells-nothing",
    ),
    pytest.param(
        [tenure(1, 3 * DAY), BAD, WORSE],
        {1: (3 * DAY - 2 * HOUR, None), 2: (2 * HOUR - 5 * MINUTE, None), 3: (None, None)},
        2,
        id="nothing-is-known-of-replicas",
    ),
]


@pytest.mark.parametrize(("tenures", "expected", "number"), CASES)
def test_replicas_of_those_that_were_left_tell_since_when_the_next_was_complete(
    tenures: list[Tenure], expected: Found, number: int
) -> None:
    """Complete is a rollout that has left none of them; until then the revision was not fully available."""
    assert found(*tenures) == expected
    assert chosen(*tenures) == number


def test_a_revision_that_the_next_release_found_with_its_replicas_is_judged_before_that_is_numbered() -> None:
    """There is no ReplicaSet of the live template yet, and so no time at which the stuck one's ended."""
    assert found(GOOD, BAD) == {1: (3 * DAY - 2 * HOUR, None), 2: (None, False)}
    assert found(left(emptied=MINUTE), BAD)[2] == (None, None)


def test_the_live_one_is_not_judged_by_its_former_time() -> None:
    """Both got stuck; the first of them was released again a moment ago, and is not renumbered yet."""
    again = tenure(2, 2 * HOUR, renewed=SECOND, live=True)
    assert found(GOOD, again, tenure(3, HOUR)) == {
        1: (3 * DAY - 2 * HOUR, None),
        2: (None, None),
        3: (None, False),
    }


def test_a_later_release_that_began_before_the_replicas_went_is_enough() -> None:
    """When the next one began is not known, because it is gone from the history or was undone since."""
    gone = [left(emptied=MINUTE), BAD, tenure(4, 5 * MINUTE, live=True)]
    assert found(*gone)[2] == (None, False)
    in_time = [left(emptied=HOUR), BAD, tenure(4, 5 * MINUTE, live=True)]
    assert found(*in_time)[2] == (None, None)


def test_once_fully_available_stays_so_however_its_second_time_went() -> None:
    """Released again as 4, it got stuck: 3 kept its replicas. The first time it had served for a day."""
    again = tenure(4, 3 * DAY, former=(1,), renewed=HOUR)
    others = [
        tenure(2, 2 * DAY, emptied=2 * DAY),
        tenure(3, 2 * HOUR, serving=True),
        tenure(5, MINUTE, live=True),
    ]
    assert found(again, *others)[4] == (DAY, None)
    stuck_twice = [tenure(0, 4 * DAY, emptied=2 * DAY - SECOND), again, *others]
    assert found(*stuck_twice)[4] == (None, False)


RESTORED = [
    pytest.param(None, None, HOUR - MINUTE, id="not-by-us"),
    pytest.param(Restored(NOW - 50 * MINUTE), None, 49 * MINUTE, id="since-we-saw-it-complete"),
    pytest.param(Restored(NOW - 2 * HOUR), None, HOUR - MINUTE, id="another-time"),
    pytest.param(Restored(NOW - SECOND), None, timedelta(0), id="seen-after-it-was-left"),
    pytest.param(Restored(NOW - 50 * MINUTE), 40 * MINUTE, 39 * MINUTE, id="the-later-one-counts"),
    pytest.param(Restored(), None, HOUR - MINUTE, id="nobody-looked"),
    pytest.param(Restored(failed=True), None, None, id="given-up"),
    pytest.param(Restored(failed=True), 2 * HOUR, None, id="given-up-and-nothing-left-since"),
    pytest.param(Restored(failed=True), 40 * MINUTE, 39 * MINUTE, id="given-up-and-complete-all-the-same"),
]


@pytest.mark.parametrize(("restored", "emptied", "soak"), RESTORED)
def test_our_records_tell_since_when_what_we_put_back_was_complete(
    restored: Restored | None, emptied: timedelta | None, soak: timedelta | None
) -> None:
    """Of its last time in service, which was the one that we began."""
    back = tenure(3, HOUR, former=(), renewed=HOUR, restored=restored)
    suspect = tenure(2, 3 * HOUR, emptied=emptied)
    assert found(suspect, back, tenure(4, MINUTE, live=True))[3] == (soak, None)


def test_a_revision_was_left_when_the_next_one_went_live() -> None:
    """However long it had served by then; None for the live one, and where the next is gone."""
    revisions = with_tenures([left(emptied=MINUTE), BAD, WORSE, tenure(5, SECOND)])
    assert [r.left_at for r in revisions] == [NOW - 2 * HOUR, NOW - 5 * MINUTE, None, None]
