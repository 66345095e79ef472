"""The annotation on the workload: what a rollback leaves there, and what is read of it."""

import json
from typing import Any

import pytest

from receiver.policy.memory import (
    BY_HASH,
    BY_NUMBER,
    last_rollback_annotation,
    own_memory,
    parse_last_rollback,
)
from receiver.policy.record import PastRollback
from receiver.policy.workload import Unreadable
from tests.policy.builders import CHECKOUT, NOW, revision

UNNUMBERED = {"revision": None, "templateHash": None}


def annotation(**changes: Any) -> str:
    """The annotation that a rollback from 7 to 6 leaves, with something changed."""
    suspect, chosen = revision(7), revision(6)
    at = "2026-05-01T12:00:00.000000Z"
    text = last_rollback_annotation(record="checkout-1", at=at, rule="errors", suspect=suspect, chosen=chosen)
    return json.dumps({**json.loads(text), **changes})


def test_the_annotation_tells_what_the_record_told() -> None:
    """It outlives the record: from, to, when, by which rule."""
    assert parse_last_rollback(annotation(), target=CHECKOUT) == PastRollback(
        record="checkout-1",
        target=CHECKOUT,
        rule="errors",
        from_number=7,
        from_hash="hash7",
        to_number=6,
        to_hash="hash6",
        patched_at=NOW,
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(annotation(**{"from": 7, "to": 6}), (7, None, 6, None), id="numbers-alone"),
        pytest.param(
            annotation(**{"from": {"revision": 7}, "to": {"revision": 6}}),
            (7, None, 6, None),
            id="without-hashes",
        ),
        pytest.param(annotation(), (7, "hash7", 6, "hash6"), id="as-we-write-it"),
        pytest.param(annotation(**{"from": UNNUMBERED}), (None, None, 6, "hash6"), id="not-numbered-yet"),
    ],
)
def test_where_numbers_name_revisions_they_are_enough(
    text: str, found: tuple[int | None, str | None, int | None, str | None]
) -> None:
    """As whoever writes a rule test puts it."""
    read = parse_last_rollback(text, target=CHECKOUT, named=BY_NUMBER)
    assert (read.from_number, read.from_hash, read.to_number, read.to_hash) == found
    assert read.patched_at == NOW


@pytest.mark.parametrize(
    ("text", "named", "why"),
    [
        pytest.param(annotation(to={"revision": 6}), BY_HASH, "templateHash in its `to`", id="to-no-hash"),
        pytest.param(
            annotation(to={"templateHash": ""}), BY_HASH, "templateHash in its `to`", id="empty-hash"
        ),
        pytest.param(annotation(to=UNNUMBERED), BY_HASH, "templateHash in its `to`", id="to-unnumbered"),
        pytest.param(
            annotation(**{"from": {"revision": 7}}), BY_HASH, "templateHash in its `from`", id="from-no-hash"
        ),
        pytest.param(annotation(**{"from": {}}), BY_HASH, "templateHash in its `from`", id="from-empty"),
        pytest.param(annotation(**{"from": {}}), BY_NUMBER, "revision in its `from`", id="from-no-number"),
        pytest.param(
            annotation(to={"templateHash": "x"}), BY_NUMBER, "revision in its `to`", id="to-no-number"
        ),
    ],
)
def test_an_annotation_that_names_no_revision_cannot_be_read(text: str, named: str, why: str) -> None:
    """Nobody could tell from it what was restored: the guards that need the past block, and say why."""
    found = own_memory(text, target=CHECKOUT, named=named)
    where = "the annotation rollback-receiver.dev/last-rollback of Deployment shop/checkout"
    assert found == Unreadable(where, f"there is no {why}, remove or mend it")


def test_an_unnumbered_suspect_is_known_by_its_record() -> None:
    """The patch may come before the controller has numbered what it replaces."""
    found = own_memory(annotation(**{"from": UNNUMBERED}), target=CHECKOUT)
    assert isinstance(found, tuple)
    assert (found[0].record, found[0].from_number, found[0].from_hash) == ("checkout-1", None, None)


def test_a_workload_without_the_annotation_remembers_nothing() -> None:
    """Nothing was done to it, or everything is forgotten."""
    assert own_memory(None, target=CHECKOUT) == ()


def test_the_annotation_is_one_line_of_ascii() -> None:
    """As the value of a JSON patch and of an annotation it needs no care."""
    text = last_rollback_annotation(
        record="r", at="now", rule="é\n", suspect=revision(None), chosen=revision(6)
    )
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text)["from"] == {"revision": None, "templateHash": None}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("{}", id="nothing-in-it"),
        pytest.param("[]", id="a-list"),
        pytest.param("7", id="a-number"),
        pytest.param(annotation(at=None), id="no-time"),
        pytest.param(annotation(at=7), id="time-is-a-number"),
        pytest.param(annotation(at="0001-01-01T00:00:00+01:00"), id="time-out-of-range"),
        pytest.param(annotation(**{"from": "revision 7"}), id="from-is-text"),
        pytest.param(annotation(to=True), id="to-is-no-number"),
        pytest.param(annotation(**{"from": {"revision": "7"}}), id="number-is-text"),
        pytest.param(annotation(to={"templateHash": 6}), id="hash-is-a-number"),
        pytest.param("[" * 200_000, id="nested-without-end"),
    ],
)
def test_an_annotation_that_somebody_broke_is_refused(text: str) -> None:
    """Anybody who may edit the workload can write there: no other error may come of it."""
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        parse_last_rollback(text, target=CHECKOUT)
    assert isinstance(own_memory(text, target=CHECKOUT), Unreadable)
