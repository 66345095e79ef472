"""What a template needs by name: each way of naming, with its keys, and what is left out."""

from typing import Any

import pytest

from receiver.policy.needs import Item, ItemKind, Need, needs

CONFIG, SECRET, CLAIM, ACCOUNT = ItemKind


def need(kind: ItemKind, name: str, *keys: str) -> Need:
    return Need(Item(kind, "shop", name), frozenset(keys))


def found(**spec: Any) -> tuple[Need, ...]:
    return needs({"spec": {"containers": [{"name": "web"}], **spec}}, "shop")


def variable(source: str, **more: Any) -> dict[str, Any]:
    entry = {"name": "X", "valueFrom": {source: {"name": "a", "key": "k", **more}}}
    return {"containers": [{"name": "web", "env": [{"name": "Y", "value": "1"}, entry]}]}


def all_variables(source: str, **more: Any) -> dict[str, Any]:
    return {"initContainers": [{"name": "init", "envFrom": [{source: {"name": "a", **more}}]}]}


def volume(kind: str, **source: Any) -> dict[str, Any]:
    return {"volumes": [{"name": "v", kind: source}]}


def projected(kind: str, **source: Any) -> dict[str, Any]:
    token = {"serviceAccountToken": {"path": "token"}}
    return volume("projected", sources=[token, {kind: {"name": "a", **source}}])


ITEMS: list[dict[str, Any]] = [{"key": "k", "path": "p"}, {"key": "l", "path": "q"}]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(variable("configMapKeyRef"), need(CONFIG, "a", "k"), id="variable"),
        pytest.param(variable("secretKeyRef"), need(SECRET, "a", "k"), id="secret-variable"),
        pytest.param(all_variables("configMapRef"), need(CONFIG, "a"), id="all-variables-of-init"),
        pytest.param(all_variables("secretRef"), need(SECRET, "a"), id="all-secret-variables-of-init"),
        pytest.param(volume("configMap", name="a"), need(CONFIG, "a"), id="volume"),
        pytest.param(volume("configMap", name="a", items=ITEMS), need(CONFIG, "a", "k", "l"), id="items"),
        pytest.param(volume("secret", secretName="a"), need(SECRET, "a"), id="secret-volume"),
        pytest.param(volume("secret", secretName="a", items=ITEMS), need(SECRET, "a", "k", "l"), id="keys"),
        pytest.param(projected("configMap", items=ITEMS), need(CONFIG, "a", "k", "l"), id="projected"),
        pytest.param(projected("secret"), need(SECRET, "a"), id="projected-secret"),
        pytest.param(volume("persistentVolumeClaim", claimName="a"), need(CLAIM, "a"), id="claim"),
        pytest.param(volume("csi", nodePublishSecretRef={"name": "a"}), need(SECRET, "a"), id="csi"),
        pytest.param(volume("iscsi", secretRef={"name": "a"}), need(SECRET, "a"), id="driver"),
        pytest.param(volume("azureFile", secretName="a"), need(SECRET, "a"), id="azure-file"),
        pytest.param({"serviceAccountName": "a"}, need(ACCOUNT, "a"), id="service-account"),
        pytest.param({"serviceAccount": "a"}, need(ACCOUNT, "a"), id="service-account-by-its-old-key"),
        pytest.param(volume("configMap"), need(CONFIG, ""), id="nameless"),
    ],
)
def test_what_pods_could_not_start_without_is_a_need(spec: dict[str, Any], expected: Need) -> None:
    assert found(**spec) == (expected,)


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"volumes": None, "containers": [{"name": "a", "env": None}]}, id="nulls"),
        pytest.param({"serviceAccountName": "default", "serviceAccount": "default"}, id="default-account"),
        pytest.param({"imagePullSecrets": [{"name": "a"}]}, id="pull-secret"),
        pytest.param(variable("configMapKeyRef", optional=True), id="optional-variable"),
        pytest.param(variable("fieldRef"), id="field"),
        pytest.param(all_variables("secretRef", optional=True), id="optional-variables"),
        pytest.param(volume("configMap", name="a", optional=True), id="optional-volume"),
        pytest.param(volume("secret", secretName="a", optional=True), id="optional-secret"),
        pytest.param(projected("configMap", optional=True), id="optional-projected"),
        pytest.param(volume("emptyDir"), id="empty-dir"),
    ],
)
def test_what_pods_can_start_without_is_none(spec: dict[str, Any]) -> None:
    assert found(**spec) == ()


def test_each_item_stands_there_once_with_all_of_its_keys() -> None:
    """A use that is optional does not make another one so."""
    spec = {**variable("configMapKeyRef", key="z"), **volume("configMap", name="a", items=ITEMS)}
    spec["volumes"] += volume("configMap", name="a", optional=True)["volumes"]
    assert found(**spec) == (need(CONFIG, "a", "k", "l", "z"),)


def test_a_template_without_a_spec_needs_nothing() -> None:
    assert needs({}, "shop") == ()
