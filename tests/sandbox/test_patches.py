import copy
import json
from typing import Any

import pytest

from receiver.sandbox import patches
from receiver.sandbox.errors import ApiError
from receiver.sandbox.resources import DEPLOYMENTS, Resource
from tests.sandbox.objects import Object, created, workload

UNREAD = "json: cannot unmarshal"
JSON, MERGE, STRATEGIC = patches.JSON_PATCH, patches.MERGE_PATCH, patches.STRATEGIC_PATCH
CUSTOM = Resource("example.com", "v1", "things", "Thing", "thing", custom={"name": "v1"})


def patch(body: Any, kind: str = JSON, current: Object | None = None) -> Object:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return patches.apply(DEPLOYMENTS, kind, raw, current or created(workload()))


def refusal(body: Any, kind: str = JSON) -> Object:
    with pytest.raises(ApiError) as refused:
        patch(body, kind)
    return refused.value.status


def test_a_json_patch_with_fitting_tests_is_applied_and_leaves_the_object_alone() -> None:
    current = created(workload())
    before = copy.deepcopy(current)
    ops = [
        {"op": "test", "path": "/metadata/uid", "value": current["metadata"]["uid"]},
        {"op": "test", "path": "/metadata/generation", "value": 1},
        {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "shop:2"},
    ]
    assert patch(ops, current=current)["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:2"
    assert current == before


def test_what_is_absent_tests_equal_to_null_and_can_be_replaced() -> None:
    ops = [
        {"op": "test", "path": "/spec/paused", "value": None},
        {"op": "replace", "path": "/spec/paused", "value": True},
    ]
    assert patch(ops)["spec"]["paused"] is True


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param({"op": "test", "path": "/metadata/uid", "value": "other"}, id="failed test"),
        pytest.param({"op": "test", "path": "/metadata/generation", "value": 1.0}, id="1 is not 1.0"),
        pytest.param({"op": "test", "path": "/metadata/generation", "value": True}, id="1 is not true"),
        pytest.param({"op": "remove", "path": "/spec/nope"}, id="missing field"),
        pytest.param({"op": "add", "path": "/metadata/annotations/x", "value": "1"}, id="missing parent"),
        pytest.param({"op": "add", "path": "/spec/template/spec/containers/7", "value": {}}, id="list end"),
        pytest.param({"op": "bad", "path": "/spec"}, id="unknown operation"),
        pytest.param({"op": "add"}, id="no path"),
        pytest.param({"op": "add", "path": "spec", "value": 1}, id="no slash"),
    ],
)
def test_a_json_patch_that_fails_is_refused_without_causes(operation: Object) -> None:
    status = refusal([operation])
    assert (status["code"], status["reason"], status["details"]) == (422, "Invalid", {})
    assert status["message"] == "the server rejected our request due to an error in our request"


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        (JSON, b"{", "invalid JSON patch"),
        (MERGE, b"", "invalid JSON patch"),
        (
            JSON,
            {},
            f"error decoding patch: {UNREAD} object into Go value of type []handlers.jsonPatchOp",
        ),
        (
            JSON,
            [1],
            f"error decoding patch: {UNREAD} number into Go value of type handlers.jsonPatchOp",
        ),
        (
            MERGE,
            [],
            f"error decoding patch: {UNREAD} array into Go value of type map[string]interface {{}}",
        ),
        (STRATEGIC, "x", "json: cannot unmarshal string into Go value of type map[string]interface {}"),
    ],
)
def test_a_patch_that_cannot_be_read_is_refused(kind: str, body: Any, message: str) -> None:
    status = refusal(body, kind)
    assert (status["code"], status["message"]) == (400, message)


def test_a_merge_patch_sets_and_null_removes() -> None:
    current = created(workload(paused=True))
    new = patch({"spec": {"paused": None, "replicas": 3}}, MERGE, current)
    assert new["spec"] == {**{k: v for k, v in current["spec"].items() if k != "paused"}, "replicas": 3}
    assert current["spec"]["paused"] is True


def test_a_field_of_the_wrong_type_is_refused_as_a_cause_of_the_patch() -> None:
    status = refusal({"spec": {"replicas": "three"}}, MERGE)
    assert status["code"] == 422
    assert status["details"]["causes"][0]["field"] == "patch"
    assert status["message"].startswith(' "" is invalid: patch: Invalid value: "{')
    assert status["message"].endswith(
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
    )


@pytest.mark.parametrize(
    ("body", "end"),
    [
        ({"spec": {"replicas": "three"}}, '"map[spec:map[replicas:three]]": unrecognized type: int32'),
        (
            {"spec": {"template": {"spec": {"containers": "x"}}}},
            '"map[spec:map[template:map[spec:map[containers:x]]]]": cannot restore slice from string',
        ),
    ],
)
def test_a_strategic_patch_of_the_wrong_type_is_refused_in_the_words_of_go(body: Object, end: str) -> None:
    assert refusal(body, STRATEGIC)["message"] == f' "" is invalid: patch: Invalid value: {end}'


@pytest.mark.parametrize("field", ["uid", "deletionTimestamp"])
def test_a_patch_cannot_give_an_object_another_identity(field: str) -> None:
    status = refusal({"metadata": {field: "2020-01-01T00:00:00Z"}}, MERGE)
    assert (status["code"], status["details"]["causes"][0]["field"]) == (422, f"metadata.{field}")


def test_other_kinds_of_patches_are_not_served() -> None:
    assert refusal({}, "text/plain")["message"] == "415: Unsupported Media Type"
    assert refusal({}, "application/apply-patch+yaml")["code"] == 415
    assert patch({}, f"{MERGE}; charset=utf-8")["kind"] == "Deployment"


def test_a_custom_kind_has_no_strategic_patch() -> None:
    current = {"kind": "Thing", "metadata": {"name": "a", "uid": "u"}}
    with pytest.raises(ApiError, match="accepted media types include: application/json-patch"):
        patches.apply(CUSTOM, STRATEGIC, b"{}", current)


def test_a_scale_is_patched_as_a_scale() -> None:
    scale = {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {"name": "web", "uid": "u"},
        "spec": {"replicas": 1},
    }
    assert patch({"spec": {"replicas": 4}}, MERGE, scale)["spec"] == {"replicas": 4}
