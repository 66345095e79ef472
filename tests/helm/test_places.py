"""Every value is found where it belongs, and what names another object or port names one that is there."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.helm.charts import Object, only, receiver_pod, render
from tests.helm.matrix import CHOSEN, KINDS

EVERYTHING = CHOSEN["everything"]
INGRESS, ROUTE, MONITOR = (EVERYTHING[name] for name in ("ingress", "httpRoute", "serviceMonitor"))
OF_PODS = ("priorityClassName", "nodeSelector", "tolerations", "affinity")
DIGEST = f"rollback-receiver@{EVERYTHING['image']['digest']}"
PLACES: Mapping[str, Any] = {
    "Service.spec.ports.0.port": EVERYTHING["service"]["port"],
    "Service.metadata.annotations": {"a": "b"},
    "ServiceAccount.metadata.name": "other",
    "ServiceAccount.metadata.annotations": {"a": "b"},
    "Deployment.spec.replicas": 3,
    "Deployment.spec.template.metadata.labels.team": "sre",
    "Deployment.spec.template.metadata.annotations.a": "b",
    "Deployment.spec.template.spec.terminationGracePeriodSeconds": 25,
    "Deployment.spec.template.spec.topologySpreadConstraints": EVERYTHING["topologySpreadConstraints"],
    "Deployment.spec.template.spec.containers.0.image": DIGEST,
    "Deployment.spec.template.spec.containers.0.livenessProbe.httpGet.path": "/-/healthy",
    "Deployment.spec.template.spec.containers.0.readinessProbe.httpGet.path": "/-/ready",
    "Pod.spec.containers.0.image": DIGEST,
    "Pod.metadata.annotations": {
        "helm.sh/hook": "test",
        "helm.sh/hook-delete-policy": "before-hook-creation",
    },
    **{
        f"{pod}.{name}": EVERYTHING[name]
        for pod in ("Deployment.spec.template.spec", "Pod.spec")
        for name in OF_PODS
    },
    "Deployment.spec.template.spec.imagePullSecrets": [{"name": "pull"}],
    "Pod.spec.imagePullSecrets": [{"name": "pull"}],
    "NetworkPolicy.spec.ingress.0.from": EVERYTHING["networkPolicy"]["from"],
    "NetworkPolicy.spec.egress": EVERYTHING["networkPolicy"]["egress"],
    "NetworkPolicy.spec.policyTypes": ["Ingress", "Egress"],
    "Ingress.spec.ingressClassName": INGRESS["className"],
    "Ingress.spec.rules.0.host": INGRESS["host"],
    "Ingress.spec.tls": [{"hosts": [INGRESS["host"]], "secretName": INGRESS["tlsSecret"]}],
    "Ingress.metadata.annotations": INGRESS["annotations"],
    "HTTPRoute.spec.parentRefs": ROUTE["parentRefs"],
    "HTTPRoute.spec.hostnames": ROUTE["hostnames"],
    "HTTPRoute.metadata.annotations": ROUTE["annotations"],
    "ServiceMonitor.metadata.labels.release": "prometheus",
    "ServiceMonitor.spec.endpoints": [
        {"port": "http", "path": "/metrics", "scheme": "https", "interval": MONITOR["interval"]}
    ],
    "PrometheusRule.metadata.labels.release": "prometheus",
}
"""What `everything` of the matrix puts where: a kind, and the path in it."""


@pytest.fixture(scope="module")
def objects() -> list[Object]:
    """Return what the chart makes of everything."""
    return render(EVERYTHING)


def at(objects: list[Object], place: str) -> Any:
    """Return what stands at a path."""
    kind, *path = place.split(".")
    found: Any = only(objects, kind)
    for key in path:
        found = found[int(key) if key.isdigit() else key]
    return found


@pytest.mark.parametrize("place", PLACES)
def test_value_is_where_it_belongs(objects: list[Object], place: str) -> None:
    assert at(objects, place) == PLACES[place]


def test_ports_are_the_containers(objects: list[Object]) -> None:
    """The Service, the probes and the NetworkPolicy name it; the monitor names the Service's."""
    (container,) = receiver_pod(objects)["spec"]["containers"]
    (port,) = container["ports"]
    probes = [container[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")]
    (served,) = at(objects, "Service.spec.ports")
    policed = at(objects, "NetworkPolicy.spec.ingress.0.ports")
    assert [*probes, served["targetPort"]] == [port["name"]] * 3
    assert policed == [{"port": port["name"], "protocol": "TCP"}]
    assert at(objects, "ServiceMonitor.spec.endpoints.0.port") == served["name"]


def test_page_is_led_to_the_service(objects: list[Object]) -> None:
    """By its port's name, or its number."""
    service = only(objects, "Service")
    name, (port,) = service["metadata"]["name"], service["spec"]["ports"]
    paths = at(objects, "Ingress.spec.rules.0.http.paths")
    backends = [path["backend"]["service"] for path in paths]
    assert backends == [{"name": name, "port": {"name": port["name"]}}] * len(paths)
    (rule,) = at(objects, "HTTPRoute.spec.rules")
    assert rule["backendRefs"] == [{"name": name, "port": port["port"]}]


def test_receivers_are_selected(objects: list[Object]) -> None:
    """By whatever selects pods; the monitor selects the Service."""
    labels = receiver_pod(objects)["metadata"]["labels"].items()
    paths = ["Service.spec.selector", "NetworkPolicy.spec.podSelector.matchLabels"]
    paths += ["Deployment.spec.selector.matchLabels", "PodDisruptionBudget.spec.selector.matchLabels"]
    wanted = at(objects, paths[0])
    assert wanted.items() <= labels
    assert [at(objects, path) for path in paths] == [wanted] * len(paths)
    selected = at(objects, "ServiceMonitor.spec.selector.matchLabels")
    assert selected.items() <= at(objects, "Service.metadata.labels").items()


@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort", "LoadBalancer"])
def test_service_is_of_the_type_that_is_asked_for(kind: str) -> None:
    assert at(render({**EVERYTHING, "service": {"type": kind}}), "Service.spec.type") == kind


def test_secret_lies_where_the_config_may_name_it(objects: list[Object]) -> None:
    """In a folder of its own name, for the receiver and for `helm test`."""
    for pod in (receiver_pod(objects), only(objects, "Pod")):
        (container,) = pod["spec"]["containers"]
        (volume,) = (one["name"] for one in pod["spec"]["volumes"] if "slack-url" in str(one))
        (mount,) = (one for one in container["volumeMounts"] if one["name"] == volume)
        assert mount["mountPath"] == "/etc/rollback-receiver/secrets/slack"


def test_every_volume_is_mounted_and_every_mount_has_one(objects: list[Object]) -> None:
    for pod in (receiver_pod(objects), only(objects, "Pod")):
        (container,) = pod["spec"]["containers"]
        mounted = sorted(one["name"] for one in container["volumeMounts"])
        assert mounted == sorted(one["name"] for one in pod["spec"]["volumes"])


def test_doctor_looks_at_the_kinds_that_are_granted() -> None:
    """And at the config of the receivers."""
    config = "--config=/etc/rollback-receiver/config/config.yaml"
    for kinds in (["Deployment"], KINDS):
        (container,) = at(render({"kinds": kinds}), "Pod.spec.containers")
        assert container["args"] == ["doctor", config, *(f"--kind={kind}" for kind in kinds)]


def test_tag_stands_where_there_is_no_digest() -> None:
    image = {"repository": "registry.example/receiver", "tag": "1.2", "pullPolicy": "Always"}
    for pod in ("Deployment.spec.template.spec", "Pod.spec"):
        (container,) = at(render({"image": image}), f"{pod}.containers")
        assert container["image"] == "registry.example/receiver:1.2"
        assert container["imagePullPolicy"] == "Always"


def test_spread_is_over_nodes_unless_said_otherwise() -> None:
    """And over zones, where a pod has no affinity of its own."""
    spec = receiver_pod(render({}))["spec"]
    (spread,) = spec["topologySpreadConstraints"]
    (preferred,) = spec["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    selected = at(render({}), "Deployment.spec.selector")
    assert spread["labelSelector"] == preferred["podAffinityTerm"]["labelSelector"] == selected
    assert spread["topologyKey"] == "kubernetes.io/hostname"
    assert preferred["podAffinityTerm"]["topologyKey"] == "topology.kubernetes.io/zone"
