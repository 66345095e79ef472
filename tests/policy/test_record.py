"""The record: names that are claims, and what is read back of earlier rollbacks."""

import re
from datetime import timedelta
from typing import Any

import pytest

from receiver.policy.podtemplate import bare_template, template_digest
from receiver.policy.record import (
    SETTLED,
    PastRollback,
    Phase,
    Review,
    parse_record,
    record_name,
    target_record_name,
)
from receiver.policy.targets import TargetReason
from tests.policy.builders import CHECKOUT, NOW, past, revision, template

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
ONE, TWO = template("checkout:1"), template("checkout:2")
RAW: dict[str, Any] = {
    "metadata": {"name": "checkout-1"},
    "spec": {
        "target": {"kind": "Deployment", "namespace": "shop", "name": "checkout", "uid": "uid-1"},
        "suspect": {"revision": 7, "templateHash": "hash7"},
        "rule": "errors",
    },
    "status": {
        "phase": "Succeeded",
        "patchedAt": "2026-05-01T12:00:00.000000Z",
        "conditions": [
            {"type": "Patched", "status": "True", "lastTransitionTime": "2026-05-01T12:00:00Z"},
            {"type": "RolledOut", "status": "True", "lastTransitionTime": "2026-05-01T12:00:07Z"},
        ],
        "decision": {"rule": "latency", "to": {"revision": 6, "templateHash": "hash6"}},
        "review": {"verdict": "right"},
        "approvedAt": "2026-05-01T12:00:00.000000Z",
    },
}


def test_a_bare_template_lacks_what_the_controller_and_the_server_add() -> None:
    """The hash label, and metadata without a value, which older API servers write; nothing else."""
    labels = {"app": "checkout", "pod-template-hash": "abc"}
    metadata = {"labels": labels, "annotations": {"a": "b"}, "creationTimestamp": None}
    raw = {"metadata": metadata, "spec": {"x": None}, "unknownToUs": 1}
    bare = {"metadata": {"labels": {"app": "checkout"}, "annotations": {"a": "b"}}}
    assert bare_template(raw) == {**bare, "spec": {"x": None}, "unknownToUs": 1}
    assert labels["pod-template-hash"] == "abc"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param({"metadata": {"labels": {"pod-template-hash": "a"}}}, id="only-the-hash"),
        pytest.param({"metadata": {"labels": None}}, id="null-labels"),
        pytest.param({"metadata": None}, id="null-metadata"),
        pytest.param({}, id="no-metadata"),
    ],
)
def test_a_template_without_labels_is_bare_in_one_way(raw: dict[str, Any]) -> None:
    """However its emptiness is written."""
    assert bare_template(raw) == {"metadata": {}}


def test_a_creation_time_that_somebody_set_is_part_of_the_template() -> None:
    """Only the null of older API servers means nothing."""
    dated = {**ONE, "metadata": {**ONE["metadata"], "creationTimestamp": "2026-01-01T00:00:00Z"}}
    assert template_digest(dated) != template_digest(ONE)


def test_a_record_is_named_by_workload_and_template() -> None:
    """The same for whoever sees the same; another for another uid, and for another template."""
    name = record_name("checkout", "uid-1", template_digest(ONE))
    relabelled = {**ONE, "metadata": {"labels": {"app": "checkout", "pod-template-hash": "other"}}}
    assert re.fullmatch("checkout-[0-9a-f]{10}-[0-9a-f]{10}", name)
    assert record_name("checkout", "uid-1", template_digest(relabelled)) == name
    others = [("uid-2", ONE), ("uid-1", TWO)]
    names = {name, *(record_name("checkout", uid, template_digest(one)) for uid, one in others)}
    assert len(names) == 3


@pytest.mark.parametrize("workload", ["a" * 253, "a" * 39 + "-b", "a" * 38 + ".b.c", "x.y"])
def test_a_record_name_is_a_name_and_a_label_value(workload: str) -> None:
    """Whatever the workload is called, and wherever its name is cut."""
    name = record_name(workload, "uid-1", template_digest(ONE))
    assert SUBDOMAIN.fullmatch(name)
    assert len(name) <= 63


def test_there_is_one_target_record_for_each_rule_and_reason() -> None:
    """Rules whose long names begin alike do not share one, nor do reasons."""
    rules = ["a" * 62 + "b", "a" * 62 + "c", "errors", "errors-target"]
    names = {target_record_name(rule, reason.value) for rule in rules for reason in TargetReason}
    assert len(names) == len(rules) * len(TargetReason)
    assert all(SUBDOMAIN.fullmatch(name) for name in names)
    assert target_record_name("errors", "label_missing") == "errors-target-label-missing"


def test_a_record_is_read_back() -> None:
    """The decision's rule counts where there is one, else the first that matched."""
    read = parse_record(RAW)
    assert read == PastRollback(
        record="checkout-1",
        target=CHECKOUT,
        rule="latency",
        phase=Phase.SUCCEEDED,
        uid="uid-1",
        from_number=7,
        from_hash="hash7",
        to_number=6,
        to_hash="hash6",
        patched_at=NOW,
        review=Review.RIGHT,
        approved_at=NOW,
        rolled_out_at=NOW + timedelta(seconds=7),
    )


def test_a_rejected_record_says_who_and_when() -> None:
    """As far as it tells."""
    ended = {"phase": "Rejected", "rejectedBy": "alice", "finishedAt": "2026-05-01T12:00:00.000000Z"}
    read = parse_record({**RAW, "status": ended})
    assert (read.phase, read.rejected_by, read.ended_at) == (Phase.REJECTED, "alice", NOW)


@pytest.mark.parametrize("patched", [True, False], ids=["patched", "not-patched"])
@pytest.mark.parametrize("phase", Phase)
def test_what_is_settled(phase: Phase, *, patched: bool) -> None:
    """What is final is, whatever was done; a superseded record is judged afresh unless it has patched."""
    found = past(phase=phase, patched_at=NOW if patched else None)
    assert found.settled is (phase in SETTLED or (phase is Phase.SUPERSEDED and patched))


def test_only_a_rollout_that_was_complete_has_a_time_at_which_it_was() -> None:
    waiting = [{"type": "RolledOut", "status": "False", "lastTransitionTime": "2026-05-01T12:00:07Z"}]
    for conditions in (waiting, [], None):
        raw = {**RAW, "status": {**RAW["status"], "conditions": conditions}}
        assert parse_record(raw).rolled_out_at is None


def test_a_record_that_was_only_just_claimed_is_read_back() -> None:
    """It has no status, and that of a target that was not found has no target."""
    claimed = {"metadata": {"name": "x"}, "spec": {"target": {}, "rule": "errors"}}
    assert parse_record(claimed) == PastRollback(record="x", target=None, rule="errors")


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"spec": {}}, id="no-metadata"),
        pytest.param({"metadata": {"name": "x"}}, id="no-spec"),
        pytest.param({**RAW, "status": {"phase": "Dancing"}}, id="unknown-phase"),
        pytest.param({**RAW, "status": {"review": {"verdict": "maybe"}}}, id="unknown-verdict"),
        pytest.param({**RAW, "status": {"patchedAt": "noon"}}, id="no-time"),
        pytest.param({**RAW, "spec": {"target": {"name": "x"}}}, id="half-a-target"),
    ],
)
def test_what_is_not_our_record_is_refused(broken: dict[str, Any]) -> None:
    """In the ways that are documented, so that the reader can say that it cannot tell."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        parse_record(broken)


@pytest.mark.parametrize(
    ("changes", "suspects"),
    [
        pytest.param({"record": "mine", "from_hash": "other"}, True, id="its-record"),
        pytest.param({"record": "other", "from_hash": "hash7"}, True, id="its-hash"),
        pytest.param({"record": "other", "from_hash": "hash6"}, False, id="another-hash"),
        pytest.param({"record": "other", "from_hash": None}, False, id="no-hash"),
    ],
)
def test_who_was_suspected(changes: dict[str, Any], *, suspects: bool) -> None:
    """The record's name tells, else the template's hash, which outlives the number."""
    assert past(**changes).suspects(revision(7), record="mine") is suspects


def test_two_unknown_hashes_are_not_the_same() -> None:
    """What nobody knows proves nothing."""
    unnumbered = revision(None)
    assert not past(from_hash=None).suspects(unnumbered, record="mine")
    assert not past(to_hash=None).restored(unnumbered)


@pytest.mark.parametrize(
    ("changes", "restored"),
    [
        pytest.param({"to_hash": "hash7"}, True, id="patched"),
        pytest.param({"to_hash": "hash7", "patched_at": None}, False, id="never-patched"),
        pytest.param({"to_hash": "hash6"}, False, id="another"),
    ],
)
def test_what_was_restored(changes: dict[str, Any], *, restored: bool) -> None:
    """Only a patch restores; a decision does not."""
    assert past(**changes).restored(revision(7)) is restored
