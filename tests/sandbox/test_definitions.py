from typing import Any

import pytest

from receiver.sandbox import admission, definitions
from receiver.sandbox.clock import Clock
from receiver.sandbox.errors import ApiError
from receiver.sandbox.resources import DEFINITIONS, Resource, Resources
from receiver.sandbox.store import Store
from tests.sandbox.objects import NOW, Object
from tests.sandbox.test_schemas import DEFINITION, ROLLBACK


def defined(store: Store, resources: Resources, obj: Object) -> Object:
    admitted = admission.admit_create(DEFINITIONS, obj, manager="alice", now=NOW)
    store.create(DEFINITIONS, admitted)
    definitions.refresh(store, resources)
    return store.get(DEFINITIONS, "", obj["metadata"]["name"])


def small(plural: str, kind: str = "Thing", **names: Any) -> Object:
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object"}},
    }
    spec = {"group": "example.com", "scope": "Cluster", "versions": [version]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {**spec, "names": {"plural": plural, "kind": kind, **names}},
    }


@pytest.fixture
def store() -> Store:
    return Store(Clock())


@pytest.fixture
def resources() -> Resources:
    return Resources()


def rollbacks(resources: Resources) -> Resource | None:
    return resources.find("rollback-receiver.dev", "v1alpha1", "rollbacks")


def test_a_definition_is_served_and_says_so(store: Store, resources: Resources) -> None:
    found = defined(store, resources, DEFINITION)
    served = rollbacks(resources)
    assert served is not None
    assert (served.kind, served.namespaced, served.short_names) == ("Rollback", True, ("rb",))
    assert served.subresources == {"status"}
    status = found["status"]
    assert [(c["type"], c["status"], c["reason"]) for c in status["conditions"]] == [
        ("NamesAccepted", "True", "NoConflicts"),
        ("Established", "True", "InitialNamesAccepted"),
    ]
    assert status["acceptedNames"]["listKind"] == "RollbackList"
    assert status["storedVersions"] == ["v1alpha1"]


def test_refreshing_again_changes_nothing(store: Store, resources: Resources) -> None:
    defined(store, resources, DEFINITION)
    version = store.version
    definitions.refresh(store, resources)
    assert store.version == version


def test_names_are_made_of_the_kind(store: Store, resources: Resources) -> None:
    names = defined(store, resources, small("things"))["spec"]["names"]
    assert (names["singular"], names["listKind"]) == ("thing", "ThingList")


def test_a_name_that_is_taken_is_not_served(store: Store, resources: Resources) -> None:
    defined(store, resources, small("things"))
    found = defined(store, resources, small("others", singular="other", listKind="OtherList"))
    conditions = {c["type"]: (c["status"], c["reason"], c["message"]) for c in found["status"]["conditions"]}
    assert conditions["NamesAccepted"] == ("False", "KindConflict", '"Thing" is already in use')
    assert conditions["Established"][:2] == ("False", "NotAccepted")
    assert resources.find("example.com", "v1", "others") is None


def test_with_the_definition_its_objects_go_whatever_their_finalizers(
    store: Store, resources: Resources
) -> None:
    defined(store, resources, DEFINITION)
    served = rollbacks(resources)
    assert served is not None
    obj = {**ROLLBACK, "metadata": {**ROLLBACK["metadata"], "finalizers": ["example.com/hold"]}}
    store.create(served, admission.admit_create(served, obj, manager="alice", now=NOW))
    store.delete(DEFINITIONS, "", DEFINITION["metadata"]["name"])
    definitions.refresh(store, resources)
    assert rollbacks(resources) is None
    assert store.list(served)[0] == []


def test_a_definition_of_another_name_is_refused(store: Store, resources: Resources) -> None:
    wrong = {**small("things"), "metadata": {"name": "thing.example.com"}}
    with pytest.raises(ApiError, match=r"must be spec\.names\.plural"):
        defined(store, resources, wrong)
