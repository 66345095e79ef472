"""The memory on the workload: our annotation, its copies on ReplicaSets, and what others made of it."""

import json
from typing import Any

import pytest

from receiver.cluster.memory import remembered
from receiver.policy.memory import LAST_ROLLBACK
from receiver.policy.workload import Unreadable, WorkloadRef
from tests.kubernetes.objects import at, deployment, replica_set

NOTE: dict[str, Any] = {
    "record": "checkout-a-b",
    "at": at(6),
    "from": {"revision": 7, "templateHash": "hash7"},
    "to": {"revision": 5, "templateHash": "hash5"},
    "rule": "errors",
}


def note(**changes: Any) -> str:
    return json.dumps({**NOTE, **changes})


def annotated(text: str) -> dict[str, Any]:
    return deployment(metadata={"annotations": {LAST_ROLLBACK: text}})


def test_workload_without_a_note_remembers_nothing() -> None:
    """Nothing was done to it."""
    assert remembered(deployment(), [replica_set(6), replica_set(7)]) == ()


def test_note_on_the_workload_is_read() -> None:
    """It has no phase: that stands in the record, if there still is one."""
    found = remembered(annotated(note()), [])
    assert isinstance(found, tuple)
    (past,) = found
    assert (past.record, past.rule, past.phase) == ("checkout-a-b", "errors", None)
    assert past.target == WorkloadRef("Deployment", "shop", "checkout")
    assert (past.from_number, past.from_hash, past.to_number, past.to_hash) == (7, "hash7", 5, "hash5")
    assert past.patched_at is not None
    assert past.patched_at.isoformat() == "2026-04-06T00:00:00+00:00"


def test_copies_on_replica_sets_count_too() -> None:
    """The controller copies the annotation and never removes it: older rollbacks live on there."""
    sets = [
        replica_set(5, annotations={LAST_ROLLBACK: note(record="older")}),
        replica_set(6, annotations={LAST_ROLLBACK: "broken"}),
        replica_set(4, owner="uid-2", annotations={LAST_ROLLBACK: note(record="neighbour")}),
        replica_set(3, annotations={LAST_ROLLBACK: ""}),
    ]
    found = remembered(annotated(note()), sets)
    assert isinstance(found, tuple)
    assert [past.record for past in found] == ["checkout-a-b", "older"]
    alone = remembered(deployment(), sets)
    assert isinstance(alone, tuple)
    assert [past.record for past in alone] == ["older"]


BROKEN = [
    pytest.param("", id="empty"),
    pytest.param("{", id="cut"),
    pytest.param("5", id="number"),
    pytest.param("null", id="null"),
    pytest.param('"text"', id="text"),
    pytest.param("[]", id="list"),
    pytest.param("{}", id="nothing-in-it"),
    pytest.param("[" * 100_000, id="nested-too-deeply"),
    pytest.param(note(at=None), id="no-time"),
    pytest.param(note(at="yesterday"), id="odd-time"),
    pytest.param(note(at="2026-04-06T00:00:00"), id="time-without-zone"),
    pytest.param(note(at=5), id="number-for-a-time"),
    pytest.param(note(**{"from": None}), id="no-from"),
    pytest.param(note(to="5"), id="to-is-text"),
    pytest.param(note(to={"revision": "5"}), id="revision-is-text"),
    pytest.param(note(to={"revision": 5.5}), id="revision-is-no-whole-number"),
    pytest.param(note(**{"from": {"revision": True}}), id="revision-is-true"),
    pytest.param(note(**{"from": {"revision": [7]}}), id="revision-is-a-list"),
    pytest.param(note(to={"templateHash": 5}), id="hash-is-a-number"),
    pytest.param(note(**{"from": {"templateHash": {}}}), id="hash-is-an-object"),
    pytest.param(note(**{"from": 7}), id="from-is-a-number-alone"),
    pytest.param(note(**{"from": {"revision": 7}}), id="from-has-no-hash"),
    pytest.param(note(**{"from": {"revision": 7, "templateHash": None}}), id="only-the-hash-is-unknown"),
    pytest.param(note(**{"from": {}}), id="from-is-empty"),
    pytest.param(note(to={"revision": 5}), id="to-has-no-hash"),
    pytest.param(note(to={"revision": None, "templateHash": None}), id="to-is-unknown"),
    pytest.param(note(to={"revision": 5, "templateHash": ""}), id="hash-is-empty"),
]


@pytest.mark.parametrize("text", BROKEN)
def test_broken_note_makes_the_past_unreadable(text: str) -> None:
    """In doubt, no: the guards block, name the annotation and say what to do. No guard sees odd types."""
    found = remembered(annotated(text), [])
    assert isinstance(found, Unreadable)
    assert str(found).startswith(f"cannot read the annotation {LAST_ROLLBACK} of Deployment shop/checkout: ")
    assert "remove or mend it" in found.why


@pytest.mark.parametrize("text", BROKEN)
def test_broken_copy_is_passed_over(text: str) -> None:
    """People can bring any old annotation back with an undo; the one on the workload and records count."""
    assert remembered(deployment(), [replica_set(6, annotations={LAST_ROLLBACK: text})]) == ()


def test_missing_number_and_hash_of_the_suspect_are_unknown() -> None:
    """A release that the controller had not numbered yet has neither, and the patch says so."""
    found = remembered(annotated(note(**{"from": {"revision": None, "templateHash": None}})), [])
    assert isinstance(found, tuple)
    assert (found[0].from_number, found[0].from_hash, found[0].to_hash) == (None, None, "hash5")
