"""Reading and writing one object over HTTP, with the refusals that the real server gives."""

from collections.abc import Iterator
from typing import Any

import pytest

from receiver.sandbox import resources
from receiver.sandbox.server import Sandbox
from tests.sandbox.asking import JSON_PATCH, MERGE, ask, config_map, definition, deployment
from tests.testbed.processes import wait_until

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
REFUSED: list[tuple[str, str, Any, int, str]] = [
    ("POST", CONFIG_MAPS, "{nope", 400, "couldn't get version/kind; json parse error: invalid character 'n'"),
    ("POST", CONFIG_MAPS, "", 400, "unexpected end of JSON input (<empty>)"),
    ("POST", CONFIG_MAPS, "[]", 400, "cannot unmarshal array"),
    ("POST", CONFIG_MAPS, '{"kind": 5}', 400, "cannot unmarshal"),
    ("POST", CONFIG_MAPS, {"metadata": "x"}, 400, "cannot unmarshal string into Go struct field"),
    ("POST", CONFIG_MAPS, deployment("x"), 400, "(v1.Deployment) to (core.ConfigMap): unknown conversion"),
    (
        "POST",
        DEPLOYMENTS,
        {**deployment("x"), "apiVersion": "apps/v2"},
        400,
        'for version "apps/v2" in scheme',
    ),
    ("POST", CONFIG_MAPS, config_map("x", namespace="other"), 400, "does not match the namespace sent"),
    ("POST", CONFIG_MAPS, {"metadata": {}}, 422, "name or generateName is required"),
    ("POST", CONFIG_MAPS, config_map("x", resourceVersion="1"), 500, "should not be set on objects to be"),
    ("POST", f"{CONFIG_MAPS}?dryRun=Some", config_map("x"), 422, 'supported values: "All"'),
    ("POST", f"{CONFIG_MAPS}?fieldValidation=Some", config_map("x"), 422, "CreateOptions.meta.k8s.io"),
    ("POST", "/api/v1/namespaces/gone/configmaps", config_map("x"), 404, 'namespaces "gone" not found'),
    ("PUT", f"{CONFIG_MAPS}/x", config_map("y"), 400, "(y) does not match the name on the URL (x)"),
    ("PUT", f"{CONFIG_MAPS}/x", {"metadata": {}}, 400, "(x based on URL) was undeterminable"),
    ("PUT", f"{CONFIG_MAPS}/gone", config_map("gone"), 404, 'configmaps "gone" not found'),
    ("DELETE", f"{CONFIG_MAPS}/gone", None, 404, 'configmaps "gone" not found'),
    ("GET", f"{DEPLOYMENTS}/gone/scale", None, 404, 'deployments.apps "gone" not found'),
    ("PUT", CONFIG_MAPS, config_map("x"), 405, "does not allow this method"),
    ("POST", f"{CONFIG_MAPS}/x", config_map("x"), 405, "does not allow this method"),
    ("POST", "/api/v1/configmaps", config_map("x"), 405, "does not allow this method"),
    ("DELETE", "/api/v1/namespaces", None, 405, "does not allow this method"),
    ("DELETE", f"{DEPLOYMENTS}/x/status", None, 405, "does not allow this method"),
    ("POST", "/version", {}, 405, "does not allow this method"),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.mark.parametrize(("method", "path", "body", "code", "said"), REFUSED)
def test_a_request_that_makes_no_sense_is_refused(
    sandbox: Sandbox, method: str, path: str, body: Any, code: int, said: str
) -> None:
    answer = ask(sandbox, method, path, body)
    status = answer.body
    assert (answer.code, status["kind"], status["status"], status["code"]) == (
        code,
        "Status",
        "Failure",
        code,
    )
    assert said in status["message"]


@pytest.mark.parametrize("content_type", ["application/yaml", "text/plain"])
def test_a_body_of_another_type_is_refused(sandbox: Sandbox, content_type: str) -> None:
    assert ask(sandbox, "POST", CONFIG_MAPS, "a: b", content_type=content_type).code == 415


def test_an_object_is_created_once(sandbox: Sandbox) -> None:
    created = ask(sandbox, "POST", CONFIG_MAPS, config_map("once"))
    assert created.code == 201
    assert created.body["metadata"]["namespace"] == "default"
    assert ask(sandbox, "GET", f"{CONFIG_MAPS}/once").body == created.body
    again = ask(sandbox, "POST", CONFIG_MAPS, config_map("once"))
    assert (again.code, again.body["reason"]) == (409, "AlreadyExists")


def test_a_prefix_gives_a_name(sandbox: Sandbox) -> None:
    sent = {"metadata": {"generateName": "some-"}}
    names = {ask(sandbox, "POST", CONFIG_MAPS, sent).body["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("some-") for name in names)


@pytest.mark.parametrize(
    ("headers", "query", "manager"),
    [
        ({"User-Agent": "kubectl/v1.37 (linux)"}, "", "kubectl"),
        ({"User-Agent": "kubectl/v1.37"}, "?fieldManager=me", "me"),
        ({}, "", "unknown"),
    ],
)
def test_the_manager_is_as_given_or_the_user_agent(
    sandbox: Sandbox, headers: dict[str, str], query: str, manager: str
) -> None:
    sent = {"metadata": {"generateName": "managed-"}, "data": {"a": "b"}}
    created = ask(sandbox, "POST", CONFIG_MAPS + query, sent, headers=headers).body
    assert [entry["manager"] for entry in created["metadata"]["managedFields"]] == [manager]


def test_a_dry_run_changes_nothing(sandbox: Sandbox) -> None:
    ask(sandbox, "POST", CONFIG_MAPS, config_map("dry"))
    version = sandbox.store.version
    assert ask(sandbox, "POST", f"{CONFIG_MAPS}?dryRun=All", config_map("dry-2")).code == 201
    patched = ask(sandbox, "PATCH", f"{CONFIG_MAPS}/dry?dryRun=All", {"data": {"a": "c"}}, content_type=MERGE)
    assert patched.body["data"] == {"a": "c"}
    assert ask(sandbox, "DELETE", f"{CONFIG_MAPS}/dry?dryRun=All").body["status"] == "Success"
    assert ask(sandbox, "DELETE", f"{CONFIG_MAPS}/dry", {"dryRun": ["All"]}).body["status"] == "Success"
    changed = [(each.key, each.namespace) for each in sandbox.store.since(version)]
    assert (resources.CONFIG_MAPS.key, "default") not in changed


def test_a_put_replaces_what_it_has_read_and_nothing_newer(sandbox: Sandbox) -> None:
    read = ask(sandbox, "POST", CONFIG_MAPS, config_map("put")).body
    put = ask(sandbox, "PUT", f"{CONFIG_MAPS}/put", {**read, "data": {"c": "d"}})
    assert (put.code, put.body["data"]) == (200, {"c": "d"})
    stale = ask(sandbox, "PUT", f"{CONFIG_MAPS}/put", read)
    assert (stale.code, stale.body["reason"]) == (409, "Conflict")
    other = {"metadata": {"name": "put", "uid": "other"}}
    assert "Precondition failed: UID" in ask(sandbox, "PUT", f"{CONFIG_MAPS}/put", other).body["message"]


def test_a_json_patch_tests_and_replaces(sandbox: Sandbox) -> None:
    uid = ask(sandbox, "POST", CONFIG_MAPS, config_map("tested")).body["metadata"]["uid"]
    test = {"op": "test", "path": "/metadata/uid", "value": uid}
    change = {"op": "replace", "path": "/data/a", "value": "c"}
    path = f"{CONFIG_MAPS}/tested"
    assert ask(sandbox, "PATCH", path, [test, change], content_type=JSON_PATCH).body["data"] == {"a": "c"}
    failed = ask(sandbox, "PATCH", path, [{**test, "value": "x"}, change], content_type=JSON_PATCH)
    assert (failed.code, failed.body["reason"]) == (422, "Invalid")


def test_the_status_and_the_rest_are_written_apart(sandbox: Sandbox) -> None:
    ask(sandbox, "POST", DEPLOYMENTS, deployment("apart", paused=True))
    sent = {"status": {"replicas": 7}, "spec": {"replicas": 3}}
    path = f"{DEPLOYMENTS}/apart"
    changed = ask(sandbox, "PATCH", f"{path}/status?dryRun=All", sent, content_type=MERGE).body
    assert (changed["status"]["replicas"], changed["spec"]["replicas"]) == (7, 0)
    changed = ask(sandbox, "PATCH", f"{path}?dryRun=All", sent, content_type=MERGE).body
    assert (changed["status"].get("replicas", 0), changed["spec"]["replicas"]) == (0, 3)


def test_a_scale_is_read_and_written(sandbox: Sandbox) -> None:
    ask(sandbox, "POST", DEPLOYMENTS, deployment("scaled", paused=True))
    wait_until("the controller's last write", lambda: is_observed(sandbox, "scaled"), seconds=60)
    path = f"{DEPLOYMENTS}/scaled/scale"
    scale = ask(sandbox, "GET", path).body
    assert (scale["kind"], scale["apiVersion"], scale["spec"]) == ("Scale", "autoscaling/v1", {})
    assert scale["status"] == {"replicas": 0, "selector": "app=scaled"}
    assert ask(sandbox, "PUT", path, {**scale, "spec": {"replicas": 2}}).body["spec"] == {"replicas": 2}
    assert ask(sandbox, "PUT", path, scale).code == 409
    assert ask(sandbox, "PATCH", path, {"spec": {"replicas": 0}}, content_type=MERGE).body["spec"] == {}
    refused = ask(sandbox, "PATCH", path, {"spec": {"replicas": -1}}, content_type=MERGE)
    assert (refused.code, refused.body["details"]["kind"]) == (422, "Scale")
    assert ask(sandbox, "PUT", path, deployment("scaled")).code == 400


def is_observed(sandbox: Sandbox, name: str) -> bool:
    status = ask(sandbox, "GET", f"{DEPLOYMENTS}/{name}").body.get("status", {})
    return bool(status.get("observedGeneration") == 1)


def test_a_custom_kind_says_where_its_scale_is_and_has_versions(sandbox: Sandbox) -> None:
    counts = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
    paths = {**counts, "labelSelectorPath": ".status.of"}
    defined = definition("sizes", "Size", subresources={"status": {}, "scale": paths})
    versions = defined["spec"]["versions"]
    versions.append({**versions[0], "name": "v1beta1", "storage": False})
    assert (
        ask(sandbox, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", defined).code == 201
    )
    sizes = "/apis/example.com/v1/namespaces/default/sizes"
    sent = {"apiVersion": "example.com/v1", "kind": "Size", "metadata": {"name": "s"}, "spec": {"size": 2}}
    assert ask(sandbox, "POST", sizes, sent).code == 201
    ask(sandbox, "PATCH", f"{sizes}/s/status", {"status": {"size": 1, "of": "a=b"}}, content_type=MERGE)
    scale = ask(sandbox, "GET", f"{sizes}/s/scale").body
    assert (scale["spec"], scale["status"]) == ({"replicas": 2}, {"replicas": 1, "selector": "a=b"})
    ask(sandbox, "PATCH", f"{sizes}/s/scale", {"spec": {"replicas": 5}}, content_type=MERGE)
    other = ask(sandbox, "GET", f"{sizes.replace('v1', 'v1beta1')}/s").body
    assert (other["apiVersion"], other["spec"]) == ("example.com/v1beta1", {"size": 5})
    assert "'Kind' is missing" in ask(sandbox, "POST", sizes, {"metadata": {"name": "t"}}).body["message"]
    wrong = ask(sandbox, "POST", sizes, {**sent, "apiVersion": "example.com/v2"}).body["message"]
    assert wrong.endswith("(example.com/v2) does not match the expected API version (example.com/v1)")
    unread = ask(sandbox, "PUT", f"{sizes}/s", sent)
    assert (unread.code, unread.body["details"]["causes"][0]["field"]) == (422, "metadata.resourceVersion")


def test_a_namespace_that_goes_takes_nothing_new(sandbox: Sandbox) -> None:
    place = "/api/v1/namespaces/going/configmaps"
    ask(sandbox, "POST", "/api/v1/namespaces", {"metadata": {"name": "going"}})
    ask(sandbox, "POST", place, config_map("held", finalizers=["example.com/hold"]))
    gone = ask(sandbox, "DELETE", "/api/v1/namespaces/going").body
    assert (gone["kind"], gone["status"]["phase"]) == ("Namespace", "Terminating")
    refused = ask(sandbox, "POST", place, config_map("late"))
    assert (refused.code, refused.body["reason"]) == (403, "Forbidden")
    assert refused.body["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    ask(sandbox, "PATCH", f"{place}/held", {"metadata": {"finalizers": None}}, content_type=MERGE)
