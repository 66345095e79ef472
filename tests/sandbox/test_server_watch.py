"""Watches over HTTP: what is told, in which order, and how they end."""

import time
from collections.abc import Iterator

import pytest

from receiver.sandbox.server import Sandbox
from tests.sandbox.asking import MERGE, TABLE, Object, ask, config_map, watching
from tests.sandbox.test_server_lists import forget

PLACE = "/api/v1/namespaces/default/configmaps"
OTHERS = "fieldSelector=metadata.name!%3Dkube-root-ca.crt"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def told(event: Object) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"].get("name", "")


def test_changes_come_in_order_from_a_version_on(sandbox: Sandbox) -> None:
    version = ask(sandbox, "POST", PLACE, config_map("a")).body["metadata"]["resourceVersion"]
    ask(sandbox, "PATCH", f"{PLACE}/a", {"data": {"a": "c"}}, content_type=MERGE)
    ask(sandbox, "POST", "/api/v1/namespaces/kube-public/configmaps", config_map("elsewhere"))
    with watching(sandbox, f"{PLACE}?watch=true&resourceVersion={version}") as events:
        assert told(next(events)) == ("MODIFIED", "a")
        ask(sandbox, "POST", PLACE, config_map("b"))
        ask(sandbox, "DELETE", f"{PLACE}/a")
        assert told(next(events)) == ("ADDED", "b")
        gone = next(events)
    assert told(gone) == ("DELETED", "a")
    assert int(gone["object"]["metadata"]["resourceVersion"]) > int(version)
    assert (gone["object"]["kind"], gone["object"]["apiVersion"]) == ("ConfigMap", "v1")


@pytest.mark.parametrize("version", ["", "0"])
def test_without_a_version_what_is_there_comes_first(sandbox: Sandbox, version: str) -> None:
    ask(sandbox, "POST", PLACE, config_map("a"))
    with watching(sandbox, f"{PLACE}?watch=1&{OTHERS}&resourceVersion={version}") as events:
        assert told(next(events)) == ("ADDED", "a")
        ask(sandbox, "POST", PLACE, config_map("b"))
        assert told(next(events)) == ("ADDED", "b")


def test_what_leaves_a_selection_is_deleted_and_what_enters_it_is_added(sandbox: Sandbox) -> None:
    ask(sandbox, "POST", PLACE, config_map("a", labels={"in": "yes"}))
    ask(sandbox, "POST", PLACE, config_map("b"))
    query = f"watch=1&labelSelector=in%3Dyes&resourceVersion={sandbox.store.version}"
    with watching(sandbox, f"{PLACE}?{query}") as events:
        for name, value in (("a", "no"), ("b", "yes"), ("b", "no"), ("a", "never"), ("a", "yes")):
            patch = {"metadata": {"labels": {"in": value}}}
            ask(sandbox, "PATCH", f"{PLACE}/{name}", patch, content_type=MERGE)
        found = [next(events) for _ in range(4)]
    assert [told(each) for each in found] == [
        ("DELETED", "a"),
        ("ADDED", "b"),
        ("DELETED", "b"),
        ("ADDED", "a"),
    ]
    # The last state that was selected, with the version of its leaving.
    assert found[0]["object"]["metadata"]["labels"] == {"in": "yes"}


def test_initial_events_end_with_a_bookmark_as_informers_want(sandbox: Sandbox) -> None:
    ask(sandbox, "POST", PLACE, config_map("a"))
    query = "watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
    with watching(sandbox, f"{PLACE}?{query}&{OTHERS}") as events:
        assert told(next(events)) == ("ADDED", "a")
        mark = next(events)
    assert (mark["type"], mark["object"]["kind"]) == ("BOOKMARK", "ConfigMap")
    assert mark["object"]["metadata"] == {
        "resourceVersion": str(sandbox.store.version),
        "annotations": {"k8s.io/initial-events-end": "true"},
    }


def test_a_version_that_is_forgotten_is_told_as_an_error(sandbox: Sandbox) -> None:
    forget(sandbox.store)
    with watching(sandbox, f"{PLACE}?watch=1&resourceVersion=1") as events:
        (event,) = list(events)
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_a_table_tells_its_columns_once(sandbox: Sandbox) -> None:
    for name in "ab":
        ask(sandbox, "POST", PLACE, config_map(name))
    with watching(sandbox, f"{PLACE}?watch=1&{OTHERS}", {"Accept": TABLE}) as events:
        first, second = (next(events)["object"] for _ in range(2))
    assert [column["name"] for column in first["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert second["columnDefinitions"] is None
    assert second["rows"][0]["cells"][:2] == ["b", 1]


def test_it_ends_with_its_time(sandbox: Sandbox) -> None:
    began = time.monotonic()
    assert ask(sandbox, "GET", f"{PLACE}?watch=1&sendInitialEvents=false&timeoutSeconds=1").code == 422
    query = "watch=1&resourceVersionMatch=NotOlderThan&sendInitialEvents=false&timeoutSeconds=1"
    assert ask(sandbox, "GET", f"{PLACE}?{query}").text == ""
    assert time.monotonic() - began > 0.9


def test_it_ends_with_the_server(sandbox: Sandbox) -> None:
    with watching(sandbox, f"{PLACE}?watch=1&{OTHERS}") as events:
        sandbox.stop()
        with pytest.raises((StopIteration, OSError)):
            next(events)
