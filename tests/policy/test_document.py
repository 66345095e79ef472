"""The record as it is stored: what stands where, what is left out, and how large it can get at worst."""

import importlib.resources
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
import yaml

from receiver.policy.alerts import Alert, Payload
from receiver.policy.document import (
    alert_document,
    decision_diff,
    decision_document,
    record_labels,
    revision_document,
    spec_document,
    verdict_documents,
    warnings,
)
from receiver.policy.ledger import Ledger, Pause
from receiver.policy.podtemplate import template_digest
from receiver.policy.rules import Mode
from receiver.policy.verdict import Common, allow, block, not_judged
from receiver.policy.workload import Unreadable, Workload, WorkloadRef
from tests.policy.builders import LIVE, MINUTE, NOW, OLDER, alert, decision, revision, rule, workload

PAYLOAD = Payload("4", '{}:{alertname="HighErrorRate"}', "rollback", "http://am:9093", 0, ())
DOCUMENT = alert_document(alert(), PAYLOAD)
HUGE = "x" * 100_000


def test_the_alert_is_kept_as_it_came() -> None:
    """With the message that it came in."""
    seen = replace(
        alert(age=timedelta(milliseconds=1500)),
        annotations={"summary": "5% errors"},
        generator_url="http://p",
    )
    assert alert_document(seen, PAYLOAD) == {
        "name": "HighErrorRate",
        "fingerprint": seen.fingerprint,
        "startsAt": "2026-05-01T11:59:58.500000Z",
        "labels": {"alertname": "HighErrorRate", "namespace": "shop", "deployment": "checkout"},
        "annotations": {"summary": "5% errors"},
        "generatorURL": "http://p",
        "groupKey": '{}:{alertname="HighErrorRate"}',
        "externalURL": "http://am:9093",
    }


def hostile() -> Alert:
    """An alert that is as large as its sender likes."""
    labels = {"alertname": HUGE, **{f"{number}{HUGE}": HUGE for number in range(500)}}
    return replace(alert(), labels=labels, annotations=labels, generator_url=HUGE, fingerprint=HUGE)


def test_a_hostile_alert_cannot_fill_the_store() -> None:
    """Every text is cut, and of labels there are at most a hundred; etcd takes 1.5 MiB."""
    kept = alert_document(hostile(), replace(PAYLOAD, group_key=HUGE, external_url=HUGE))
    assert len(json.dumps(kept)) < 400_000
    assert len(kept["labels"]) == 100
    assert max(len(text) for text in (*kept["labels"], *kept["labels"].values())) <= 1024
    assert len(kept["fingerprint"]) == 64
    assert {len(kept[key]) <= 1024 for key in ("name", "generatorURL", "groupKey", "externalURL")} == {True}


def test_the_spec_says_what_was_seen() -> None:
    """The workload with its uid, the suspect, the first alert and its rule."""
    assert spec_document(workload(), alert=DOCUMENT, rule="errors") == {
        "target": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": "shop",
            "name": "checkout",
            "uid": "uid-1",
        },
        "suspect": {
            "revision": 7,
            "templateHash": "hash7",
            "images": {"web": "checkout:7"},
            "generation": 7,
            "rolledOutAt": "2026-05-01T11:54:00.000000Z",
        },
        "alert": DOCUMENT,
        "rule": "errors",
    }


def test_what_nobody_knows_is_left_out() -> None:
    """Rather than null, which the CRD would refuse."""
    suspect = spec_document(workload(live=revision(None, live_since=None)), alert={}, rule="r")["suspect"]
    assert suspect == {"images": {"web": "checkout:None"}, "generation": 7}
    assert revision_document(revision(None)) == {"images": {"web": "checkout:None"}}


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        pytest.param("checkout", {"target-name": "checkout"}, id="short"),
        pytest.param("c" * 63, {"target-name": "c" * 63}, id="longest"),
        pytest.param("c" * 64, {}, id="too-long-for-a-label"),
    ],
)
def test_records_can_be_selected_by_target(name: str, labels: dict[str, str]) -> None:
    """By namespace, kind and name, as far as a label can hold it."""
    expected = {"target-namespace": "shop", "target-kind": "Deployment", **labels}
    assert record_labels(WorkloadRef("Deployment", "shop", name)) == {
        f"rollback-receiver.dev/{key}": value for key, value in expected.items()
    }


def test_the_decision_says_what_is_to_be_done_and_why() -> None:
    """The leading rule's word first, then what the others said."""
    made = decision(rules=[rule(), rule("strict", max_alert_age=MINUTE, mode=Mode.DRY_RUN)])
    diff = decision_diff(made)
    written = decision_document(made, diff)
    (other,) = written.pop("others")
    assert written == {
        "rule": "errors",
        "mode": "auto",
        "at": "2026-05-01T12:00:00.000000Z",
        "to": {
            "revision": 6,
            "templateHash": "hash6",
            "images": {"web": "checkout:6"},
            "templateDigest": template_digest(OLDER[1].template),
        },
        "verdicts": verdict_documents(made.leading.verdicts),
        "diff": diff,
    }
    assert diff is not None
    assert diff.startswith("--- revision 7\n+++ revision 6\n")
    assert (other["rule"], other["mode"], other["phase"]) == ("strict", "dry-run", "Refused")
    assert [one["guard"] for one in other["verdicts"] if not one["allowed"]] == ["stale"]


def test_a_refusal_has_no_diff() -> None:
    """Even where one was made before somebody refused. Where it would have gone back to is kept."""
    made = decision(ledger=Ledger(pause=Pause(NOW, "ada", "")))
    written = decision_document(made, "--- revision 7")
    assert decision_diff(made) is None
    assert {"diff", "others", "warnings"}.isdisjoint(written)
    assert written["to"]["revision"] == 6


def test_verdicts_are_kept_with_their_evidence() -> None:
    """`allowed` is absent where a guard had nothing to judge; evidence is cut."""
    verdicts = (allow("a", Common.UNREADABLE, "x"), block("b", Common.UNREADABLE, HUGE), not_judged("c", "y"))
    yes, no, neither = verdict_documents(verdicts)
    assert yes == {"guard": "a", "allowed": True, "reason": "unreadable", "evidence": "x"}
    assert (no["allowed"], len(no["evidence"].encode()) <= 1024) == (False, True)
    assert neither == {"guard": "c", "reason": "not_judged", "evidence": "y"}


@pytest.mark.parametrize(
    ("of", "warned"),
    [
        pytest.param(workload(revision_history_limit=2), False, id="enough"),
        pytest.param(workload(revision_history_limit=1), True, id="one"),
        pytest.param(workload(revision_history_limit=0), True, id="none"),
        pytest.param(
            workload(revision_history_limit=0, revisions=Unreadable("the ReplicaSets", "403")),
            True,
            id="whatever-can-be-read",
        ),
    ],
)
def test_a_short_history_is_warned_of(of: Workload, *, warned: bool) -> None:
    """It blocks nothing by itself; the on-call should know."""
    assert [text.startswith("revisionHistoryLimit is") for text in warnings(of, ())] == [True] * warned
    assert ("warnings" in decision_document(decision(of), None)) is warned


def crd_schema() -> dict[str, Any]:
    """The schema that the API server holds a record to."""
    text = importlib.resources.files("receiver.cluster").joinpath("crd.yaml").read_text()
    (version,) = yaml.safe_load(text)["spec"]["versions"]
    schema: dict[str, Any] = _closed(version["schema"]["openAPIV3Schema"])
    return schema


def _closed(node: Any) -> Any:
    """Refuse unknown fields, which the API server would drop without a word."""
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    return {**closed, "additionalProperties": False} if "properties" in node else closed


@pytest.mark.parametrize(
    ("of", "rules"),
    [
        pytest.param(workload(), [rule()], id="to-be-rolled-back"),
        pytest.param(workload(revisions=()), [rule(), rule("other")], id="refused-by-two"),
        pytest.param(workload(live=revision(None), revision_history_limit=1), [rule()], id="little-is-known"),
    ],
)
def test_the_crd_has_a_place_for_everything(of: Workload, rules: list[Any]) -> None:
    """The API server drops fields that its schema does not know: nothing of ours may be among them."""
    spec = spec_document(of, alert=alert_document(hostile(), PAYLOAD), rule="errors")
    made = decision(of, rules=rules)
    status = {"decision": decision_document(made, decision_diff(made))}
    jsonschema.Draft4Validator(crd_schema()).validate({"metadata": {}, "spec": spec, "status": status})
    assert LIVE.number == 7
