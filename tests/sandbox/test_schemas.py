from pathlib import Path
from typing import Any

import pytest
import yaml

from receiver.sandbox import schemas
from receiver.sandbox.errors import ApiError
from receiver.sandbox.resources import Generation, Resource
from tests.sandbox.objects import DELETE, Object, changed, created, updated

ROOT = Path(__file__).resolve().parents[2]
DEFINITION: Object = yaml.safe_load((ROOT / "receiver/cluster/crd.yaml").read_text("utf-8"))
ROLLBACKS = Resource(
    "rollback-receiver.dev",
    "v1alpha1",
    "rollbacks",
    "Rollback",
    "rollback",
    subresources=frozenset({"status"}),
    generation=Generation.ALL_BUT_METADATA,
    custom=DEFINITION["spec"]["versions"][0],
)
ROLLBACK: Object = {
    "apiVersion": "rollback-receiver.dev/v1alpha1",
    "kind": "Rollback",
    "metadata": {"name": "one", "namespace": "shop"},
    "spec": {"target": {"kind": "Deployment"}, "alert": {"name": "x"}, "rule": "r"},
}
ROLLED_OUT = "spec.suspect.rolledOutAt"
UNCHECKED = f"<nil>: {schemas.UNCHECKED}"


def messages(refused: Any) -> list[str]:
    assert refused.value.code == 422
    return [f"{each['field']}: {each['message']}" for each in refused.value.status["details"]["causes"]]


@pytest.mark.parametrize(
    ("path", "value", "cause"),
    [
        ("spec", DELETE, "spec: Required value"),
        ("spec/rule", DELETE, "spec.rule: Required value"),
        ("spec/rule", None, "spec.rule: Required value"),
        ("spec/rule", "y" * 64, "spec.rule: Too long: may not be more than 63 bytes"),
        (
            "spec/rule",
            5,
            'spec.rule: Invalid value: "integer": spec.rule in body must be of type string: "integer"',
        ),
        (
            "spec/target",
            [],
            'spec.target: Invalid value: "array": spec.target in body must be of type object: "array"',
        ),
        (
            "spec/suspect",
            {"rolledOutAt": "today"},
            f'{ROLLED_OUT}: Invalid value: "today": {ROLLED_OUT} in body must be of type date-time: "today"',
        ),
        (
            "spec/alert/labels",
            {str(number): "" for number in range(201)},
            "spec.alert.labels: Too many: 201: must have at most 200 items",
        ),
    ],
)
def test_what_the_schema_forbids_is_refused_in_the_real_servers_words(
    path: str, value: Any, cause: str
) -> None:
    with pytest.raises(ApiError) as refused:
        created(changed(ROLLBACK, path, value), ROLLBACKS)
    assert messages(refused) == [cause, UNCHECKED]


def test_unknown_fields_and_forbidden_nulls_are_dropped() -> None:
    obj = changed(changed(ROLLBACK, "spec/foo", 3), "spec/target/name", None)
    assert created(obj, ROLLBACKS)["spec"] == ROLLBACK["spec"]
    assert schemas.unknown(ROLLBACKS.custom or {}, obj) == ["spec.foo"]


def test_the_status_is_written_through_its_subresource_alone() -> None:
    old = created({**ROLLBACK, "status": {"phase": "Nonsense"}}, ROLLBACKS)
    assert "status" not in old
    pending = changed(changed(old, "status", {"phase": "Pending"}), "metadata/labels", {"a": "b"})
    assert "status" not in updated(pending, old, ROLLBACKS)
    new = updated(changed(pending, "spec/rule", "other"), old, ROLLBACKS, subresource="status")
    assert (new["status"], new["spec"]) == ({"phase": "Pending"}, old["spec"])
    assert "labels" not in new["metadata"]


def test_a_status_is_checked_and_named_without_its_prefix() -> None:
    old = created(ROLLBACK, ROLLBACKS)
    with pytest.raises(ApiError) as refused:
        updated(changed(old, "status", {"occurrences": "3"}), old, ROLLBACKS, subresource="status")
    said = (
        'status.occurrences: Invalid value: "string": occurrences in body must be of type integer: "string"'
    )
    assert messages(refused) == [said, UNCHECKED]
    with pytest.raises(
        ApiError, match=r'status.phase: Unsupported value: "Bogus": supported values: "Refused", '
    ):
        updated(changed(old, "status", {"phase": "Bogus"}), old, ROLLBACKS, subresource="status")


def test_the_spec_cannot_be_changed() -> None:
    old = created(ROLLBACK, ROLLBACKS)
    with pytest.raises(ApiError) as refused:
        updated(changed(old, "spec/rule", "z"), old, ROLLBACKS)
    assert messages(refused) == ["spec: Invalid value: spec is immutable"]
    assert updated(old, old, ROLLBACKS)["spec"] == old["spec"]


def test_an_update_of_a_custom_kind_needs_a_version() -> None:
    old = created(ROLLBACK, ROLLBACKS)
    with pytest.raises(ApiError, match=r"metadata.resourceVersion: Invalid value: 0: must be specified"):
        updated(changed(old, "metadata/resourceVersion", ""), old, ROLLBACKS)


def test_a_list_by_name_has_no_doubles() -> None:
    old = created(ROLLBACK, ROLLBACKS)
    twice = {"conditions": [{"type": "a", "status": "True"}, {"type": "a", "status": "False"}]}
    with pytest.raises(ApiError) as refused:
        updated(changed(old, "status", twice), old, ROLLBACKS, subresource="status")
    assert messages(refused) == ['status.conditions[1]: Duplicate value: {"type":"a"}']


@pytest.mark.parametrize(
    ("schema", "value", "cause"),
    [
        ({"type": "string", "pattern": "^a+$"}, "b", "\"b\": x in body should match '^a+$'"),
        ({"type": "string", "minLength": 2}, "a", '"a": x in body should be at least 2 chars long'),
        ({"type": "integer", "minimum": 2}, 1, "1: x in body should be greater than or equal to 2"),
        (
            {"type": "number", "minimum": 2, "exclusiveMinimum": True},
            2,
            "2: x in body should be greater than 2",
        ),
        ({"type": "array", "minItems": 2, "items": {}}, [1], "1: x in body should have at least 2 items"),
        ({"type": "integer", "multipleOf": 3}, 4, "4: x in body should be a multiple of 3"),
    ],
)
def test_other_limits_are_checked_too(schema: Object, value: Any, cause: str) -> None:
    version = {"schema": {"openAPIV3Schema": {"type": "object", "properties": {"x": schema}}}}
    found = schemas.causes(version, {"x": value}, None, status=False, before=[])
    assert found == [("x", "FieldValueInvalid", f"Invalid value: {cause}")]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"x-kubernetes-int-or-string": True}, "x"),
        ({"x-kubernetes-int-or-string": True}, 3),
        ({"type": "string", "nullable": True}, None),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, {"a": {"b": 1}}),
    ],
)
def test_what_is_allowed_stays(schema: Object, value: Any) -> None:
    version = {"schema": {"openAPIV3Schema": {"type": "object", "properties": {"x": schema}}}}
    kept = schemas.prune(version, {"x": value})
    assert kept == {"x": value}
    assert schemas.causes(version, kept, None, status=False, before=[]) == []


def test_defaults_are_filled_in_from_the_outside_in() -> None:
    inner = {"type": "object", "default": {}, "properties": {"y": {"type": "string", "default": "d"}}}
    version = {"schema": {"openAPIV3Schema": {"type": "object", "properties": {"x": inner}}}}
    assert schemas.fill(version, {}) == {"x": {"y": "d"}}
    assert schemas.prune(version, {"x": None}) == {}
