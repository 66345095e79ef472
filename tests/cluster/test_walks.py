"""The pages' commands do what they say, run as they stand there; only the ports are this test's own."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.receivers import Receiver, alert, payload
from tests.cluster.walks import Walk
from tests.pages import DOCS, MarkdownPage
from tests.testbed.build import build
from tests.testbed.controlplane import ControlPlane
from tests.testbed.plane import Plane
from tests.testbed.processes import free_port, wait_until

PORT = "8080"
SERVICE_MONITORS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "servicemonitors.monitoring.coreos.com"},
    "spec": {
        "group": "monitoring.coreos.com",
        "names": {"kind": "ServiceMonitor", "plural": "servicemonitors"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
                },
            }
        ],
    },
}
"""As much of the prometheus-operator as the chart needs."""


@pytest.fixture
def walk(plane: Plane, tmp_path: Path) -> Iterator[Walk]:
    with Walk(plane, tmp_path) as walk:
        yield walk


def test_without_the_chart(
    plane: Plane, walk: Walk, deploy: Callable[..., Any], release: Callable[..., Any]
) -> None:
    """From the CRD to a record in the list, by the page's commands and its Alertmanager configuration."""
    page, port = MarkdownPage(DOCS / "from-your-machine.md"), free_port()
    plane.kubectl("create", "namespace", "shop")
    deploy("checkout", into="shop")
    release("checkout", "registry.example/shop/web:2", into="shop")
    _, install, rules, serve, look = page.blocks("sh")
    (config,) = page.blocks("yaml")

    walk.run(install)
    assert "Refused to roll Deployment shop/checkout back" in walk.run(rules)
    token, serving = serve.strip().splitlines()
    walk.run(token)
    walk.start("serve", serving.replace(PORT, str(port)), "/-/ready", port)
    post_to_alertmanager(walk, config.replace(PORT, str(port)))
    listed = wait_until("a record is listed", lambda: listing(walk, look), seconds=30)

    assert "http-errors-after-deploy" in (listed or "")


def listing(walk: Walk, look: str) -> str | None:
    """Return what both commands list, None while there is nothing."""
    printed = walk.run(look)
    return printed if printed.count("Deployment/shop/checkout") == 2 else None


def post_to_alertmanager(walk: Walk, config: str) -> None:
    """Start a real Alertmanager with the page's configuration, and send it an alert as Prometheus does."""
    (tools,), port = build("alertmanager"), free_port()
    walk.write("alertmanager.yml", config)
    flags = f"--storage.path=am --web.listen-address=127.0.0.1:{port} --cluster.listen-address="
    walk.start("alertmanager", f"{tools}/alertmanager {flags}", "/-/ready", port)
    labels = {"severity": "critical", "namespace": "shop", "deployment": "checkout"}
    fired = alert("HighErrorRate", labels)
    sent = " ".join(f"{name}={value}" for name, value in fired["labels"].items())
    walk.run(f"{tools}/amtool --alertmanager.url=http://127.0.0.1:{port} alert add {sent}")


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Somebody with a control plane that has nothing of ours yet."""
    with ControlPlane() as plane, Walk(plane, tmp_path_factory.mktemp("walk")) as walk:
        plane.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(SERVICE_MONITORS))
        wait_until("ServiceMonitors are served", lambda: served(plane), seconds=30)
        yield walk


def served(plane: Plane) -> bool:
    return "servicemonitors" in plane.kubectl("api-resources", "-o", "name", check=False).stdout


def test_getting_started(fresh: Walk, tmp_path: Path) -> None:
    """What needs no container engine: the chart, its rules, the releases, and what is listed in the end.

    The nodes are simulated, so the chart's pods run nothing: a receiver stands in, with the chart's rules.
    """
    page = MarkdownPage(DOCS / "getting-started.md")
    _, tokens, _, install, releases, _, look = page.blocks("sh")
    fresh.write("receiver.yaml", page.blocks("yaml")[1])
    fresh.run(tokens)
    fresh.run(without("helm test", install))
    fresh.run(releases)

    address = "jsonpath={.metadata.name}.{.metadata.namespace}.svc:{.spec.ports[0].port}"
    service = fresh.run(f"kubectl get service rollback-receiver -n rollback-receiver -o '{address}'")
    assert f"url: http://{service}/alerts" in page.blocks("yaml")[0]
    receiver = stand_in(fresh, tmp_path)
    try:
        receiver.start()
        receiver.wait_ready()
        words = page.blocks("sh")[5].rpartition("alert add")[2].replace("\\", "").split()
        labels = dict(word.split("=", 1) for word in words)
        assert receiver.post(payload(alert(labels.pop("alertname"), labels)))[0] == 202
        shown = wait_until("the rollback", lambda: rolled_back(fresh, look), seconds=20)
    finally:
        receiver.kill()
    assert re.search(r"Deployment/shop/checkout +first +(RollingBack|Verifying) +2 +1 ", shown or "")


@pytest.mark.parametrize("crd", ["no CRD yet", "the CRD applied by hand"])
def test_the_commands_of_the_operations_page(fresh: Walk, crd: str) -> None:
    """Install, upgrade, uninstall; the CRD and the records stay."""
    page = MarkdownPage(DOCS / "operations.md")
    (install,) = (block.strip() for block in page.blocks("sh") if "helm" in block)
    fresh.write("values.yaml", "config: {mode: dry-run}\n")
    if crd == "the CRD applied by hand":
        fresh.run("rollback-receiver crd | kubectl apply -f -")
        assert "`--take-ownership`" in page.text
        fresh.run(f"{install} --take-ownership")
    for _ in ("install", "upgrade"):
        fresh.run(install)
    uninstall, *_ = (code for code in page.codes() if code.startswith("helm uninstall"))
    fresh.run(uninstall)
    assert fresh.run("kubectl get rollbacks -A -o name") == ""


def without(words: str, script: str) -> str:
    """Return a script without the lines that begin so."""
    return "\n".join(line for line in script.splitlines() if not line.startswith(words))


def stand_in(walk: Walk, folder: Path) -> Receiver:
    """Return a receiver with the rules that the chart has brought into the cluster."""
    rules = folder / "first.yaml"
    get = "kubectl get configmap rollback-receiver-rules -n rollback-receiver"
    rules.write_text(walk.run(f"{get} -o jsonpath='{{.data.first\\.yaml}}'"))
    return Receiver(walk.kubeconfig, "rollback-receiver", rules, folder)


def rolled_back(walk: Walk, look: str) -> str | None:
    """Return what the page's look shows, None while the record is not there or not begun."""
    shown = walk.run(without("kubectl exec", look))
    return shown if re.search("RollingBack|Verifying", shown) else None
