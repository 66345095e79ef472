"""An object's life: created, read, replaced, deleted; and the words with which each of these is refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.cluster.contracts import MERGE_PATCH, Cluster, Folder, failure, named
from tests.testbed import workloads

MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
UNKNOWN_FORMAT = "the body of the request was in an unknown format - accepted media types include:"
ELSEWHERE = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def maps(cluster: Cluster) -> Folder:
    """ConfigMaps, of which there is a."""
    cluster.config_maps.create(named("a", data={"x": "1"}))
    return cluster.config_maps


def test_a_new_object_gets_what_nobody_can_set(cluster: Cluster) -> None:
    sent = {"name": "web", "uid": ELSEWHERE, "generation": 7, "creationTimestamp": "2001-01-01T00:00:00Z"}
    made = cluster.deployments.create({**workloads.deployment("web"), "metadata": sent})
    metadata = made["metadata"]
    assert (made["kind"], made["apiVersion"]) == ("Deployment", "apps/v1")
    assert (metadata["namespace"], metadata["generation"]) == (cluster.namespace, 1)
    assert len(metadata["uid"]) == len(ELSEWHERE)
    assert metadata["uid"] != ELSEWHERE
    assert metadata["creationTimestamp"].startswith("202")
    assert int(metadata["resourceVersion"]) > 0


def test_half_a_surrogate_pair_is_replaced_and_a_whole_one_kept(maps: Folder) -> None:
    """A note or a label may hold one: kept as it is, no UTF-8 could say what is in the cluster."""
    made = maps.create(named("halves", data={"x": "a\ud800b\udc00", "y": "\U0001f600"}))
    assert made["data"] == {"x": "a\ufffdb\ufffd", "y": "\U0001f600"}
    assert maps.get("halves")["data"] == made["data"]


def test_only_a_kind_with_a_desired_state_has_a_generation(maps: Folder) -> None:
    assert "generation" not in maps.get("a")["metadata"]


def test_every_change_moves_the_version_and_what_changes_nothing_does_not(maps: Folder) -> None:
    before = maps.get("a")["metadata"]
    same, other = maps.merge("a", {"data": {"x": "1"}}), maps.merge("a", {"data": {"x": "2"}})
    assert same["metadata"]["resourceVersion"] == before["resourceVersion"]
    assert int(other["metadata"]["resourceVersion"]) > int(before["resourceVersion"])
    assert [before[key] for key in ("uid", "creationTimestamp")] == [
        other["metadata"][key] for key in ("uid", "creationTimestamp")
    ]


def test_a_put_replaces_all_and_needs_no_version(maps: Folder) -> None:
    replaced = maps.done("PUT", "a", named("a", data={"y": "1"}, binaryData={"z": "AA=="}))
    assert (replaced["data"], replaced["binaryData"]) == ({"y": "1"}, {"z": "AA=="})
    assert replaced["metadata"]["uid"] == maps.get("a")["metadata"]["uid"]


def test_a_put_on_a_stale_version_is_a_conflict(maps: Folder) -> None:
    old = maps.get("a")
    maps.merge("a", {"data": {"x": "2"}})
    assert maps.ask("PUT", "a", {**old, "data": {"x": "3"}}) == (
        409,
        failure(
            409,
            "Conflict",
            f'Operation cannot be fulfilled on configmaps "a": {MODIFIED}',
            {"name": "a", "kind": "configmaps"},
        ),
    )
    status, _ = maps.ask("PATCH", "a", {"metadata": {"resourceVersion": "1"}, "data": {}}, MERGE_PATCH)
    assert status == 409
    assert maps.get("a")["data"] == {"x": "2"}


def test_a_generated_name_is_one_that_nobody_has(cluster: Cluster) -> None:
    made = [cluster.config_maps.create({"metadata": {"generateName": "gen-"}}) for _ in range(3)]
    names = {each["metadata"]["name"] for each in made}
    assert len(names) == 3
    assert {name[:4] for name in names} == {"gen-"}
    assert {len(name) for name in names} == {9}
    assert {each["metadata"]["generateName"] for each in made} == {"gen-"}


def test_delete_says_what_is_gone(maps: Folder) -> None:
    uid = maps.get("a")["metadata"]["uid"]
    gone = {"name": "a", "kind": "configmaps", "uid": uid}
    done = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": gone}
    assert maps.ask("DELETE", "a", dryRun="All") == (200, done)
    assert maps.get("a")["data"] == {"x": "1"}
    status, refused = maps.ask("DELETE", "a", {"preconditions": {"uid": ELSEWHERE}})
    assert (status, refused["reason"]) == (409, "Conflict")
    assert f"the UID in the precondition ({ELSEWHERE}) does not match the UID in record" in refused["message"]
    assert maps.ask("DELETE", "a") == (200, done)
    assert maps.ask("GET", "a")[0] == 404


def test_a_finalizer_keeps_an_object_until_it_is_taken_off(maps: Folder) -> None:
    maps.merge("a", {"metadata": {"finalizers": ["example.com/mine"]}})
    maps.done("DELETE", "a")
    assert maps.get("a")["metadata"]["deletionTimestamp"]
    maps.merge("a", {"metadata": {"finalizers": None}})
    assert maps.ask("GET", "a")[0] == 404


def test_a_selection_is_deleted_at_once(maps: Folder) -> None:
    for name in "bc":
        maps.create({"metadata": {"name": name, "labels": {"old": "yes"}}})
    gone = maps.done("DELETE", labelSelector="old=yes")
    assert (gone["kind"], [each["metadata"]["name"] for each in gone["items"]]) == (
        "ConfigMapList",
        ["b", "c"],
    )
    assert [name for name in maps.names() if name in "abc"] == ["a"]


def test_a_dry_run_answers_as_the_real_one_and_stores_nothing(cluster: Cluster, maps: Folder) -> None:
    assert maps.create(named("b", data={"x": "1"}), dryRun="All")["metadata"]["uid"]
    assert maps.ask("GET", "b")[0] == 404
    assert maps.done("PUT", "a", named("a", data={"x": "2"}), dryRun="All")["data"] == {"x": "2"}
    assert maps.get("a")["data"] == {"x": "1"}
    assert maps.ask("POST", "", named("a"), dryRun="All")[0] == 409


ALREADY: Mapping[str, Any] = {"name": "a", "kind": "configmaps"}
NO_SUCH_PATH = failure(404, "NotFound", "the server could not find the requested resource", {})
NOT_ALLOWED = "the server does not allow this method on the requested resource"
REFUSED: Mapping[str, tuple[tuple[Any, ...], Any]] = {
    "not there": (
        ("GET", "none"),
        failure(404, "NotFound", 'configmaps "none" not found', {"name": "none", "kind": "configmaps"}),
    ),
    "not there to replace": (
        ("PUT", "none", named("none")),
        failure(404, "NotFound", 'configmaps "none" not found', {"name": "none", "kind": "configmaps"}),
    ),
    "not there to delete": (
        ("DELETE", "none"),
        failure(404, "NotFound", 'configmaps "none" not found', {"name": "none", "kind": "configmaps"}),
    ),
    "no such subresource": (("GET", "a/nope"), NO_SUCH_PATH),
    "no status": (("GET", "a/status"), NO_SUCH_PATH),
    "there already": (
        ("POST", "", named("a")),
        failure(409, "AlreadyExists", 'configmaps "a" already exists', dict(ALREADY)),
    ),
    "another name than the path's": (
        ("PUT", "b", named("a")),
        failure(400, "BadRequest", "the name of the object (a) does not match the name on the URL (b)"),
    ),
    "another namespace than the path's": (
        ("POST", "", {"metadata": {"name": "b", "namespace": "default"}}),
        failure(
            400,
            "BadRequest",
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
    ),
    "no name": (
        ("POST", "", {"metadata": {}}),
        failure(
            422,
            "Invalid",
            'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
            {
                "kind": "ConfigMap",
                "causes": [
                    {
                        "reason": "FieldValueRequired",
                        "message": "Required value: name or generateName is required",
                        "field": "metadata.name",
                    }
                ],
            },
        ),
    ),
    "a name in the collection's place": (
        ("PUT", "", named("a")),
        failure(405, "MethodNotAllowed", NOT_ALLOWED, {}),
    ),
    "a patch of the collection": (
        ("PATCH", "", {}, MERGE_PATCH),
        failure(405, "MethodNotAllowed", NOT_ALLOWED, {}),
    ),
}


@pytest.mark.parametrize("asked", REFUSED)
def test_a_refusal_says_in_these_words(maps: Folder, asked: str) -> None:
    request, answer = REFUSED[asked]
    assert maps.ask(*request) == (answer["code"], answer)


def test_a_body_of_a_foreign_type_is_refused_and_told_what_is_not(maps: Folder) -> None:
    status, answer = maps.ask("POST", "", b"a: b", "application/x-foo")
    assert (status, answer["reason"]) == (415, "UnsupportedMediaType")
    assert answer["message"].startswith(f"{UNKNOWN_FORMAT} application/json, ")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{nope", "json parse error: invalid character 'n'"),
        (
            {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "q"}},
            "cannot be handled as a ConfigMap",
        ),
    ],
    ids=["no JSON", "another kind"],
)
def test_a_body_that_is_no_object_of_the_kind_is_a_bad_request(
    maps: Folder, body: object, words: str
) -> None:
    status, answer = maps.ask("POST", "", body)
    assert (status, answer["reason"], answer["code"]) == (400, "BadRequest", 400)
    assert words in answer["message"]


def test_a_path_that_is_not_served_is_404(cluster: Cluster, maps: Folder) -> None:
    unknown = Folder(cluster.plane, f"/apis/apps/v1/namespaces/{cluster.namespace}/nothing")
    assert unknown.ask("GET", "x") == (404, NO_SUCH_PATH)
    assert Folder(cluster.plane, "/apis/nope.example/v1/x").ask("GET")[0] == 404


def test_a_namespace_that_is_not_there_takes_nothing_and_lists_nothing(cluster: Cluster) -> None:
    absent = Cluster(cluster.plane, "absent").config_maps
    missing = failure(
        404, "NotFound", 'namespaces "absent" not found', {"name": "absent", "kind": "namespaces"}
    )
    assert absent.ask("POST", "", named("x")) == (404, missing)
    assert absent.names() == []


def test_a_name_that_is_none_is_refused_with_its_rule(maps: Folder) -> None:
    status, answer = maps.ask("POST", "", named("Bad_Name"))
    (cause,) = answer["details"]["causes"]
    assert (status, answer["reason"], cause["field"]) == (422, "Invalid", "metadata.name")
    assert cause["reason"] == "FieldValueInvalid"
    assert "a lowercase RFC 1123 subdomain must consist of" in cause["message"]
