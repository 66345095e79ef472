"""What became of a workload that was left alone: the order of events decides; what is unknown stays open."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from receiver.policy.aftermath import (
    CALM,
    LATE,
    Aftermath,
    Followed,
    Kind,
    Live,
    judge_aftermath,
    live_revision,
)
from receiver.policy.decision import Snapshot
from receiver.policy.workload import Unreadable
from tests.policy.builders import (
    CHECKOUT,
    DAY,
    FORBIDDEN,
    HOUR,
    LIVE,
    MINUTE,
    NOW,
    OLDER,
    past,
    revision,
    workload,
)

CHOSEN = revision(6)
FOLLOWED = Followed(
    record=f"checkout-abc-{LIVE.digest}",
    target=CHECKOUT,
    uid="uid-1",
    suspect=LIVE.digest,
    suspect_number=7,
    chosen=CHOSEN.digest,
    began_at=NOW - 2 * MINUTE,
    created_at=NOW,
)
SUSPECT = Live(LIVE.digest, 7)
AT = NOW + 10 * MINUTE
BACK = Live(CHOSEN.digest, 8, since=AT, older=True, replaced_at=AT)
FORWARD = Live("new", 8, since=AT, older=False, replaced_at=AT)
END = NOW + DAY


def judged(
    live: Live, now: datetime, *, cleared_at: datetime | None = None, **changes: Any
) -> Aftermath | None:
    followed = replace(FOLLOWED, cleared_at=cleared_at, **changes)
    return judge_aftermath(followed, live, lasting=DAY, now=now)


@pytest.mark.parametrize(
    ("live", "cleared_at", "kind"),
    [
        pytest.param(SUSPECT, AT, Kind.CLEARED_BY_ITSELF, id="suspect-stays"),
        pytest.param(BACK, None, Kind.ROLLED_BACK_BY_HAND, id="back-and-still-firing"),
        pytest.param(BACK, AT + MINUTE, Kind.ROLLED_BACK_BY_HAND, id="back-then-cleared"),
        pytest.param(BACK, AT - MINUTE, Kind.ROLLED_BACK_BY_HAND, id="cleared-then-back-at-once"),
        pytest.param(BACK, AT - CALM, Kind.CLEARED_BY_ITSELF, id="cleared-and-long-after-back"),
        pytest.param(FORWARD, AT + MINUTE, Kind.FIXED_FORWARD, id="forward-then-cleared"),
        pytest.param(FORWARD, AT, Kind.FIXED_FORWARD, id="forward-and-cleared-at-once"),
        pytest.param(FORWARD, AT - MINUTE, Kind.CLEARED_BY_ITSELF, id="cleared-then-forward-at-once"),
        pytest.param(FORWARD, AT - CALM, Kind.CLEARED_BY_ITSELF, id="cleared-and-long-after-forward"),
        pytest.param(SUSPECT, None, Kind.STILL_FIRING, id="nothing-happens"),
        pytest.param(FORWARD, None, Kind.STILL_FIRING, id="forward-does-not-help"),
        pytest.param(replace(BACK, older=None), None, Kind.STILL_FIRING, id="something-else-does-not-help"),
    ],
)
def test_order_of_events_decides(live: Live, cleared_at: datetime | None, kind: Kind) -> None:
    """At the end of the day at the latest, and never otherwise before."""
    found = judged(live, END, cleared_at=cleared_at)
    assert found is not None
    assert found.kind is kind
    early = judged(live, NOW, cleared_at=cleared_at and NOW)
    assert early is None or early.kind is Kind.ROLLED_BACK_BY_HAND


@pytest.mark.parametrize(
    ("live", "cleared_at"),
    [
        pytest.param(replace(BACK, ours=True), None, id="put-back-by-us-for-another-record"),
        pytest.param(replace(BACK, replaced_at=None), AT, id="cleared-before-or-after-the-way-back"),
        pytest.param(replace(FORWARD, replaced_at=None), AT, id="cleared-before-or-after-the-release"),
        pytest.param(replace(BACK, since=AT + HOUR), AT + MINUTE, id="back-long-after-a-new-one-has-cured"),
        pytest.param(replace(BACK, since=None), AT + MINUTE, id="back-at-no-known-time"),
        pytest.param(replace(FORWARD, older=None), AT + MINUTE, id="neither-older-nor-newer"),
    ],
)
def test_what_is_unknown_stays_open(live: Live, cleared_at: datetime | None) -> None:
    assert judged(live, END, cleared_at=cleared_at) is None


@pytest.mark.parametrize("live", [SUSPECT, FORWARD], ids=["suspect", "forward"])
def test_alert_has_cleared_only_when_it_stays_so(live: Live) -> None:
    """A quarter of an hour, or until the day is over."""
    cleared_at = AT + MINUTE
    assert judged(live, cleared_at + CALM - MINUTE, cleared_at=cleared_at) is None
    assert judged(live, cleared_at + CALM, cleared_at=cleared_at) is not None
    assert judged(live, END, cleared_at=END - MINUTE) is not None


@pytest.mark.parametrize(
    ("now", "known"),
    [
        pytest.param(END - MINUTE, False, id="before"),
        pytest.param(END, True, id="at-the-end"),
        pytest.param(END + LATE - MINUTE, True, id="within-the-hour"),
        pytest.param(END + LATE, False, id="too-late"),
    ],
)
def test_still_firing_is_told_at_the_end_alone(now: datetime, known: bool) -> None:
    """Whoever looks later does not know how it was then."""
    found = judged(SUSPECT, now)
    assert found == (Aftermath(Kind.STILL_FIRING, END, 7) if known else None)
    assert FOLLOWED.is_due(lasting=DAY, now=now) is (now < END + LATE)


def test_time_it_took_runs_from_the_first_alert() -> None:
    assert judged(BACK, END) == Aftermath(Kind.ROLLED_BACK_BY_HAND, AT, 8, True, 12 * MINUTE)
    assert judged(replace(BACK, since=None), NOW) == Aftermath(
        Kind.ROLLED_BACK_BY_HAND, NOW, 8, True, 2 * MINUTE
    )
    assert judged(SUSPECT, END, cleared_at=AT) == Aftermath(Kind.CLEARED_BY_ITSELF, AT, 7, None, 12 * MINUTE)
    early = judged(replace(BACK, since=NOW - HOUR), END)
    assert early is not None
    assert early.took == 0 * MINUTE


@pytest.mark.parametrize(
    ("chosen", "digest", "as_chosen"),
    [
        pytest.param(CHOSEN.digest, CHOSEN.digest, True, id="as-chosen"),
        pytest.param(CHOSEN.digest, "other", False, id="another"),
        pytest.param(None, CHOSEN.digest, None, id="none-was-chosen"),
    ],
)
def test_way_back_is_compared_with_the_choice(
    chosen: str | None, digest: str, as_chosen: bool | None
) -> None:
    found = judged(replace(BACK, digest=digest), NOW, chosen=chosen)
    assert found is not None
    assert found.as_chosen is as_chosen


UNDONE = revision(8, template=CHOSEN.template, former_numbers=(6,), live_since=AT)


@pytest.mark.parametrize(
    ("changes", "chosen", "found"),
    [
        pytest.param(
            {"live": UNDONE, "revisions": (OLDER[0], LIVE)},
            CHOSEN.digest,
            Live(CHOSEN.digest, 8, AT, older=True, replaced_at=AT),
            id="undone",
        ),
        pytest.param(
            {"live": CHOSEN, "revisions": (OLDER[0], LIVE)},
            None,
            Live(CHOSEN.digest, 6, CHOSEN.live_since, older=True),
            id="undone-and-not-yet-numbered-anew",
        ),
        pytest.param(
            {"live": replace(UNDONE, former_numbers=()), "revisions": (OLDER[0], LIVE)},
            CHOSEN.digest,
            Live(CHOSEN.digest, 8, AT, older=True, replaced_at=AT),
            id="chosen-whatever-its-number",
        ),
        pytest.param(
            {"live": revision(8, live_since=AT), "revisions": (*OLDER, LIVE)},
            CHOSEN.digest,
            Live(revision(8).digest, 8, AT, older=False, replaced_at=AT),
            id="new",
        ),
        pytest.param(
            {"live": revision(9, live_since=AT), "revisions": (LIVE, revision(8, live_since=AT - MINUTE))},
            CHOSEN.digest,
            Live(revision(9).digest, 9, AT, older=False, replaced_at=AT - MINUTE),
            id="second-new-one",
        ),
        pytest.param(
            {"live": revision(9, live_since=AT), "revisions": (LIVE, revision(8, live_since=None))},
            CHOSEN.digest,
            Live(revision(9).digest, 9, AT, older=False),
            id="first-new-one-at-no-known-time",
        ),
        pytest.param(
            {"live": revision(None, live_since=AT), "revisions": (*OLDER, LIVE)},
            CHOSEN.digest,
            Live(revision(None).digest, None, AT, older=None),
            id="not-numbered-yet",
        ),
    ],
)
def test_live_revision_is_older_or_newer(changes: dict[str, Any], chosen: str | None, found: Live) -> None:
    """By its lowest number, or because it is the one that was chosen."""
    followed = replace(FOLLOWED, chosen=chosen)
    assert live_revision(followed, Snapshot(workload(**changes), ())) == found


def test_suspect_without_a_number_is_found_by_its_template() -> None:
    """Judged before the controller had numbered it; gone from the history, nothing compares."""
    followed = replace(FOLLOWED, suspect_number=None)
    seen = workload(live=revision(8, live_since=AT), revisions=(*OLDER, LIVE))
    found = live_revision(followed, Snapshot(seen, ()))
    assert found is not None
    assert found.older is False
    found = live_revision(followed, Snapshot(replace(seen, revisions=OLDER), ()))
    assert found is not None
    assert (found.older, found.replaced_at) == (None, None)


@pytest.mark.parametrize(
    ("changes", "ours"),
    [
        pytest.param({"to_hash": "hash8", "patched_at": NOW}, True, id="since"),
        pytest.param({"to_hash": "hash8", "patched_at": NOW - HOUR}, False, id="before-the-alert"),
        pytest.param({"to_hash": "hash4", "patched_at": NOW}, False, id="to-another"),
    ],
)
def test_what_we_put_back_for_another_record_is_known(changes: dict[str, Any], ours: bool) -> None:
    found = live_revision(FOLLOWED, Snapshot(workload(live=UNDONE, revisions=(LIVE,)), (past(**changes),)))
    assert found is not None
    assert found.ours is ours


@pytest.mark.parametrize(
    "snapshot",
    [
        pytest.param(Snapshot(workload(), FORBIDDEN), id="records"),
        pytest.param(Snapshot(workload(revisions=Unreadable("the ReplicaSets", "403")), ()), id="history"),
    ],
)
def test_what_cannot_be_read_tells_nothing(snapshot: Snapshot) -> None:
    assert live_revision(FOLLOWED, snapshot) is None
