"""The audit log is read as it grows, and its entries are told apart by who asked what."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.testbed.audit import AuditLog

RECEIVED = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


def event(
    user: str = "receiver-1",
    verb: str = "patch",
    name: str = "web",
    query: str = "",
    at: datetime = RECEIVED,
) -> str:
    path = f"/apis/apps/v1/namespaces/shop/deployments/{name}"
    written: dict[str, Any] = {
        "kind": "Event",
        "level": "Metadata",
        "stage": "ResponseComplete",
        "requestURI": path + query,
        "verb": verb,
        "user": {"username": user, "groups": ["system:masters"]},
        "userAgent": "kubectl/v1.37.2",
        "objectRef": {"resource": "deployments", "namespace": "shop", "name": name, "apiGroup": "apps"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": at.isoformat().replace("+00:00", "Z"),
        "stageTimestamp": (at + timedelta(milliseconds=5)).isoformat().replace("+00:00", "Z"),
    }
    return json.dumps(written) + "\n"


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "audit.log")


def test_an_entry_carries_what_the_event_says(log: AuditLog) -> None:
    log.path.write_text(event(query="?dryRun=All&fieldManager=x"))
    (entry,) = log.requests()
    assert (entry.verb, entry.user, entry.code) == ("patch", "receiver-1", 200)
    assert (entry.resource, entry.namespace, entry.name) == ("deployments", "shop", "web")
    assert entry.dry_run
    assert entry.received_at == RECEIVED
    assert entry.completed_at - entry.received_at == timedelta(milliseconds=5)


def test_a_request_without_an_object_has_empty_fields(log: AuditLog) -> None:
    bare = json.loads(event())
    del bare["objectRef"], bare["responseStatus"], bare["userAgent"]
    log.path.write_text(json.dumps(bare) + "\n")
    (entry,) = log.requests()
    assert (entry.resource, entry.namespace, entry.name, entry.code, entry.user_agent) == ("", "", "", 0, "")
    assert not entry.dry_run


def test_no_log_yet_has_no_entries(log: AuditLog) -> None:
    assert log.requests() == []


def test_a_half_written_line_waits_for_its_end(log: AuditLog) -> None:
    whole = event(name="second")
    log.path.write_text(event(name="first") + whole[:40])
    assert [entry.name for entry in log.requests()] == ["first"]
    with log.path.open("a") as more:
        more.write(whole[40:])
    assert [entry.name for entry in log.requests()] == ["first", "second"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        pytest.param({"user": "bench"}, ["b"], id="user"),
        pytest.param({"verb": "get"}, ["c"], id="verb"),
        pytest.param({"name": "a"}, ["a"], id="name"),
        pytest.param({"namespace": "shop", "resource": "deployments"}, ["a", "b", "c"], id="kind-and-place"),
        pytest.param({"since": RECEIVED + timedelta(seconds=1)}, ["c"], id="since"),
        pytest.param({"user": "bench", "verb": "get"}, [], id="every-value-must-agree"),
    ],
)
def test_requests_agree_with_every_given_value(
    log: AuditLog, wanted: dict[str, Any], names: list[str]
) -> None:
    later = RECEIVED + timedelta(seconds=2)
    log.path.write_text(
        event(name="a") + event(user="bench", name="b") + event(verb="get", name="c", at=later)
    )
    assert [entry.name for entry in log.requests(**wanted)] == names


def test_waiting_for_more_than_comes_says_what_was_wanted(log: AuditLog) -> None:
    log.path.write_text(event())
    assert len(log.wait_for(1, user="receiver-1")) == 1
    with pytest.raises(TimeoutError, match=r"2 audit entries .*receiver-1"):
        log.wait_for(2, seconds=0.1, user="receiver-1")
