"""Which record an alert belongs to: by what was patched since it began, or by who works on what is live."""

import pytest

from receiver.policy.belonging import Standing, record_of
from receiver.policy.decision import Snapshot
from receiver.policy.record import PastRollback, Phase
from receiver.policy.workload import Unreadable
from tests.policy.builders import FORBIDDEN, MINUTE, NOW, alert, own_record, past, workload

OWN = own_record()
AFTER_THE_ALERT, BEFORE_THE_ALERT = NOW - MINUTE, NOW - 3 * MINUTE
OLD = Standing("old", Phase.SUCCEEDED, AFTER_THE_ALERT)
NOTE = past(record="old", phase=None, patched_at=AFTER_THE_ALERT)

CASES: dict[str, tuple[list[Standing], tuple[PastRollback, ...] | Unreadable, str | None]] = {
    "no-records": ([], (), None),
    "patched-since-it-began": ([OLD], (), "old"),
    "patched-before-it-began": ([Standing("old", Phase.SUCCEEDED, BEFORE_THE_ALERT)], (), None),
    "patched-by-the-annotation-alone": ([Standing("old", Phase.PENDING, None)], (NOTE,), "old"),
    "annotation-of-a-record-that-is-gone": ([], (NOTE,), None),
    "past-unreadable": ([OLD], FORBIDDEN, "old"),
    "own-just-claimed": ([Standing(OWN, None, None)], (), OWN),
    "own-in-work": ([Standing(OWN, Phase.PENDING, None)], (), OWN),
    "own-to-be-judged-afresh": ([Standing(OWN, Phase.DRY_RUN, None)], (), None),
    "others-in-work": ([Standing("old", Phase.PENDING, None)], (), None),
    "a-patch-goes-before-who-works": ([Standing(OWN, Phase.PENDING, None), OLD], (), "old"),
}


@pytest.mark.parametrize(("standings", "known", "record"), CASES.values(), ids=CASES)
def test_record_of_an_alert_that_began_two_minutes_ago(
    standings: list[Standing], known: tuple[PastRollback, ...] | Unreadable, record: str | None
) -> None:
    assert record_of(Snapshot(workload(), known), standings, alert()) == record


@pytest.mark.parametrize(
    ("for_minutes", "record"),
    [
        pytest.param(None, None, id="not-declared"),
        pytest.param(0, None, id="none"),
        pytest.param(2, None, id="as-long-as-since-the-patch-give-or-take-a-scrape"),
        pytest.param(3, "old", id="the-trouble-is-older-than-the-patch"),
    ],
)
def test_alert_fires_its_for_after_its_trouble_began(for_minutes: int | None, record: str | None) -> None:
    """The patch was made a minute before the alert fired: what began before it, it is to cure."""
    standings = [Standing("old", Phase.SUCCEEDED, BEFORE_THE_ALERT)]
    for_ = None if for_minutes is None else for_minutes * MINUTE
    assert record_of(Snapshot(workload(), ()), standings, alert(), for_) == record
