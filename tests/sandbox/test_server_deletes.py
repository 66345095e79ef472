"""Deleting over HTTP: what is answered, what it depends on, and what stays."""

from collections.abc import Iterator

import pytest

from receiver.sandbox.server import Sandbox
from tests.sandbox.asking import MERGE, Object, ask, config_map, definition

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def create(sandbox: Sandbox, name: str, **metadata: object) -> Object:
    created: Object = ask(sandbox, "POST", CONFIG_MAPS, config_map(name, **metadata)).body
    return created


def test_a_delete_says_what_is_gone(sandbox: Sandbox) -> None:
    uid = create(sandbox, "a")["metadata"]["uid"]
    assert ask(sandbox, "DELETE", f"{CONFIG_MAPS}/a").body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": "a", "kind": "configmaps", "uid": uid},
    }
    assert ask(sandbox, "GET", f"{CONFIG_MAPS}/a").code == 404


def test_what_has_a_finalizer_is_marked_and_goes_with_it(sandbox: Sandbox) -> None:
    create(sandbox, "held", finalizers=["example.com/hold"])
    path = f"{CONFIG_MAPS}/held"
    marked = ask(sandbox, "DELETE", path).body
    assert marked["kind"] == "ConfigMap"
    assert marked["metadata"]["deletionTimestamp"]
    assert ask(sandbox, "DELETE", path).body == marked
    assert ask(sandbox, "PATCH", path, {"metadata": {"finalizers": None}}, content_type=MERGE).code == 200
    assert ask(sandbox, "GET", path).code == 404


@pytest.mark.parametrize(("field", "said"), [("uid", "UID"), ("resourceVersion", "ResourceVersion")])
def test_a_precondition_that_does_not_hold_keeps_the_object(sandbox: Sandbox, field: str, said: str) -> None:
    held = create(sandbox, f"kept-{said.lower()}")["metadata"]
    path = f"{CONFIG_MAPS}/{held['name']}"
    refused = ask(sandbox, "DELETE", path, {"preconditions": {field: "x"}})
    assert (refused.code, refused.body["details"]["kind"]) == (409, "ConfigMap")
    assert f"the {said} in the precondition (x) does not match" in refused.body["message"]
    assert ask(sandbox, "DELETE", path, {"preconditions": {field: held[field]}}).code == 200


@pytest.mark.parametrize(
    ("query", "body", "code"),
    [
        ("", "{x", 400),
        ("", "[]", 400),
        ("", config_map("x"), 400),
        ("?propagationPolicy=Some", None, 422),
        ("", {"propagationPolicy": "Some"}, 422),
    ],
)
def test_options_that_make_no_sense_are_refused(
    sandbox: Sandbox, query: str, body: object, code: int
) -> None:
    assert ask(sandbox, "DELETE", f"{CONFIG_MAPS}/kube-root-ca.crt{query}", body).code == code


@pytest.mark.parametrize(("policy", "owned"), [("Orphan", False), ("Foreground", True)])
def test_dependents_go_before_their_owner_or_stay_without_it(
    sandbox: Sandbox, policy: str, owned: bool
) -> None:
    name = policy.lower()
    owner = create(sandbox, name)["metadata"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": owner["uid"]}
    # The finalizer keeps the dependent here, so that what happens to the owner can be seen.
    create(sandbox, f"{name}-1", ownerReferences=[reference], finalizers=["example.com/hold"])
    ask(sandbox, "DELETE", f"{CONFIG_MAPS}/{name}", {"propagationPolicy": policy})
    assert (ask(sandbox, "GET", f"{CONFIG_MAPS}/{name}").code == 200) is owned
    left = ask(sandbox, "GET", f"{CONFIG_MAPS}/{name}-1").body["metadata"]
    assert ("ownerReferences" in left) is owned


def test_a_collection_goes_by_its_selector(sandbox: Sandbox) -> None:
    for number in range(3):
        create(sandbox, f"many-{number}", labels={"of": "many" if number else "one"})
    gone = ask(sandbox, "DELETE", f"{CONFIG_MAPS}?labelSelector=of%3Dmany").body
    assert [each["metadata"]["name"] for each in gone["items"]] == ["many-1", "many-2"]
    assert ask(sandbox, "GET", f"{CONFIG_MAPS}/many-0").code == 200
    assert ask(sandbox, "GET", f"{CONFIG_MAPS}/many-1").code == 404


def test_a_pod_is_told_as_stopping_and_is_gone(sandbox: Sandbox) -> None:
    pods = "/api/v1/namespaces/default/pods"
    sent = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "web:1"}]}}
    assert ask(sandbox, "POST", pods, sent).code == 201
    last = ask(sandbox, "DELETE", f"{pods}/p").body
    assert (last["kind"], last["metadata"]["deletionGracePeriodSeconds"]) == ("Pod", 30)
    assert ask(sandbox, "GET", f"{pods}/p").code == 404


def test_a_definition_takes_its_objects_along(sandbox: Sandbox) -> None:
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    things = "/apis/example.com/v1/namespaces/default/things"
    sent = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}}
    for _ in range(2):
        ask(sandbox, "POST", definitions, definition("things", "Thing"))
        assert ask(sandbox, "POST", things, sent).code == 201
        ask(sandbox, "DELETE", f"{definitions}/things.example.com")
        assert ask(sandbox, "GET", things).code == 404
