"""The kind that the receiver brings along: its schema is kept to, its spec stays, its status is apart."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.cluster import scenes
from tests.cluster.contracts import (
    GROUP,
    JSON_PATCH,
    KIND,
    MERGE_PATCH,
    RECORD_SPEC,
    STRATEGIC_PATCH,
    Cluster,
    Folder,
    Object,
    failure,
    named,
    record,
)
from tests.testbed.plane import Plane

PHASES = (
    "Refused DryRun AwaitingApproval Pending RollingBack Verifying "
    "Succeeded NotCured Failed Superseded Rejected Expired"
)
NOT_CHECKED = {
    "reason": "FieldValueInvalid",
    "message": (
        "Invalid value: null: some validation rules were not checked because the object was invalid; "
        "correct the existing errors to complete validation"
    ),
    "field": "<nil>",
}


def invalid(*causes: Mapping[str, str], name: str = "r") -> Object:
    """Return the body that refuses a record."""
    said = [f"{cause['field']}: {cause['message']}" for cause in causes]
    listed = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
    details = {"name": name, "group": GROUP, "kind": KIND, "causes": list(causes)}
    return failure(422, "Invalid", f'{KIND}.{GROUP} "{name}" is invalid: {listed}', details)


@pytest.fixture
def records(plane: Plane, namespace: str, crd: None) -> Folder:
    """Records, of which there is r."""
    records = Folder(plane, scenes.path_of_records(namespace))
    records.create(record())
    return records


def test_a_new_record_has_no_status_and_no_unknown_field(records: Folder) -> None:
    made = records.create({**record("new", nope=1), "status": {"phase": "Pending"}, "nope": {"a": 1}})
    assert made["spec"] == RECORD_SPEC
    assert {"status", "nope"} & made.keys() == set()
    assert made["metadata"]["generation"] == 1
    assert records.ask("POST", "", record("new"))[0] == 409
    strict = records.ask("POST", "", record("strict", nope=1), fieldValidation="Strict")
    assert (strict[0], strict[1]["reason"]) == (400, "BadRequest")
    assert 'strict decoding error: unknown field "spec.nope"' in strict[1]["message"]


def test_a_record_must_say_what_it_is(records: Folder) -> None:
    status, answer = records.ask("POST", "", named("x", spec=RECORD_SPEC))
    assert (status, answer["reason"]) == (400, "BadRequest")
    assert "Object 'Kind' is missing" in answer["message"]
    status, answer = records.ask("POST", "", {**record("x"), "apiVersion": "x/v1"})
    assert (status, answer["message"]) == (
        400,
        f"the API version in the data (x/v1) does not match the expected API version ({GROUP}/v1alpha1)",
    )


AGAINST_THE_SCHEMA: Mapping[str, tuple[Mapping[str, Any], Mapping[str, str]]] = {
    "missing": (
        {"rule": None},
        {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.rule"},
    ),
    "too long": (
        {"rule": "x" * 64},
        {
            "reason": "FieldValueTooLong",
            "message": "Too long: may not be more than 63 bytes",
            "field": "spec.rule",
        },
    ),
    "of the wrong type": (
        {"target": {"kind": 1}},
        {
            "reason": "FieldValueTypeInvalid",
            "message": 'Invalid value: "integer": spec.target.kind in body must be of type string: "integer"',
            "field": "spec.target.kind",
        },
    ),
}


@pytest.mark.parametrize("fault", AGAINST_THE_SCHEMA)
def test_what_the_schema_forbids_is_refused_with_its_causes(records: Folder, fault: str) -> None:
    spec, cause = AGAINST_THE_SCHEMA[fault]
    expected = invalid(cause, NOT_CHECKED, name="x")
    assert records.ask("POST", "", record("x", **spec)) == (422, expected)


def test_the_spec_is_immutable_and_the_words_are_the_schemas(records: Folder) -> None:
    cause = {"reason": "FieldValueInvalid", "message": "Invalid value: spec is immutable", "field": "spec"}
    assert records.ask("PATCH", "r", {"spec": {"rule": "y"}}, MERGE_PATCH) == (422, invalid(cause))
    assert records.get("r")["spec"] == RECORD_SPEC


def test_the_status_is_written_through_its_subresource_alone(records: Folder) -> None:
    before = records.get("r")["metadata"]
    assert "status" not in records.merge("r", {"status": {"phase": "Pending"}})
    body = {
        **records.get("r"),
        "status": {"phase": "Pending", "nope": 1},
        "spec": {**RECORD_SPEC, "rule": "y"},
    }
    written = records.done("PUT", "r/status", body)
    assert (written["status"], written["spec"]) == ({"phase": "Pending"}, RECORD_SPEC)
    after = written["metadata"]
    assert after["generation"] == before["generation"]
    assert after["resourceVersion"] != before["resourceVersion"]
    entry = next(each for each in after["managedFields"] if each.get("subresource") == "status")
    assert entry["fieldsV1"] == {"f:status": {".": {}, "f:phase": {}}}
    assert records.ask("PUT", "r/status", body)[0] == 409


def test_a_phase_that_is_none_is_refused(records: Folder) -> None:
    supported = ", ".join(f'"{phase}"' for phase in PHASES.split())
    cause = {
        "reason": "FieldValueNotSupported",
        "message": f'Unsupported value: "Nope": supported values: {supported}',
        "field": "status.phase",
    }
    assert records.ask("PATCH", "r/status", {"status": {"phase": "Nope"}}, MERGE_PATCH) == (
        422,
        invalid(cause, NOT_CHECKED),
    )


def test_a_put_of_a_custom_object_needs_its_version(records: Folder) -> None:
    status, answer = records.ask("PUT", "r", record())
    assert (status, answer["details"]["causes"][0]["field"]) == (422, "metadata.resourceVersion")
    assert answer["message"].endswith("Invalid value: 0: must be specified for an update")


def test_a_custom_object_takes_no_strategic_patch_and_has_no_scale(records: Folder) -> None:
    status, answer = records.ask("PATCH", "r", {}, STRATEGIC_PATCH)
    assert (status, answer["reason"]) == (415, "UnsupportedMediaType")
    assert "application/json-patch+json, application/merge-patch+json" in answer["message"]
    assert STRATEGIC_PATCH not in answer["message"]
    assert records.ask("GET", "r/scale")[0] == 404
    test = [{"op": "test", "path": "/status/phase", "value": "X"}]
    status, answer = records.ask("PATCH", "r/status", test, JSON_PATCH)
    assert (status, "causes" in answer["details"]) == (422, False)


def test_selectable_fields_select_and_others_do_not(records: Folder) -> None:
    records.create(record("other", target={"kind": "Deployment", "namespace": "shop", "name": "api"}))
    records.merge("r/status", {"status": {"phase": "Pending", "decision": {"rule": "q"}}})
    for selector, names in {
        "status.phase=Pending": ["r"],
        "status.phase!=Pending": ["other"],
        "status.phase=Verifying": [],
        "spec.target.name=api,spec.target.namespace=shop": ["other"],
        "status.decision.rule=q": ["r"],
        "metadata.name=r": ["r"],
    }.items():
        assert (selector, records.names(fieldSelector=selector)) == (selector, names)
    status, answer = records.ask("GET", fieldSelector="spec.rule=x")
    assert (status, answer["message"]) == (400, "field label not supported: spec.rule")


def test_a_watch_of_records_tells_of_their_phases(records: Folder) -> None:
    since = records.done("GET")["metadata"]["resourceVersion"]
    for phase in ("Pending", "RollingBack"):
        records.merge("r/status", {"status": {"phase": phase}})
    records.done("DELETE", "r")
    told = [(kind, obj["kind"], obj["status"]["phase"]) for kind, obj in records.events(since)]
    assert told == [
        ("MODIFIED", KIND, "Pending"),
        ("MODIFIED", KIND, "RollingBack"),
        ("DELETED", KIND, "RollingBack"),
    ]


@pytest.fixture
def definition(cluster: Cluster) -> Iterator[tuple[Folder, Folder]]:
    """Definitions, with one of the test's own; and its objects."""
    group = f"{cluster.namespace}.example"
    definitions = Folder(cluster.plane, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
    version = {"name": "v1", "served": True, "storage": True}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"plural": "toys", "kind": "Toy"}
    spec = {
        "group": group,
        "scope": "Namespaced",
        "names": names,
        "versions": [{**version, "schema": schema}],
    }
    definitions.create(named(f"toys.{group}", spec=spec))
    yield definitions, Folder(cluster.plane, f"/apis/{group}/v1/namespaces/{cluster.namespace}/toys")
    definitions.ask("DELETE", f"toys.{group}")


def test_a_definition_is_served_once_it_is_established_and_takes_its_objects_along(
    cluster: Cluster, definition: tuple[Folder, Folder]
) -> None:
    definitions, toys = definition
    name, group = f"toys.{cluster.namespace}.example", f"{cluster.namespace}.example"

    def established(found: Object) -> bool:
        conditions = {
            each["type"]: each["status"] for each in found.get("status", {}).get("conditions") or []
        }
        return conditions.get("Established") == "True"

    status = definitions.wait_for(name, "established", established)["status"]
    assert status["acceptedNames"] == {
        "plural": "toys",
        "singular": "toy",
        "kind": "Toy",
        "listKind": "ToyList",
    }
    assert status["storedVersions"] == ["v1"]
    assert {each["type"] for each in status["conditions"]} == {"NamesAccepted", "Established"}
    toys.wait_for("", "served", bool)
    toys.create({"apiVersion": f"{group}/v1", "kind": "Toy", **named("a", anything={"at": ["all"]})})
    assert toys.get("a")["anything"] == {"at": ["all"]}
    listed = toys.done("GET")
    assert (listed["kind"], listed["items"][0]["kind"]) == ("ToyList", "Toy")
    definitions.done("DELETE", name)
    definitions.wait_gone(name, seconds=20)
    toys.wait_gone("")
