"""How a workload's revisions are told: what is known of each, and what it changed."""

from dataclasses import replace
from typing import Any

import pytest

from receiver.policy.chronicle import Entry, Standing, changes, chronicle
from receiver.policy.decision import Snapshot
from receiver.policy.workload import Revision, Unreadable
from tests.policy.builders import FORBIDDEN, LIVE, MINUTE, past, revision, template, workload

SOAK = 10 * MINUTE


def told(*older: Revision, live: Revision = LIVE, known: tuple[Any, ...] = ()) -> dict[int | None, Entry]:
    entries = chronicle(Snapshot(workload(revisions=older, live=live), known), soak=SOAK)
    assert not isinstance(entries, Unreadable)
    return {entry.revision.number: entry for entry in entries}


@pytest.mark.parametrize(
    ("older", "known", "standing", "why"),
    [
        pytest.param(revision(6), (), Standing.GOOD, "1d in service", id="good"),
        pytest.param(
            revision(6), (past(from_hash="hash6"),), Standing.BAD, "rolled back from at 2026-04-30", id="bad"
        ),
        pytest.param(
            revision(6, available=False), (), Standing.UNPROVEN, "it never was fully available", id="never up"
        ),
        pytest.param(revision(6, soak=MINUTE), (), Standing.UNPROVEN, "only 1m in service", id="too short"),
        pytest.param(revision(6, soak=None), (), Standing.UNPROVEN, "nothing tells how long", id="unknown"),
    ],
)
def test_standing_is_what_a_rollback_would_think(
    older: Revision, known: tuple[Any, ...], standing: Standing, why: str
) -> None:
    entry = told(older, known=known)[6]
    assert (entry.standing, entry.live) == (standing, False)
    assert why in entry.why


def test_revisions_come_by_their_numbers_and_the_live_one_is_marked() -> None:
    """One without a number yet is the newest."""
    entries = told(revision(6), revision(8), revision(5), live=replace(LIVE, number=7))
    assert list(entries) == [5, 6, 7, 8]
    assert [number for number, entry in entries.items() if entry.live] == [7]
    assert list(told(revision(6), live=revision(None))) == [6, None]


@pytest.mark.parametrize(
    "snapshot",
    [
        pytest.param(Snapshot(workload(revisions=FORBIDDEN), ()), id="the revisions"),
        pytest.param(Snapshot(workload(), FORBIDDEN), id="the past"),
    ],
)
def test_what_cannot_be_read_is_said(snapshot: Snapshot) -> None:
    assert chronicle(snapshot, soak=SOAK) is FORBIDDEN


def made_of(image: str = "checkout:1", **container: Any) -> Revision:
    made = template(image)
    made["spec"]["containers"][0] |= container
    return Revision(1, made)


def config(name: str) -> list[dict[str, Any]]:
    return [{"configMapRef": {"name": name}}]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        pytest.param(None, made_of(), (), id="nothing before it"),
        pytest.param(made_of(), made_of(), (), id="nothing"),
        pytest.param(made_of(), made_of("checkout:2"), ("image ~web",), id="the image"),
        pytest.param(
            made_of(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]),
            made_of(env=[{"name": "B", "value": "2"}, {"name": "C", "value": "1"}]),
            ("env -A ~B +C",),
            id="variables gone, changed, new",
        ),
        pytest.param(
            made_of(envFrom=config("one")),
            made_of(envFrom=config("two")),
            ("config -ConfigMap/one +ConfigMap/two",),
            id="config",
        ),
        pytest.param(made_of(), made_of(command=["sleep"]), ("template",), id="something else"),
        pytest.param(made_of(), Revision(2, {}), ("image -web",), id="all of it"),
    ],
)
def test_change_is_told_in_a_few_words(
    before: Revision | None, after: Revision, words: tuple[str, ...]
) -> None:
    assert changes(before, after, "shop") == words
