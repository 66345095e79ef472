"""Lists over HTTP: whole, selected, in pages, and as they were."""

from collections.abc import Iterator

import pytest

from receiver.sandbox.server import Sandbox
from receiver.sandbox.store import Store
from tests.sandbox.asking import MERGE, ask, config_map, definition
from tests.testbed.processes import wait_until

PLACE = "/api/v1/namespaces/lists/configmaps"
OTHERS = "fieldSelector=metadata.name!%3Dkube-root-ca.crt"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        # The name sorts after every other namespace's, and the namespace has nothing that comes late.
        ask(running, "POST", "/api/v1/namespaces", {"metadata": {"name": "lists"}})
        root = f"{PLACE}/kube-root-ca.crt"
        wait_until("a furnished namespace", lambda: ask(running, "GET", root).code == 200, seconds=60)
        for name in "abcde":
            ask(running, "POST", PLACE, config_map(name, labels={"vowel": str(name in "ae")}))
        yield running


def names(body: dict[str, list[dict[str, dict[str, str]]]]) -> list[str]:
    return [each["metadata"]["name"] for each in body["items"]]


def test_a_list_has_the_version_to_watch_from_and_items_without_their_kind(sandbox: Sandbox) -> None:
    body = ask(sandbox, "GET", f"{PLACE}?{OTHERS}").body
    assert (body["kind"], body["apiVersion"], names(body)) == ("ConfigMapList", "v1", list("abcde"))
    assert int(body["metadata"]["resourceVersion"]) <= sandbox.store.version
    assert "kind" not in body["items"][0]


def test_custom_objects_keep_their_kind_in_a_list(sandbox: Sandbox) -> None:
    selectable = {"selectableFields": [{"jsonPath": ".spec.color"}]}
    defined = definition("items", "Item", **selectable)
    schema = defined["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    schema["properties"] = {"color": {"type": "string"}}
    ask(sandbox, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", defined)
    for color in ("red", "blue"):
        sent = {
            "apiVersion": "example.com/v1",
            "kind": "Item",
            "metadata": {"name": color},
            "spec": {"color": color},
        }
        ask(sandbox, "POST", "/apis/example.com/v1/namespaces/lists/items", sent)
    (red,) = ask(sandbox, "GET", "/apis/example.com/v1/items?fieldSelector=spec.color%3Dred").body["items"]
    assert (red["kind"], red["apiVersion"]) == ("Item", "example.com/v1")


def test_all_namespaces_are_listed_by_namespace_and_name(sandbox: Sandbox) -> None:
    items = ask(sandbox, "GET", "/api/v1/configmaps").body["items"]
    places = [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in items]
    assert places == sorted(places)
    assert {"default", "lists"} <= {namespace for namespace, _ in places}


def test_labels_and_fields_select(sandbox: Sandbox) -> None:
    assert names(ask(sandbox, "GET", f"{PLACE}?labelSelector=vowel%3DTrue").body) == ["a", "e"]
    assert names(ask(sandbox, "GET", f"{PLACE}?fieldSelector=metadata.name%3Db").body) == ["b"]
    assert ask(sandbox, "GET", f"{PLACE}?fieldSelector=data.a%3Db").code == 400


def test_pages_are_one_list_whatever_happens_between_them(sandbox: Sandbox) -> None:
    first = ask(sandbox, "GET", "/api/v1/configmaps?limit=2").body
    whole = names(ask(sandbox, "GET", "/api/v1/configmaps").body)
    assert first["metadata"]["remainingItemCount"] == len(whole) - 2
    ask(sandbox, "DELETE", f"{PLACE}/c")
    ask(sandbox, "POST", PLACE, config_map("cc"))
    ask(sandbox, "PATCH", f"{PLACE}/d", {"data": {"a": "new"}}, content_type=MERGE)
    token = first["metadata"]["continue"]
    second = ask(sandbox, "GET", f"/api/v1/configmaps?limit=100&continue={token}").body
    assert names(first) + names(second) == whole
    assert second["metadata"] == {"resourceVersion": first["metadata"]["resourceVersion"]}
    assert {each["data"]["a"] for each in second["items"] if each["metadata"]["name"] == "d"} == {"b"}


def test_how_many_remain_is_not_known_under_a_selector(sandbox: Sandbox) -> None:
    metadata = ask(sandbox, "GET", f"{PLACE}?limit=1&labelSelector=vowel").body["metadata"]
    assert "continue" in metadata
    assert "remainingItemCount" not in metadata


def test_a_page_whose_list_is_forgotten_is_expired(sandbox: Sandbox) -> None:
    token = ask(sandbox, "GET", f"{PLACE}?limit=1").body["metadata"]["continue"]
    for name in "fg":
        ask(sandbox, "POST", PLACE, config_map(name))
    forget(sandbox.store)
    expired = ask(sandbox, "GET", f"{PLACE}?limit=1&continue={token}")
    assert (expired.code, expired.body["reason"]) == (410, "Expired")


def test_a_list_is_as_it_was_at_an_exact_version(sandbox: Sandbox) -> None:
    version = ask(sandbox, "GET", f"{PLACE}/c").body["metadata"]["resourceVersion"]
    then = ask(sandbox, "GET", f"{PLACE}?{OTHERS}&resourceVersion={version}&resourceVersionMatch=Exact").body
    assert (names(then), then["metadata"]["resourceVersion"]) == (list("abc"), version)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=x", 400),
        ("continue=x", 400),
        ("resourceVersion=x", 400),
        ("labelSelector=a+b", 400),
        ("resourceVersion=1&resourceVersionMatch=Some", 422),
        ("resourceVersionMatch=Exact", 422),
        ("sendInitialEvents=true", 422),
        ("watch=1&sendInitialEvents=true", 422),
        ("watch=1&timeoutSeconds=x", 400),
        ("watch=1&resourceVersion=1&resourceVersionMatch=NotOlderThan", 422),
        ("resourceVersion=99999999", 504),
    ],
)
def test_parameters_that_make_no_sense_are_refused(sandbox: Sandbox, query: str, code: int) -> None:
    assert ask(sandbox, "GET", f"{PLACE}?{query}").code == code


def forget(store: Store) -> None:
    """Let the store forget what happened so far, as it does after so many changes."""
    with store.changed:
        history = store._history
        store._history = type(history)(list(history)[-1:], maxlen=1)
