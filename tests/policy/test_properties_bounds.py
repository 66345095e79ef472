"""Where a rollback never leads, and that nothing happens where something cannot be read: of any snapshot."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from receiver.policy.decision import Decision, Match, Snapshot, decide
from receiver.policy.history import KnownBad
from receiver.policy.record import BARRIER_ANNOTATION, Phase
from receiver.policy.workload import Revision, Unreadable
from tests.policy.builders import FORBIDDEN, annotated
from tests.policy.strategies import BARRIERS, CONFIG, SURROUNDINGS, matched, snapshots

quick = settings(deadline=None)
SNAPSHOTS = snapshots().filter(lambda snapshot: not isinstance(snapshot.past, Unreadable))
POINTS = {"3: a": 3, "5": 5, "6: b": 6, "9": 9}
DATES = {
    "2026-04-29: c": "2026-04-29T00:00:00+00:00",
    "2026-05-01T11:00:00Z": "2026-05-01T11:00:00+00:00",
    "2030-01-01": "2030-01-01T00:00:00+00:00",
}


def chosen(made: Decision) -> list[Revision]:
    """What any of the rules would go back to."""
    judgements = (made.leading, *made.others)
    found = [one.choice.revision for one in judgements if one.phase is not Phase.REFUSED]
    return [revision for revision in found if revision is not None]


@given(SNAPSHOTS, matched(), SURROUNDINGS)
@quick
def test_no_decision_leads_to_a_bad_revision_or_the_live_one(
    snapshot: Snapshot, matches: list[Match], surroundings: dict[str, Any]
) -> None:
    """Nor to one that never was available, or whose needs are gone or unknown."""
    assert not isinstance(snapshot.past, Unreadable)
    of = snapshot.workload
    for revision in chosen(decide(snapshot, matches, **surroundings)):
        assert revision.digest != of.live.digest
        assert KnownBad(of, snapshot.past).why(revision) is None
        assert revision.available is not False
        needed = (revision.template["spec"].get("volumes") or []) and snapshot.inventory.get(CONFIG, ())
        assert needed is not None
        assert not isinstance(needed, Unreadable)


@given(SNAPSHOTS, matched(), SURROUNDINGS, st.sampled_from(BARRIERS))
@quick
def test_no_decision_leads_past_a_barrier(
    snapshot: Snapshot, matches: list[Match], surroundings: dict[str, Any], barrier: str
) -> None:
    """By the number that a revision first had, or by when it first went live; in doubt all is stopped."""
    of = replace(snapshot.workload, annotations=annotated(barrier=barrier))
    assert of.annotation(BARRIER_ANNOTATION) == barrier
    for revision in chosen(decide(replace(snapshot, workload=of), matches, **surroundings)):
        if barrier in POINTS:
            assert revision.number is not None
            numbers = (revision.number, *revision.former_numbers, revision.lowest_number or 99)
            assert min(numbers) >= POINTS[barrier]
        else:
            times = [time for time in (revision.first_live_since, revision.live_since) if time]
            assert min(times).isoformat() >= DATES[barrier]
            assert revision.first_live_since or not revision.former_numbers


BLIND: dict[str, dict[str, Any]] = {
    "the-history": {"workload": {"revisions": FORBIDDEN}},
    "the-namespace": {"workload": {"namespace_annotations": FORBIDDEN}},
    "the-records": {"snapshot": {"past": FORBIDDEN}},
    "the-pods": {"snapshot": {"pods": FORBIDDEN}},
    "the-ledger": {"surroundings": {"ledger": FORBIDDEN}},
    "the-bystanders": {"surroundings": {"bystanders": FORBIDDEN}},
    "the-alert": {"matches": {"still_firing": FORBIDDEN}},
}
"""What a failed read leaves unknown; the alerts of these tests all name a pod."""


@pytest.mark.parametrize("unread", BLIND.values(), ids=BLIND)
@given(snapshots(), matched(), SURROUNDINGS)
@settings(deadline=None, max_examples=50)
def test_what_cannot_be_read_stops_every_rule(
    unread: dict[str, dict[str, Any]],
    snapshot: Snapshot,
    matches: list[Match],
    surroundings: dict[str, Any],
) -> None:
    """Whatever everything else says; systemic alone may be switched off."""
    if "bystanders" in unread.get("surroundings", {}):
        assume(all(match.rule.guards.systemic is not None for match in matches))
    of = replace(snapshot.workload, **unread.get("workload", {}))
    blind = replace(snapshot, workload=of, **unread.get("snapshot", {}))
    asked = [replace(match, **unread.get("matches", {})) for match in matches]
    made = decide(blind, asked, **{**surroundings, **unread.get("surroundings", {})})
    assert {one.phase for one in (made.leading, *made.others)} == {Phase.REFUSED}
    assert made.chosen is None
