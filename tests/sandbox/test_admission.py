import copy
from typing import Any

import pytest

from receiver.sandbox import resources
from receiver.sandbox.admission import refuse_unknown
from receiver.sandbox.errors import ApiError
from receiver.sandbox.resources import DEPLOYMENTS, Resource
from tests.sandbox.objects import Object, changed, created, updated, workload

CONTAINER = {
    "name": "app",
    "image": "shop:1",
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "imagePullPolicy": "IfNotPresent",
}
POD = {
    "containers": [CONTAINER],
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}


def core(kind: str, name: str = "web", **fields: Any) -> Object:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **fields}


def test_a_deployment_gets_what_the_real_server_fills_in() -> None:
    assert created(workload())["spec"] == {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": POD},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    }


def test_a_stateful_set_gets_what_the_real_server_fills_in() -> None:
    found = created(workload("StatefulSet"), resources.STATEFUL_SETS)
    assert found["spec"] == {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": POD},
        "serviceName": "",
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}},
        "revisionHistoryLimit": 10,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    }
    assert found["status"] == {"replicas": 0, "availableReplicas": 0}


def test_a_daemon_set_counts_its_templates_in_an_annotation() -> None:
    old = created(workload("DaemonSet"), resources.DAEMON_SETS)
    rolling = {"maxUnavailable": 1, "maxSurge": 0}
    assert old["spec"]["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": rolling}
    new = changed(old, "spec/template/spec/containers/0/image", "shop:2")
    new = updated(new, old, resources.DAEMON_SETS)
    counted = [obj["metadata"]["annotations"] for obj in (old, new)]
    key = "deprecated.daemonset.template.generation"
    assert counted == [{key: "1"}, {key: "2"}]


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("shop:1", "IfNotPresent"),
        ("shop", "Always"),
        ("shop:latest", "Always"),
        ("host:5000/shop", "Always"),
        ("shop@sha256:" + "a" * 64, "IfNotPresent"),
    ],
)
def test_the_tag_decides_when_an_image_is_pulled(image: str, policy: str) -> None:
    new = created(changed(workload(), "spec/template/spec/containers/0/image", image))
    assert new["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_probes_ports_volumes_and_quantities_are_completed() -> None:
    container = {
        "name": "app",
        "image": "shop:1",
        "ports": [{"containerPort": 80}],
        "readinessProbe": {"httpGet": {"port": 80}, "periodSeconds": 0},
        "resources": {"limits": {"cpu": 0.5, "memory": "1024Mi"}, "requests": {"cpu": "250m"}},
        "env": [{"name": "A", "value": ""}],
    }
    volumes = [{"name": "a"}, {"name": "b", "configMap": {"name": "x"}}]
    pod = {"containers": [container], "volumes": volumes}
    spec = created(changed(workload(), "spec/template/spec", pod))["spec"]["template"]["spec"]
    found = spec["containers"][0]
    assert found["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert found["resources"] == {"limits": {"cpu": "500m", "memory": "1Gi"}, "requests": {"cpu": "250m"}}
    assert found["env"] == [{"name": "A"}]
    assert found["readinessProbe"] == {
        "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    assert spec["volumes"] == [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "configMap": {"name": "x", "defaultMode": 420}},
    ]


@pytest.mark.parametrize(
    ("resource", "obj", "path", "value"),
    [
        (resources.NAMESPACES, core("Namespace"), "labels", {"kubernetes.io/metadata.name": "web"}),
        (resources.NAMESPACES, core("Namespace"), "spec", {"finalizers": ["kubernetes"]}),
        (resources.NAMESPACES, core("Namespace"), "status", {"phase": "Active"}),
        (resources.SECRETS, core("Secret", stringData={"a": "b"}), "data", {"a": "Yg=="}),
        (resources.SECRETS, core("Secret"), "type", "Opaque"),
        (resources.REPLICA_SETS, workload("ReplicaSet"), "status", {"replicas": 0}),
    ],
)
def test_other_kinds_have_their_defaults_too(resource: Resource, obj: Object, path: str, value: Any) -> None:
    new = created(obj, resource)
    assert (new["metadata"] if path == "labels" else new)[path] == value


def test_a_service_gets_an_address_and_a_headless_one_none() -> None:
    spec = {"ports": [{"port": 80}]}
    found = created(core("Service", spec=spec), resources.SERVICES)["spec"]
    assert found["type"] == "ClusterIP"
    assert found["clusterIP"].startswith("10.0.")
    assert found["ports"] == [{"port": 80, "targetPort": 80, "protocol": "TCP"}]
    headless = created(core("Service", spec={**spec, "clusterIP": "None"}), resources.SERVICES)
    assert headless["spec"]["clusterIPs"] == ["None"]


def test_what_the_server_decides_cannot_be_sent() -> None:
    sent = {"uid": "u", "generation": 7, "deletionTimestamp": "2020-01-01T00:00:00Z", "managedFields": []}
    obj = {**changed(workload(), "metadata", {"name": "web", **sent}), "status": {"replicas": 9}}
    before = copy.deepcopy(obj)
    new = created(obj)
    assert obj == before
    assert new["status"] == {}
    assert new["metadata"]["uid"] != "u"
    assert new["metadata"]["generation"] == 1
    assert "deletionTimestamp" not in new["metadata"]


def test_a_name_is_generated() -> None:
    name = created(changed(workload(), "metadata", {"generateName": "web-"}))["metadata"]["name"]
    assert len(name) == len("web-") + 5


def test_unknown_fields_are_dropped_unless_they_are_to_be_refused() -> None:
    obj = changed(changed(workload(), "spec/foo", 1), "spec/template/spec/containers/0/bar", 2)
    assert created(obj)["spec"] == created(workload())["spec"]
    with pytest.raises(ApiError) as refused:
        refuse_unknown(DEPLOYMENTS, obj)
    assert (
        'strict decoding error: unknown field "spec.template.spec.containers[0].bar"'
        in refused.value.status["message"]
    )
    refuse_unknown(DEPLOYMENTS, workload())


@pytest.mark.parametrize(
    ("path", "value", "end"),
    [
        ("spec/replicas", "three", "string into Go struct field DeploymentSpec.spec.replicas of type int32"),
        ("spec/replicas", 1.5, "number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"),
        ("spec", [], "array into Go struct field Deployment.spec of type v1.DeploymentSpec"),
        (
            "metadata/labels",
            {"a": 1},
            "number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            "spec/template/spec/containers",
            "x",
            "string into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container",
        ),
    ],
)
def test_a_field_of_the_wrong_type_is_a_bad_request(path: str, value: Any, end: str) -> None:
    with pytest.raises(ApiError) as refused:
        created(changed(workload(), path, value))
    start = 'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal '
    assert (refused.value.code, refused.value.status["message"]) == (400, start + end)


def test_another_kind_is_a_bad_request() -> None:
    with pytest.raises(ApiError, match=r"converting \(v1.StatefulSet\) to \(apps.Deployment\)"):
        created(workload("StatefulSet"))


def test_an_update_keeps_the_status_and_a_status_update_keeps_the_rest() -> None:
    old = created(workload())
    both = changed(changed(old, "spec/replicas", 5), "status", {"replicas": 5})
    both = changed(both, "metadata/labels", {"a": "b"})
    spec, status = updated(both, old), updated(both, old, subresource="status")
    assert (spec["spec"]["replicas"], spec["status"]) == (5, {})
    assert (status["spec"], status["status"]) == (old["spec"], {"replicas": 5})
    assert "labels" not in status["metadata"]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("metadata/uid", "other", 409),
        ("metadata/resourceVersion", "1", 409),
        ("metadata/name", "other", 400),
        ("metadata/namespace", "other", 400),
        ("metadata/name", "", 400),
    ],
)
def test_an_update_of_another_object_or_state_is_refused(path: str, value: str, code: int) -> None:
    old = created(workload())
    with pytest.raises(ApiError) as refused:
        updated(changed(old, path, value), old)
    assert refused.value.code == code


def test_an_update_without_a_version_is_taken() -> None:
    old = created(workload())
    new = {**workload(replicas=4), "metadata": {"name": "web"}}
    assert updated(new, old)["spec"]["replicas"] == 4
    assert updated(new, old)["metadata"]["namespace"] == "shop"
