from typing import Any

import pytest

from receiver.sandbox import strategic
from receiver.sandbox.errors import ApiError
from tests.sandbox.objects import Object, workload

TWO: list[Object] = [
    {"name": "app", "image": "shop:1", "env": [{"name": "A", "value": "1"}]},
    {"name": "log", "image": "l"},
]


def pods(**spec: Any) -> Object:
    return {"spec": {"template": {"spec": spec}}}


def merged(patch: Object, **current: Any) -> Object:
    obj = workload()
    obj["spec"]["template"]["spec"] = {"containers": TWO, **current}
    found: Object = strategic.merge("Deployment", obj, patch)["spec"]["template"]["spec"]
    return found


def names(spec: Object) -> list[str]:
    return [container["name"] for container in spec["containers"]]


def test_containers_are_merged_by_name() -> None:
    spec = merged(pods(containers=[{"name": "app", "image": "shop:2"}]))
    assert spec["containers"] == [{**TWO[0], "image": "shop:2"}, TWO[1]]


def test_variables_are_merged_by_name_and_arguments_are_replaced() -> None:
    new = {"name": "app", "env": [{"name": "B", "value": "2"}], "args": ["x"]}
    container = merged(pods(containers=[new]))["containers"][0]
    assert {item["name"] for item in container["env"]} == {"A", "B"}
    assert container["args"] == ["x"]


@pytest.mark.parametrize(
    ("order", "containers", "found"),
    [
        (None, ["new"], ["new", "app", "log"]),
        (None, ["app", "new"], ["app", "new", "log"]),
        (None, ["log", "app"], ["log", "app"]),
        (["app", "log", "new"], ["new"], ["app", "log", "new"]),
    ],
)
def test_the_patch_gives_the_order(order: list[str] | None, containers: list[str], found: list[str]) -> None:
    patch: Object = {"containers": [{"name": name, "image": "x"} for name in containers]}
    if order:
        patch["$setElementOrder/containers"] = [{"name": name} for name in order]
    assert names(merged(pods(**patch))) == found


def test_the_controller_revision_of_an_undo_replaces_the_whole_template() -> None:
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": "old"}]},
    }
    patch = {"spec": {"template": {**template, "$patch": "replace"}}}
    obj = workload("StatefulSet", replicas=3)
    found = strategic.merge("StatefulSet", obj, patch)
    assert found["spec"]["template"] == template
    assert found["spec"]["replicas"] == 3


def test_items_and_maps_and_lists_can_be_deleted_or_replaced() -> None:
    assert names(merged(pods(containers=[{"name": "log", "$patch": "delete"}]))) == ["app"]
    assert names(merged(pods(containers=[{"$patch": "replace"}, {"name": "n", "image": "x"}]))) == ["n"]
    assert "securityContext" not in merged(
        pods(securityContext={"$patch": "delete"}), securityContext={"a": 1}
    )
    assert "nodeName" not in merged(pods(nodeName=None), nodeName="one")


def test_tolerations_are_replaced_and_finalizers_are_added() -> None:
    assert merged(pods(tolerations=[{"key": "b"}]), tolerations=[{"key": "a"}])["tolerations"] == [
        {"key": "b"}
    ]
    obj = {"metadata": {"finalizers": ["a/b"]}}
    added = strategic.merge("Deployment", obj, {"metadata": {"finalizers": ["c/d"]}})
    assert set(added["metadata"]["finalizers"]) == {"a/b", "c/d"}
    gone = strategic.merge("Deployment", obj, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/b"]}})
    assert gone["metadata"]["finalizers"] == []


def test_only_retained_keys_stay() -> None:
    obj = workload(strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}})
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategic.merge("Deployment", obj, patch)["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (pods(containers=[{"image": "x"}]), "map: map[image:x] does not contain declared merge key: name"),
        ({"spec": {"template": {"$patch": "foo"}}}, "unknown patch type: foo in map: map[$patch:foo]"),
    ],
)
def test_a_broken_patch_is_an_internal_error_as_it_is_there(patch: Object, message: str) -> None:
    with pytest.raises(ApiError) as refused:
        merged(patch)
    assert (refused.value.code, refused.value.status["message"]) == (500, message)
