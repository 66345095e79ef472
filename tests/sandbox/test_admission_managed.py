from typing import Any

from receiver.sandbox.clock import stamp
from tests.sandbox.objects import DELETE, LATER, NOW, Object, changed, created, updated, workload

IMAGE = "spec/template/spec/containers/0/image"
CONTAINERS: Object = {'k:{"name":"app"}': {"f:image": {}}}
IMAGE_FIELDS: Object = {"f:spec": {"f:template": {"f:spec": {"f:containers": CONTAINERS}}}}


def entries(obj: Object) -> dict[str, Object]:
    return {entry["manager"]: entry for entry in obj["metadata"]["managedFields"]}


def test_who_creates_an_object_sets_its_fields() -> None:
    [entry] = created(workload(replicas=2))["metadata"]["managedFields"]
    fields: Any = entry.pop("fieldsV1")
    assert entry == {
        "manager": "alice",
        "operation": "Update",
        "apiVersion": "apps/v1",
        "time": stamp(NOW),
        "fieldsType": "FieldsV1",
    }
    assert set(fields["f:spec"]) >= {"f:replicas", "f:selector", "f:template"}
    assert fields["f:spec"]["f:selector"] == {}
    container = fields["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"app"}']
    assert set(container) >= {".", "f:image", "f:name"}
    assert "f:metadata" not in fields
    assert "f:status" not in fields


def test_who_changes_a_field_takes_it_from_the_other() -> None:
    old = created(workload())
    found = entries(updated(changed(old, IMAGE, "shop:2"), old))
    assert found["bob"]["fieldsV1"] == IMAGE_FIELDS
    assert found["bob"]["time"] == stamp(LATER)
    assert found["alice"]["time"] == stamp(NOW)
    template = found["alice"]["fieldsV1"]["f:spec"]["f:template"]
    assert "f:image" not in template["f:spec"]["f:containers"]['k:{"name":"app"}']


def test_a_change_of_ones_own_field_renews_the_time() -> None:
    old = created(workload())
    [entry] = updated(changed(old, IMAGE, "shop:2"), old, manager="alice")["metadata"]["managedFields"]
    assert (entry["manager"], entry["time"]) == ("alice", stamp(LATER))
    assert entry["fieldsV1"] == old["metadata"]["managedFields"][0]["fieldsV1"]


def test_an_annotation_does_not_touch_the_template() -> None:
    old = created(workload())
    found = entries(updated(changed(old, "metadata/annotations", {"a": "b"}), old))
    assert found["bob"]["fieldsV1"] == {"f:metadata": {"f:annotations": {".": {}, "f:a": {}}}}


def test_a_scale_has_an_entry_of_its_own_without_a_time() -> None:
    old = created(workload())
    found = entries(updated(changed(old, "spec/replicas", 4), old, subresource="scale"))
    assert found["bob"] == {
        "manager": "bob",
        "operation": "Update",
        "apiVersion": "apps/v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:replicas": {}}},
        "subresource": "scale",
    }
    assert "f:replicas" not in found["alice"]["fieldsV1"]["f:spec"]


def test_a_status_has_an_entry_of_its_own() -> None:
    old = created(workload())
    conditions = [{"type": "Available", "status": "True"}]
    new = updated(changed(old, "status", {"conditions": conditions}), old, subresource="status")
    fields = entries(new)["bob"]["fieldsV1"]["f:status"]["f:conditions"]
    assert fields == {".": {}, 'k:{"type":"Available"}': {".": {}, "f:status": {}, "f:type": {}}}
    assert entries(new)["bob"]["subresource"] == "status"


def test_what_is_removed_belongs_to_nobody_and_an_empty_entry_goes() -> None:
    old = created(workload())
    middle = updated(changed(old, "metadata/annotations", {"a": "b"}), old, manager="carl")
    new = updated(changed(middle, "metadata/annotations", DELETE), middle)
    assert set(entries(new)) == {"alice"}


def test_a_write_that_changes_nothing_leaves_the_record_alone() -> None:
    old = created(workload())
    assert updated(old, old)["metadata"]["managedFields"] == old["metadata"]["managedFields"]
