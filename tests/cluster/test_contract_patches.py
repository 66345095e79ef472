"""Patches and subresources: what they change, what moves a generation, and how they are refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.cluster.contracts import (
    JSON_PATCH,
    MERGE_PATCH,
    STRATEGIC_PATCH,
    Cluster,
    Folder,
    Object,
    failure,
    leaves,
)
from tests.testbed import workloads

ERROR_IN_REQUEST = failure(
    422, "Invalid", "the server rejected our request due to an error in our request", {}
)
DEFAULTS = {
    "progressDeadlineSeconds": 600,
    "replicas": 2,
    "revisionHistoryLimit": 10,
    "selector.matchLabels.app": "web",
    "strategy.rollingUpdate.maxSurge": "25%",
    "strategy.rollingUpdate.maxUnavailable": "25%",
    "strategy.type": "RollingUpdate",
    "template.metadata.labels.app": "web",
    "template.spec.containers.0.image": workloads.IMAGE,
    "template.spec.containers.0.imagePullPolicy": "IfNotPresent",
    "template.spec.containers.0.name": "app",
    "template.spec.containers.0.resources": {},
    "template.spec.containers.0.terminationMessagePath": "/dev/termination-log",
    "template.spec.containers.0.terminationMessagePolicy": "File",
    "template.spec.dnsPolicy": "ClusterFirst",
    "template.spec.restartPolicy": "Always",
    "template.spec.schedulerName": "default-scheduler",
    "template.spec.securityContext": {},
    "template.spec.terminationGracePeriodSeconds": 30,
}


def is_done(deployment: Object) -> bool:
    """Tell whether the controller has written the last condition of a rollout."""
    conditions = deployment.get("status", {}).get("conditions", [])
    return any(condition.get("reason") == "NewReplicaSetAvailable" for condition in conditions)


@pytest.fixture
def web(cluster: Cluster) -> Folder:
    """Deployments, of which there is web, which runs nothing, so that its controller is soon done with it."""
    cluster.deployments.create(workloads.deployment("web", replicas=0))
    cluster.deployments.wait_for("web", "rolled out", is_done)
    return cluster.deployments


def test_defaults_are_filled_in_at_its_creation(cluster: Cluster) -> None:
    spec = cluster.deployments.create(workloads.deployment("web"))["spec"]
    assert sorted(leaves(spec)) == sorted(DEFAULTS)
    assert spec["template"]["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": "25%"}
    latest = cluster.deployments.create(workloads.deployment("latest", "x/web"))["spec"]
    assert latest["template"]["spec"]["containers"][0]["imagePullPolicy"] == "Always"


def test_a_json_patch_holds_only_where_its_tests_do(web: Folder) -> None:
    """It is what the receiver's own patch relies on."""
    before = web.get("web")["metadata"]
    tests = [
        {"op": "test", "path": "/metadata/uid", "value": before["uid"]},
        {"op": "test", "path": "/metadata/generation", "value": before["generation"]},
        {"op": "test", "path": "/spec/paused", "value": None},
    ]
    change = {"op": "add", "path": "/metadata/annotations/example.com~1note", "value": "a"}
    patched = web.done("PATCH", "web", [*tests, change], JSON_PATCH)
    assert patched["metadata"]["annotations"]["example.com/note"] == "a"
    assert patched["metadata"]["generation"] == before["generation"] + 1
    assert web.ask("PATCH", "web", [*tests, change], JSON_PATCH) == (422, ERROR_IN_REQUEST)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/metadata/nope", "value": "x"},
        {"op": "remove", "path": "/metadata/nope"},
        {"op": "add", "path": "/metadata/nope/x", "value": 1},
        {"op": "replace", "path": "/metadata/nope/x", "value": 1},
    ],
    ids=lambda operation: str(operation["op"]),
)
def test_a_json_patch_of_what_is_not_there_is_refused_without_causes(
    web: Folder, operation: Mapping[str, Any]
) -> None:
    assert web.ask("PATCH", "web", [operation], JSON_PATCH) == (422, ERROR_IN_REQUEST)


def test_a_json_patch_that_replaces_a_key_which_is_not_there_adds_it(web: Folder) -> None:
    """The standard says that it fails; the API server's library does not."""
    patch = [{"op": "replace", "path": "/spec/minReadySeconds", "value": 3}]
    assert web.done("PATCH", "web", patch, JSON_PATCH)["spec"]["minReadySeconds"] == 3


def test_a_merge_patch_replaces_lists_and_takes_away_what_is_null(web: Folder) -> None:
    web.merge("web", {"metadata": {"annotations": {"a": "1", "b": "2"}}})
    containers = [{"name": "other", "image": "x/other:1"}]
    change = {
        "metadata": {"annotations": {"a": None}},
        "spec": {"template": {"spec": {"containers": containers}}},
    }
    patched = web.merge("web", change)
    assert [each["name"] for each in patched["spec"]["template"]["spec"]["containers"]] == ["other"]
    annotations = patched["metadata"]["annotations"]
    assert ("a" in annotations, annotations["b"]) == (False, "2")


def test_a_strategic_patch_merges_lists_by_their_keys(web: Folder) -> None:
    def patch(**spec: Any) -> list[str]:
        body = {"spec": {"template": {"spec": spec}}}
        patched = web.done("PATCH", "web", body, STRATEGIC_PATCH)
        containers = patched["spec"]["template"]["spec"]["containers"]
        return [f"{each['name']}={each['image']}" for each in containers]

    assert patch(containers=[{"name": "side", "image": "x/side:1"}]) == [
        "side=x/side:1",
        f"app={workloads.IMAGE}",
    ]
    assert patch(containers=[{"name": "app", "image": "x/web:2"}])[1] == "app=x/web:2"
    assert patch(containers=[{"name": "side", "$patch": "delete"}]) == ["app=x/web:2"]
    assert patch(**{"$patch": "replace", "containers": [{"name": "new", "image": "x/n:1"}]}) == ["new=x/n:1"]


def test_a_patch_of_a_type_that_is_none_is_415_and_a_broken_one_400(web: Folder) -> None:
    status, answer = web.ask("PATCH", "web", {})
    assert (status, answer["reason"]) == (415, "UnsupportedMediaType")
    for content_type in (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH):
        status, answer = web.ask("PATCH", "web", b"{", content_type)
        assert (content_type, status, answer["reason"]) == (content_type, 400, "BadRequest")
    for content_type, body in ((JSON_PATCH, {}), (MERGE_PATCH, [])):
        status, answer = web.ask("PATCH", "web", body, content_type)
        assert (content_type, status, answer["reason"]) == (content_type, 400, "BadRequest")
    assert web.ask("PATCH", "none", {}, MERGE_PATCH)[0] == 404


INVALID: Mapping[str, tuple[Mapping[str, Any], dict[str, str]]] = {
    "replicas": (
        {"spec": {"replicas": -1}},
        {
            "reason": "FieldValueInvalid",
            "message": "Invalid value: -1: must be greater than or equal to 0",
            "field": "spec.replicas",
        },
    ),
    "image": (
        {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": ""}]}}}},
        {
            "reason": "FieldValueRequired",
            "message": "Required value",
            "field": "spec.template.spec.containers[0].image",
        },
    ),
    "labels": (
        {"spec": {"template": {"metadata": {"labels": {"app": "other"}}}}},
        {
            "reason": "FieldValueInvalid",
            "message": 'Invalid value: {"app":"other"}: `selector` does not match template `labels`',
            "field": "spec.template.metadata.labels",
        },
    ),
    "uid": (
        {"metadata": {"uid": "00000000-0000-0000-0000-000000000000"}},
        {
            "reason": "FieldValueInvalid",
            "message": 'Invalid value: "00000000-0000-0000-0000-000000000000": field is immutable',
            "field": "metadata.uid",
        },
    ),
}


@pytest.mark.parametrize("field", INVALID)
def test_what_the_kinds_rules_forbid_is_refused_with_its_causes(web: Folder, field: str) -> None:
    change, cause = INVALID[field]
    message = f'Deployment.apps "web" is invalid: {cause["field"]}: {cause["message"]}'
    details = {"name": "web", "group": "apps", "kind": "Deployment", "causes": [cause]}
    expected = failure(422, "Invalid", message, details)
    for query in ({}, {"dryRun": "All"}):
        assert web.ask("PATCH", "web", change, STRATEGIC_PATCH, **query) == (422, expected)


def test_several_causes_stand_in_one_list_and_a_selector_never_changes(web: Folder) -> None:
    status, answer = web.ask(
        "PATCH", "web", {"spec": {"selector": {"matchLabels": {"app": "x"}}}}, MERGE_PATCH
    )
    assert status == 422
    assert answer["message"] == (
        'Deployment.apps "web" is invalid: [spec.template.metadata.labels: Invalid value: {"app":"web"}: '
        '`selector` does not match template `labels`, spec.selector: Invalid value: {"matchLabels":'
        '{"app":"x"}}: field is immutable]'
    )
    assert len(answer["details"]["causes"]) == 2


def test_a_deployments_generation_moves_with_spec_and_annotations_alone(web: Folder) -> None:
    def generation(rest: str, body: object) -> int:
        web.merge(rest, body)
        return int(web.get("web")["metadata"]["generation"])

    first = web.get("web")["metadata"]["generation"]
    assert generation("web", {"spec": {"minReadySeconds": 1}}) == first + 1
    assert generation("web", {"metadata": {"annotations": {"a": "1"}}}) == first + 2
    assert generation("web", {"metadata": {"labels": {"a": "1"}}}) == first + 2
    assert generation("web/status", {"status": {"collisionCount": 1}}) == first + 2
    assert generation("web/scale", {"spec": {"replicas": 1}}) == first + 3
    assert generation("web", {"spec": {"minReadySeconds": 1}}) == first + 3


def test_a_dry_run_shows_the_next_generation_and_stores_nothing(web: Folder) -> None:
    before = web.get("web")
    tried = web.merge("web", {"spec": {"minReadySeconds": 5}}, dryRun="All")
    assert tried["metadata"]["generation"] == before["metadata"]["generation"] + 1
    assert tried["spec"]["minReadySeconds"] == 5
    assert web.get("web") == before


def test_a_status_changes_only_through_its_subresource_and_nothing_else_does_there(web: Folder) -> None:
    change = {"spec": {"minReadySeconds": 9}, "status": {"collisionCount": 7}}
    through_status = web.merge("web/status", change)
    assert "minReadySeconds" not in through_status["spec"]
    assert through_status["status"]["collisionCount"] == 7
    through_main = web.merge("web", {**change, "status": {"collisionCount": 8}})
    assert (through_main["spec"]["minReadySeconds"], through_main["status"]["collisionCount"]) == (9, 7)


def test_scale_is_replicas_and_selector_and_nothing_else(cluster: Cluster, web: Folder) -> None:
    scaled = web.merge("web/scale", {"spec": {"replicas": 3}})
    assert (scaled["kind"], scaled["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert (scaled["spec"], scaled["status"]["selector"]) == ({"replicas": 3}, "app=web")
    found = web.get("web")
    assert (found["spec"]["replicas"], found["metadata"]["uid"]) == (3, scaled["metadata"]["uid"])
    status, answer = web.ask("PATCH", "web/scale", {"spec": {"replicas": -3}}, MERGE_PATCH)
    assert status == 422
    assert answer["message"] == (
        'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -3: '
        "must be greater than or equal to 0"
    )
    assert web.ask("GET", "none/scale")[0] == 404
    read = web.get("web/scale")
    body = {**read, "spec": {"replicas": 0}, "metadata": {"name": "web", "namespace": cluster.namespace}}
    assert web.done("PUT", "web/scale", body)["spec"] == web.get("web/scale")["spec"]
    status, _ = web.ask(
        "PUT", "web/scale", {**read, "metadata": {**read["metadata"], "resourceVersion": "1"}}
    )
    assert status == 409
