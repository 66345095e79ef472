"""Lists and watches: pages, selectors, and every change told in its order."""

import time

import pytest

from tests.cluster.contracts import Cluster, Folder, named

IGNORED = "kube-root-ca.crt"


@pytest.fixture
def maps(cluster: Cluster) -> Folder:
    """ConfigMaps a to e, of which a, c and e are odd; there is one more in every namespace."""
    maps = cluster.config_maps
    maps.wait_for(IGNORED, "made", bool)
    for name in "abcde":
        odd = {"odd": "yes"} if name in "ace" else {}
        maps.create({"metadata": {"name": name, "labels": {"letter": name, **odd}}})
    return maps


def test_a_list_is_in_pages_of_one_moment(maps: Folder) -> None:
    """What is deleted between two pages is still on the second."""
    first = maps.done("GET", limit=2)
    assert (first["kind"], first["apiVersion"], first["metadata"]["remainingItemCount"]) == (
        "ConfigMapList",
        "v1",
        4,
    )
    maps.done("DELETE", "c")
    second = maps.done("GET", limit=2, **{"continue": first["metadata"]["continue"]})
    third = maps.done("GET", limit=2, **{"continue": second["metadata"]["continue"]})
    pages = [[item["metadata"]["name"] for item in page["items"]] for page in (first, second, third)]
    assert pages == [["a", "b"], ["c", "d"], ["e", IGNORED]]
    assert {page["metadata"]["resourceVersion"] for page in (first, second, third)} == {
        first["metadata"]["resourceVersion"]
    }
    assert "continue" not in third["metadata"]
    assert "remainingItemCount" not in third["metadata"]


def test_a_page_of_a_selection_does_not_tell_how_many_are_left(maps: Folder) -> None:
    first = maps.done("GET", limit=2, labelSelector="odd")
    assert [item["metadata"]["name"] for item in first["items"]] == ["a", "c"]
    assert "remainingItemCount" not in first["metadata"]
    query = {"limit": 2, "labelSelector": "odd", "continue": first["metadata"]["continue"]}
    assert maps.names(**query) == ["e"]


@pytest.mark.parametrize("query", [{"continue": "zzz"}, {"limit": "x"}, {"labelSelector": "((("}], ids=str)
def test_a_list_that_cannot_be_understood_is_a_bad_request(maps: Folder, query: dict[str, str]) -> None:
    status, answer = maps.ask("GET", **query)
    assert (status, answer["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("letter=a", "a"),
        ("letter!=a", "bcde"),
        ("letter in (a, b)", "ab"),
        ("letter notin (a, b)", "cde"),
        ("odd", "ace"),
        ("!odd", "bd"),
        ("letter==b,!odd", "b"),
        ("odd,letter notin (a)", "ce"),
        ("nothing=x", ""),
    ],
)
def test_labels_select(maps: Folder, selector: str, names: str) -> None:
    assert [name for name in maps.names(labelSelector=selector) if name != IGNORED] == list(names)


def test_fields_select(cluster: Cluster, maps: Folder) -> None:
    assert maps.names(fieldSelector="metadata.name=a") == ["a"]
    assert maps.names(fieldSelector=f"metadata.name!=a,metadata.namespace={cluster.namespace}") == [
        *"bcde",
        IGNORED,
    ]
    status, answer = maps.ask("GET", fieldSelector="spec.x=1")
    assert (status, answer["reason"]) == (400, "BadRequest")
    assert '"spec.x" is not a known field selector' in answer["message"]


def test_pods_and_events_are_selected_by_what_kubectl_asks_for(cluster: Cluster) -> None:
    about = {"kind": "Deployment", "name": "web", "namespace": cluster.namespace}
    for number in range(2):
        body = named(f"event-{number}", involvedObject=about if number else {**about, "name": "other"})
        cluster.core("events").create({**body, "reason": "Because", "type": "Normal"})
    query = "involvedObject.kind=Deployment,involvedObject.name=web"
    assert cluster.core("events").names(fieldSelector=query) == ["event-1"]
    assert cluster.core("pods").names(fieldSelector="spec.nodeName=none,status.phase=Running") == []


def test_an_event_is_about_something_in_its_own_namespace(cluster: Cluster) -> None:
    about = {"kind": "Deployment", "name": "web", "namespace": "default"}
    status, answer = cluster.core("events").ask("POST", "", named("e", involvedObject=about))
    (cause,) = answer["details"]["causes"]
    assert (status, cause["field"]) == (422, "involvedObject.namespace")
    assert cause["message"] == 'Invalid value: "default": does not match event.namespace'


def test_a_watch_tells_every_change_after_its_version_and_ends_in_time(maps: Folder) -> None:
    since = maps.done("GET")["metadata"]["resourceVersion"]
    maps.create(named("w"))
    maps.merge("w", {"data": {"x": "1"}})
    maps.done("DELETE", "w")
    began = time.monotonic()
    told = maps.events(since)
    assert time.monotonic() - began > 0.9
    assert [(kind, obj["metadata"]["name"], obj.get("data")) for kind, obj in told] == [
        ("ADDED", "w", None),
        ("MODIFIED", "w", {"x": "1"}),
        ("DELETED", "w", {"x": "1"}),
    ]
    assert {(obj["kind"], obj["apiVersion"]) for _, obj in told} == {("ConfigMap", "v1")}
    versions = [int(obj["metadata"]["resourceVersion"]) for _, obj in told]
    assert sorted({*versions, int(since)}) == [int(since), *versions]


def test_a_watch_of_a_selection_tells_when_one_leaves_it(maps: Folder) -> None:
    """It is DELETED for who watches, with the state in which it still belonged to them."""
    since = maps.done("GET")["metadata"]["resourceVersion"]
    maps.merge("b", {"metadata": {"labels": {"odd": "yes"}}})
    maps.merge("b", {"metadata": {"labels": {"odd": None}}})
    maps.merge("b", {"data": {"x": "1"}})
    told = maps.events(since, labelSelector="odd")
    assert [(kind, obj["metadata"]["labels"]) for kind, obj in told] == [
        ("ADDED", {"letter": "b", "odd": "yes"}),
        ("DELETED", {"letter": "b", "odd": "yes"}),
    ]


def test_a_watch_from_no_version_begins_with_what_there_is(maps: Folder) -> None:
    told = maps.events("0", fieldSelector="metadata.name=a")
    assert [(kind, obj["metadata"]["name"]) for kind, obj in told] == [("ADDED", "a")]
