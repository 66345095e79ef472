"""Guard barrier: no way back past a one-way change."""

from datetime import timedelta
from typing import Any

import pytest

from receiver.policy.choice import Choice, Reason
from receiver.policy.guards import barrier
from receiver.policy.record import BARRIER_ANNOTATION
from receiver.policy.verdict import Common, Verdict
from receiver.policy.workload import Revision
from tests.policy.builders import DAY, NOW, context, revision, workload


def verdict(text: str | None, chosen: Revision | None = None) -> Verdict:
    """What it says of going back from 7 to 6, or to another revision."""
    annotations = {} if text is None else {BARRIER_ANNOTATION: text}
    choice = Choice(chosen or revision(6), Reason.CHOSEN, "")
    return barrier.judge(context(workload=workload(annotations=annotations), choice=choice))


def test_without_the_annotation_nothing_is_in_the_way() -> None:
    """Most workloads have none."""
    found = verdict(None)
    assert (found.allowed, found.reason) == (True, barrier.Reason.NONE)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        pytest.param("7: orders.status renamed", False, id="the live revision made the change"),
        pytest.param("6: orders.status renamed", True, id="the chosen revision made it itself"),
        pytest.param("5: orders.status renamed", True, id="an older one made it"),
        pytest.param("99: orders.status renamed", False, id="one that is to come"),
        pytest.param("7", False, id="no reason given"),
        pytest.param("7:no space", False, id="no space"),
        pytest.param(" 7 : two\nlines", False, id="odd spaces and lines"),
    ],
)
def test_a_revision_is_a_barrier_to_what_was_live_before_it(text: str, *, allowed: bool) -> None:
    """The revision itself may be gone back to."""
    found = verdict(text)
    assert found.allowed is allowed
    assert found.reason is (barrier.Reason.NOT_CROSSED if allowed else barrier.Reason.CROSSED)
    assert "revision 6 was " in found.evidence


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        pytest.param("2026-04-28: migrated", False, id="a later date"),
        pytest.param("2026-04-28", False, id="no reason given"),
        pytest.param("2026-04-27T12:00:00Z: migrated", True, id="the very moment"),
        pytest.param("2026-04-27T12:00:01Z", False, id="a second later"),
        pytest.param("2026-04-27T14:00:00+02:00: migrated", True, id="the very moment, another offset"),
        pytest.param("2026-04-27: migrated", True, id="the midnight before"),
        pytest.param("2026-04-28:migrated", False, id="no blank"),
        pytest.param("2026-04-27T12:00:01Z:migrated", False, id="no blank after a time"),
        pytest.param("2026-04-27T14:00:01+02:00:migrated", False, id="no blank after an offset"),
        pytest.param("2026-04-27 14:00+0200 : two\nlines", True, id="odd spaces and lines"),
        pytest.param("2026-04-27T14:00:00+02: migrated", True, id="hours alone as the offset"),
    ],
)
def test_a_date_is_a_barrier_to_what_went_live_before_it(text: str, *, allowed: bool) -> None:
    """Revision 6 went live on 2026-04-27 at noon; a date alone is its midnight in UTC."""
    assert verdict(text, revision(6, live_since=NOW - 4 * DAY)).allowed is allowed


def test_a_revision_that_was_released_again_counts_by_its_first_time() -> None:
    """Its template knows nothing of the change, whatever its number is now."""
    again = revision(9, former_numbers=(3,))
    assert verdict("7: migrated", again).reason is barrier.Reason.CROSSED
    assert verdict("3: migrated", again).reason is barrier.Reason.NOT_CROSSED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"first_live_since": NOW - 5 * DAY}, barrier.Reason.CROSSED, id="first-before"),
        pytest.param({"first_live_since": NOW - 3 * DAY}, barrier.Reason.NOT_CROSSED, id="first-after"),
        pytest.param({"first_live_since": None}, barrier.Reason.UNCLEAR, id="first-unknown"),
        pytest.param(
            {"first_live_since": None, "live_since": NOW - 5 * DAY}, barrier.Reason.CROSSED, id="again-before"
        ),
        pytest.param(
            {"first_live_since": NOW - 3 * DAY, "live_since": None},
            barrier.Reason.NOT_CROSSED,
            id="first-after-and-again-at-an-unknown-time",
        ),
    ],
)
def test_a_date_looks_at_the_first_time_too(changes: dict[str, Any], reason: barrier.Reason) -> None:
    """That of the days before its number; without it, it cannot tell."""
    again = revision(8, former_numbers=(6,), **{"live_since": NOW - 2 * DAY, **changes})
    assert verdict("2026-04-27T12:00:00Z: migrated", again).reason is reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("9: migrated", barrier.Reason.CROSSED, id="above"),
        pytest.param("8: migrated", barrier.Reason.UNCLEAR, id="its-number"),
        pytest.param("4: migrated", barrier.Reason.UNCLEAR, id="between"),
        pytest.param("3: migrated", barrier.Reason.NOT_CROSSED, id="its-lowest"),
    ],
)
def test_a_revision_that_may_have_had_a_lower_number_blocks(text: str, reason: barrier.Reason) -> None:
    """Numbers and ages of ControllerRevisions may leave that open: a date does not."""
    found = verdict(text, revision(8, lowest_number=3))
    assert found.reason is reason
    if reason is barrier.Reason.UNCLEAR:
        assert found.evidence.startswith(
            f"revision 8 may have been live as revision 3 or later, before the barrier {text!r};"
            " write a date instead"
        )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "v7: migrated",
        "2026-13-45: migrated",
        "2026-04-27T12:00:00: no offset",
        "2026-04-27T14:00+02:migrated",
        "7 8",
        "-7",
    ],
)
def test_what_is_not_understood_blocks_and_says_what_would_be_right(text: str) -> None:
    """In doubt, no."""
    found = verdict(text)
    assert (found.allowed, found.reason) == (False, barrier.Reason.UNCLEAR)
    assert "write a revision or a date" in found.evidence
    assert found.evidence.endswith('"7: orders.status renamed" or "2026-05-01: orders.status renamed"')


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        pytest.param("2026-04-26: migrated", revision(6, live_since=None, soak=timedelta(1)), id="no time"),
        pytest.param("7: migrated", revision(None), id="no number"),
    ],
)
def test_a_revision_of_which_nothing_tells_when_it_was_live_blocks(text: str, chosen: Revision) -> None:
    """It cannot tell."""
    found = verdict(text, chosen)
    assert (found.allowed, found.reason) == (False, barrier.Reason.UNCLEAR)
    assert "nothing tells when" in found.evidence


def test_without_a_revision_to_go_back_to_there_is_nothing_to_judge() -> None:
    """That is for the guard history."""
    annotations = {BARRIER_ANNOTATION: "7: migrated"}
    found = barrier.judge(context(workload=workload(annotations=annotations, revisions=())))
    assert (found.allowed, found.reason) == (None, Common.NOT_JUDGED)
