"""What the chart makes of values: objects that every Kubernetes takes, and all that the receiver needs."""

import json
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from receiver import __version__
from receiver.rulefiles import load_rules
from receiver.settings import Settings, load_settings
from tests.helm.charts import (
    CHART,
    HELM3,
    NAMESPACE,
    RELEASE,
    ROOT,
    RULE,
    Object,
    of_kind,
    only,
    receiver_pod,
    render,
    run,
)
from tests.helm.matrix import CHOSEN

VERSIONS = [f"1.{minor}.0" for minor in range(29, 38)]
OF_ADDONS = {"CustomResourceDefinition", "HTTPRoute", "ServiceMonitor", "PrometheusRule"}
"""Kinds that kubernetes-validate has no schema of; the CRD's own tests are in tests/cluster."""
MOUNTS = "/etc/rollback-receiver"


def config_of(objects: list[Object]) -> str:
    return str(only(objects, "ConfigMap", "-config")["data"]["config.yaml"])


@pytest.mark.parametrize("chosen", CHOSEN)
def test_lint_finds_nothing(chosen: str) -> None:
    done = run(HELM3, "lint", "--strict", CHART, f"--namespace={NAMESPACE}", values=CHOSEN[chosen])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("chosen", CHOSEN)
def test_objects_fit_the_schemas_of_every_kubernetes(chosen: str, version: str) -> None:
    """Strictly: a field that it does not know is a fault."""
    objects = render(CHOSEN[chosen], f"--kube-version={version}")
    assert len(objects) >= 4
    for each in objects:
        if each["kind"] not in OF_ADDONS:
            assert kubernetes_validate.validate(each, version, strict=True) == version[:-2]


@pytest.mark.parametrize(
    ("kind", "fault"), [("Deployment", {"replicaz": 1}), ("NetworkPolicy", {"podSelector": 5})]
)
def test_schemas_do_refuse(kind: str, fault: dict[str, Any]) -> None:
    broken = only(render(CHOSEN["everything"]), kind)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**broken, "spec": {**broken["spec"], **fault}}, "1.37.0", strict=True)


@pytest.mark.parametrize("chosen", CHOSEN)
def test_receiver_takes_its_config(chosen: str, tmp_path: Path) -> None:
    """With the token files and rules where they are mounted, and its records in the release's namespace."""
    objects = render(CHOSEN[chosen])
    file = tmp_path / "config.yaml"
    file.write_text(config_of(objects))
    settings = load_settings(file, {}, {})
    container = receiver_pod(objects)["spec"]["containers"][0]
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    secrets = [settings.webhook_token_file, settings.review_token_file]
    secrets += [settings.tls_cert_file, settings.tls_key_file, settings.tls_client_ca_file]
    files = [*settings.rules, *(file.parent for file in secrets if file)]
    assert set(map(str, files)) <= mounted
    assert container["args"] == ["serve", f"--config={MOUNTS}/config/config.yaml"]
    assert settings.namespace == NAMESPACE
    assert settings.mode == (CHOSEN[chosen].get("config") or {}).get("mode", "dry-run")
    assert list(settings.namespaces) == CHOSEN[chosen].get("namespaces", [])
    assert settings.listen.port == container["ports"][0]["containerPort"]


@pytest.mark.parametrize("mode", ["off", False], ids=["quoted", "unquoted"])
def test_off_is_off_however_it_is_written(mode: object, tmp_path: Path) -> None:
    """Helm's YAML takes an unquoted off for false."""
    defaults = {"budget": mode, "systemic": mode}
    (tmp_path / "config.yaml").write_text(config_of(render({"config": {"mode": mode, "defaults": defaults}})))
    settings = load_settings(tmp_path / "config.yaml", {}, {})
    assert settings.mode == "off"
    assert (settings.defaults.budget, settings.defaults.systemic) == (None, None)


def test_what_is_granted_for_secrets_is_switched_on(tmp_path: Path) -> None:
    """And what else is set for all rules stays."""
    values = {"preflight": {"secrets": True}, "config": {"mode": "auto", "defaults": {"cooldown": "2h"}}}
    objects = render({**values, "rules": {"http.yaml": RULE}})
    (tmp_path / "config.yaml").write_text(config_of(objects))
    defaults = load_settings(tmp_path / "config.yaml", {}, {}).defaults
    assert defaults.preflight.secrets
    assert defaults.cooldown.total_seconds() == 7200


def test_rules_arrive_letter_by_letter(tmp_path: Path) -> None:
    """Templates in them are the receiver's, not Helm's; the shipped ones load from the mounted folder."""
    shipped = {file.name: file.read_text() for file in (ROOT / "rules").glob("*.yaml")}
    own = RULE + '    target: {kind: Deployment, namespace: "{{ $labels.ns }}", name: web}\n'
    data = only(render({"rules": {**shipped, "own.yaml": own}}), "ConfigMap", "-rules")["data"]
    assert data == {**shipped, "own.yaml": own}
    for name, text in data.items():
        (tmp_path / name).write_text(text)
    assert len(load_rules([tmp_path]).rules) == len(load_rules([ROOT / "rules"]).rules) + 1


def test_file_can_be_given_on_the_command_line() -> None:
    """As the README has it."""
    rules = ROOT / "rules" / "http-errors.yaml"
    objects = render({}, f"--set-file=rules.http-errors\\.yaml={rules}")
    assert only(objects, "ConfigMap", "-rules")["data"] == {"http-errors.yaml": rules.read_text()}


def test_package_holds_all_that_the_checkout_does(tmp_path: Path) -> None:
    """The definition among it, which is a link in the checkout."""
    assert run(HELM3, "package", CHART, f"--destination={tmp_path}").returncode == 0
    (package,) = tmp_path.iterdir()
    done = run(HELM3, "template", RELEASE, package, f"--namespace={NAMESPACE}", values=CHOSEN["everything"])
    assert [one for one in yaml.safe_load_all(done.stdout) if one] == render(CHOSEN["everything"])


def test_versions_are_the_receivers() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert {chart["version"], chart["appVersion"]} == {__version__}


def test_rules_change_without_a_restart_and_settings_with_one() -> None:
    """A folder is mounted, never a single file, which would not be seen to change."""

    def pod(**values: object) -> Object:
        return receiver_pod(render({"rules": {"http.yaml": RULE}, **values}))

    assert pod() == pod(rules={"http.yaml": RULE + "    mode: approve\n"})
    assert pod()["metadata"] != pod(config={"mode": "approve"})["metadata"]
    (container,) = pod()["spec"]["containers"]
    assert not [mount for mount in container["volumeMounts"] if "subPath" in mount]


def test_namespaced_installation_has_no_cluster_role() -> None:
    objects = render(CHOSEN["three namespaces"])
    assert of_kind(objects, "ClusterRole", "ClusterRoleBinding") == []
    places = [role["metadata"].get("namespace", NAMESPACE) for role in of_kind(objects, "RoleBinding")]
    assert sorted(places) == ["blog", "pay", NAMESPACE, "shop"]


def test_bindings_are_the_receivers_account_alone() -> None:
    for chosen in ("defaults", "everything", "three namespaces"):
        objects = render(CHOSEN[chosen])
        account = {
            "kind": "ServiceAccount",
            "name": only(objects, "ServiceAccount")["metadata"]["name"],
            "namespace": NAMESPACE,
        }
        bindings = of_kind(objects, "RoleBinding", "ClusterRoleBinding")
        assert [binding["subjects"] for binding in bindings] == [[account]] * len(bindings)
        assert receiver_pod(objects)["spec"]["serviceAccountName"] == account["name"]
        assert only(objects, "Pod")["spec"]["serviceAccountName"] == account["name"]


def test_release_of_any_name_leaves_the_ledger_alone() -> None:
    """Its ConfigMap is called rollback-receiver, and is the receivers', not Helm's."""
    done = run(HELM3, "template", "rollback-receiver", CHART)
    names = [one["metadata"]["name"] for one in yaml.safe_load_all(done.stdout) if one["kind"] == "ConfigMap"]
    assert names == ["rollback-receiver-config", "rollback-receiver-rules"]


def test_definition_is_the_receivers_own_and_is_kept() -> None:
    """The record's definition stands once, and goes with no release: the records would go with it."""
    found = only(render({}), "CustomResourceDefinition")
    own = yaml.safe_load((ROOT / "receiver" / "cluster" / "crd.yaml").read_text())
    assert found["spec"] == own["spec"]
    assert found["metadata"]["name"] == own["metadata"]["name"]
    assert found["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_monitoring_is_what_stands_in_the_files() -> None:
    """Letter by letter: the templates in it are Prometheus' and Grafana's, not Helm's."""
    objects = render(CHOSEN["everything"])
    files = CHART / "files"
    assert only(objects, "PrometheusRule")["spec"] == yaml.safe_load((files / "alerts.yaml").read_text())
    (dashboard,) = only(objects, "ConfigMap", "-dashboard")["data"].values()
    assert json.loads(dashboard) == json.loads((files / "dashboard.json").read_text())


def test_prometheus_scrapes_the_receivers() -> None:
    """By the Service's labels and port."""
    objects = render({"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}})
    monitor, service = only(objects, "ServiceMonitor"), only(objects, "Service")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint == {"port": service["spec"]["ports"][0]["name"], "path": "/metrics"}


def test_settings_that_the_chart_makes_are_all_that_values_leave_out() -> None:
    """The schema knows every other setting; a new one has to be added to it."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    own = {"listen", "rules", "namespace", "namespaces", "kubeconfig", "context"}
    own |= {"webhook_token_file", "review_token_file"}
    own |= {"tls_cert_file", "tls_key_file", "tls_client_ca_file"}
    known = schema["properties"]["config"]["properties"].keys()
    assert known == set(Settings.file_keys()) - own
