from typing import Any

import pytest

from receiver.sandbox import resources, templates
from receiver.sandbox.errors import ApiError
from receiver.sandbox.resources import Resource
from tests.sandbox.objects import DELETE, Object, changed, created, updated, workload

BY_KIND = {
    "Deployment": resources.DEPLOYMENTS,
    "ReplicaSet": resources.REPLICA_SETS,
    "StatefulSet": resources.STATEFUL_SETS,
    "DaemonSet": resources.DAEMON_SETS,
}
FIRST = "spec/template/spec/containers/0"
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
CONTAINER = "spec.template.spec.containers[0]"
STRATEGIES = 'supported values: "Recreate", "RollingUpdate"'
MISMATCH = "`selector` does not match template `labels`"


def causes(obj: Object, resource: Resource = resources.DEPLOYMENTS) -> list[str]:
    with pytest.raises(ApiError) as refused:
        created(obj, resource)
    assert refused.value.code == 422
    return [f"{each['field']}: {each['message']}" for each in refused.value.status["details"]["causes"]]


@pytest.mark.parametrize(
    ("path", "value", "cause"),
    [
        ("metadata/name", "", "metadata.name: Required value: name or generateName is required"),
        ("metadata/name", "Web_1", f'metadata.name: Invalid value: "Web_1": {SUBDOMAIN}'),
        (
            "metadata/labels",
            {"a": "y" * 64},
            f'metadata.labels: Invalid value: "{"y" * 64}": must be no more than 63 bytes',
        ),
        (
            "metadata/labels",
            {"/x": ""},
            'metadata.labels: Invalid value: "/x": prefix part must be non-empty',
        ),
        (
            "metadata/annotations",
            {"a": "x" * 262144},
            "metadata.annotations: Too long: may not be more than 262144 bytes",
        ),
        ("spec/selector", {}, "spec.selector: Invalid value: {}: empty selector is invalid for deployment"),
        (
            "spec/template/metadata/labels",
            {"app": "other"},
            f'spec.template.metadata.labels: Invalid value: {{"app":"other"}}: {MISMATCH}',
        ),
        ("spec/template/metadata", DELETE, f"spec.template.metadata.labels: Invalid value: null: {MISMATCH}"),
        ("spec/template/spec/containers", [], "spec.template.spec.containers: Required value"),
        (f"{FIRST}/image", DELETE, "spec.template.spec.containers[0].image: Required value"),
        (f"{FIRST}/name", DELETE, "spec.template.spec.containers[0].name: Required value"),
        (
            "spec/template/spec/containers",
            [{"name": "c", "image": "x"}] * 2,
            'spec.template.spec.containers[1].name: Duplicate value: "c"',
        ),
        (
            f"{FIRST}/ports",
            [{"containerPort": 70000}],
            f"{CONTAINER}.ports[0].containerPort: Invalid value: 70000: {templates.PORTS}",
        ),
        (
            f"{FIRST}/volumeMounts",
            [{"name": "x", "mountPath": "/x"}],
            'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "x"',
        ),
        (
            f"{FIRST}/livenessProbe",
            {},
            "spec.template.spec.containers[0].livenessProbe: Required value: must specify a handler type",
        ),
        ("spec/replicas", -1, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        (
            "spec/progressDeadlineSeconds",
            0,
            "spec.progressDeadlineSeconds: Invalid value: 0: must be greater than minReadySeconds",
        ),
        (
            "spec/template/spec/restartPolicy",
            "Never",
            'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        ),
        (
            "spec/strategy",
            {"type": "X"},
            f'spec.strategy: Unsupported value: {{"Type":"X","RollingUpdate":null}}: {STRATEGIES}',
        ),
        (
            "spec/strategy",
            {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}},
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
        ),
        (
            "spec/strategy",
            {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}},
            "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
        ),
    ],
)
def test_a_broken_rule_is_refused_in_the_real_servers_words(path: str, value: Any, cause: str) -> None:
    assert causes(changed(workload(), path, value)) == [cause]


def test_every_broken_rule_is_told() -> None:
    obj = {**workload(), "spec": {}}
    assert causes(obj) == [
        "spec.selector: Required value",
        f"spec.template.metadata.labels: Invalid value: null: {MISMATCH}",
        "spec.template.spec.containers: Required value",
    ]


def test_the_message_names_the_object_and_the_causes() -> None:
    with pytest.raises(ApiError) as refused:
        created(changed(workload(), "spec/replicas", -1))
    status = refused.value.status
    assert status["message"] == (
        'Deployment.apps "web" is invalid: '
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    )
    assert status["details"]["kind"] == "Deployment"


@pytest.mark.parametrize("kind", BY_KIND)
def test_a_selector_cannot_be_changed(kind: str) -> None:
    old = created(workload(kind), BY_KIND[kind])
    labels = {"app": "other"}
    new = changed(changed(old, "spec/selector/matchLabels", labels), "spec/template/metadata/labels", labels)
    with pytest.raises(ApiError) as refused:
        updated(new, old, BY_KIND[kind])
    assert refused.value.status["message"].endswith(
        'spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable'
    )


def test_of_a_stateful_set_only_some_fields_can_be_changed() -> None:
    old = created(workload("StatefulSet"), resources.STATEFUL_SETS)
    with pytest.raises(ApiError, match="immutable") as refused:
        updated(changed(old, "spec/podManagementPolicy", "Parallel"), old, resources.STATEFUL_SETS)
    assert refused.value.status["details"]["causes"][0]["field"] == "spec.podManagementPolicy"
    free = changed(changed(old, "spec/replicas", 3), "spec/minReadySeconds", 5)
    assert updated(free, old, resources.STATEFUL_SETS)["spec"]["replicas"] == 3


def test_of_a_pod_only_the_images_can_be_changed() -> None:
    spec = {"containers": [{"name": "c", "image": "x:1"}]}
    pod = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p", "namespace": "shop"}, "spec": spec}
    old = created(pod, resources.PODS)
    image = updated(changed(old, "spec/containers/0/image", "x:2"), old, resources.PODS)
    assert image["spec"]["containers"][0]["image"] == "x:2"
    with pytest.raises(ApiError, match="pod updates may not change fields other than"):
        updated(changed(old, "spec/containers/0/command", ["x"]), old, resources.PODS)


def test_a_negative_scale_is_refused_as_a_scale() -> None:
    old = created(workload())
    with pytest.raises(
        ApiError, match=r'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -7'
    ):
        updated(changed(old, "spec/replicas", -7), old, subresource="scale")
