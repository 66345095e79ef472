"""Who owns which fields since when, as far as the receiver reads it: when the live template was released.

The newest time among the entries without a subresource that own f:spec f:template moves with a release, by
whomever, and with nothing else.
"""

import time
from datetime import datetime, timedelta

import pytest

from tests.cluster.contracts import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, Cluster, Folder, Object
from tests.testbed import workloads


@pytest.fixture
def web(cluster: Cluster) -> Folder:
    """Deployments, of which there is web, a second old: the times of managed fields are whole seconds."""
    made = cluster.deployments.create(workloads.deployment("web", replicas=0), fieldManager="creator")
    wait_for_the_next_second(made)
    return cluster.deployments


def wait_for_the_next_second(obj: Object) -> None:
    """Return when a change of the object has another time than its last one."""
    time.sleep(1.05)
    assert obj["metadata"]["managedFields"]


def owners(obj: Object) -> dict[str, str]:
    """Return who owns something of the template, and since when."""
    return {
        entry["manager"]: entry["time"]
        for entry in obj["metadata"]["managedFields"]
        if not entry.get("subresource") and "f:template" in entry["fieldsV1"].get("f:spec", {})
    }


def released(image: str) -> Object:
    return {"spec": {"template": {"spec": {"containers": [{"name": workloads.CONTAINER, "image": image}]}}}}


def test_a_new_object_is_its_creators(web: Folder) -> None:
    found = web.get("web")
    (entry,) = [e for e in found["metadata"]["managedFields"] if e["manager"] == "creator"]
    created = datetime.fromisoformat(found["metadata"]["creationTimestamp"])
    assert abs(datetime.fromisoformat(entry["time"]) - created) <= timedelta(seconds=10)
    assert (entry["operation"], entry["apiVersion"], entry["fieldsType"]) == ("Update", "apps/v1", "FieldsV1")
    assert entry["fieldsV1"]["f:metadata"] == {"f:labels": {".": {}, "f:app": {}}}
    template = entry["fieldsV1"]["f:spec"]["f:template"]
    assert template["f:metadata"] == {"f:labels": {".": {}, "f:app": {}}}
    assert template["f:spec"]["f:containers"]['k:{"name":"app"}']["f:image"] == {}


def test_a_release_by_another_is_theirs_from_then_on(web: Folder) -> None:
    before = owners(web.get("web"))
    patched = web.done("PATCH", "web", released("x/web:2"), STRATEGIC_PATCH, fieldManager="pipeline")
    after = owners(patched)
    assert after["creator"] == before["creator"]
    assert after["pipeline"] > before["creator"]
    (entry,) = [e for e in patched["metadata"]["managedFields"] if e["manager"] == "pipeline"]
    assert entry["fieldsV1"] == {
        "f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"app"}': {"f:image": {}}}}}}
    }


def test_a_release_by_the_same_moves_its_time(web: Folder) -> None:
    before = owners(web.get("web"))
    found = web.get("web")
    del found["metadata"]["resourceVersion"]
    found["spec"]["template"]["spec"]["containers"][0]["image"] = "x/web:2"
    after = owners(web.done("PUT", "web", found, fieldManager="creator"))
    assert after.keys() == before.keys()
    assert after["creator"] > before["creator"]


def test_a_json_patch_is_a_release_too(web: Folder) -> None:
    before = owners(web.get("web"))
    template = web.get("web")["spec"]["template"]
    template["spec"]["containers"][0]["image"] = "x/web:2"
    patch = [{"op": "replace", "path": "/spec/template", "value": template}]
    after = owners(web.done("PATCH", "web", patch, JSON_PATCH, fieldManager="rollback-receiver"))
    assert after["rollback-receiver"] > before["creator"]


def test_annotations_labels_scale_and_status_are_no_release(web: Folder) -> None:
    before = owners(web.get("web"))
    web.merge("web", {"metadata": {"annotations": {"a": "1"}}}, fieldManager="annotator")
    web.merge("web", {"metadata": {"labels": {"a": "1"}}}, fieldManager="labeller")
    web.merge("web/status", {"status": {"collisionCount": 1}}, fieldManager="watcher")
    web.merge("web", {"spec": {"minReadySeconds": 1}}, fieldManager="tuner")
    scaled = web.done("PATCH", "web/scale", {"spec": {"replicas": 1}}, MERGE_PATCH, fieldManager="scaler")
    assert scaled["spec"]["replicas"] == 1
    found = web.get("web")
    assert owners(found) == before
    written = {e["manager"]: e.get("subresource", "") for e in found["metadata"]["managedFields"]}
    assert (
        written.items()
        >= {
            "annotator": "",
            "labeller": "",
            "watcher": "status",
            "tuner": "",
            "scaler": "scale",
        }.items()
    )
    (entry,) = [e for e in found["metadata"]["managedFields"] if e["manager"] == "scaler"]
    assert (entry["fieldsV1"], entry.get("time")) == ({"f:spec": {"f:replicas": {}}}, None)


def test_what_changes_nothing_is_no_release(web: Folder) -> None:
    before = web.get("web")
    web.done("PATCH", "web", released(workloads.IMAGE), STRATEGIC_PATCH, fieldManager="pipeline")
    assert owners(web.get("web")) == owners(before)


def test_a_manager_is_named_by_its_program_where_it_does_not_say(cluster: Cluster) -> None:
    made = cluster.config_maps.create({"metadata": {"name": "a"}, "data": {"x": "1"}})
    (entry,) = made["metadata"]["managedFields"]
    assert (entry["manager"], entry["fieldsV1"]) == ("unknown", {"f:data": {".": {}, "f:x": {}}})
