"""Fields that are none: dropped without a word, or refused where the client asks for that (kubectl does)."""

import pytest

from tests.cluster.contracts import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, Cluster, named
from tests.testbed import workloads

UNKNOWN = 'strict decoding error: unknown field "spec.nope"'
PATCHES = {
    STRATEGIC_PATCH: {"spec": {"nope": 1}},
    MERGE_PATCH: {"spec": {"nope": 1}},
    JSON_PATCH: [{"op": "add", "path": "/spec/nope", "value": 1}],
}


def test_a_new_object(cluster: Cluster) -> None:
    maps = cluster.config_maps
    assert "dat" not in maps.create({**named("a"), "dat": {}})
    status, answer = maps.ask("POST", "", {**named("b"), "dat": {}}, fieldValidation="Strict")
    assert (status, answer.get("reason")) == (400, "BadRequest")
    assert 'strict decoding error: unknown field "dat"' in answer["message"]
    assert maps.ask("GET", "b")[0] == 404


@pytest.mark.parametrize("content_type", PATCHES)
def test_a_patch(cluster: Cluster, content_type: str) -> None:
    web = cluster.deployments
    web.create(workloads.deployment("web", replicas=0))
    change = PATCHES[content_type]
    assert "nope" not in web.done("PATCH", "web", change, content_type)["spec"]
    status, answer = web.ask("PATCH", "web", change, content_type, fieldValidation="Strict")
    assert (status, answer.get("reason")) == (422, "Invalid")
    (cause,) = answer["details"]["causes"]
    assert (cause["field"], cause["message"].endswith(UNKNOWN)) == ("patch", True)


def test_a_replacement_of_a_nested_field(cluster: Cluster) -> None:
    web = cluster.deployments
    found = web.create(workloads.deployment("web", replicas=0))
    del found["metadata"]["resourceVersion"]
    found["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x"
    status, answer = web.ask("PUT", "web", found, fieldValidation="Strict")
    assert (status, answer.get("reason")) == (400, "BadRequest")
    assert 'unknown field "spec.template.spec.containers[0].imagee"' in answer["message"]
    assert web.ask("PUT", "web", found)[0] == 200
