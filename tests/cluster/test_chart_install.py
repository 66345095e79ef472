"""The chart on a real control plane, by Helm 3 and Helm 4: what it makes, changes and leaves behind.

The pods are made by the real controllers, in a namespace that enforces the standard `restricted`. The nodes
are simulated: they run no image.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.contracts import RECORD_SPEC, Cluster
from tests.cluster.releases import NAME, VALUES, Release, made
from tests.helm.charts import CHART, HELM3, RULE, Object, helm4, render, run
from tests.helm.matrix import CHOSEN
from tests.testbed import workloads
from tests.testbed.controlplane import ControlPlane
from tests.testbed.plane import Plane
from tests.testbed.processes import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]
CRD = "customresourcedefinition.apiextensions.k8s.io/rollbacks.rollback-receiver.dev"
CRD_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/rollbacks.rollback-receiver.dev"


@pytest.fixture(scope="module")
def own_plane() -> Iterator[Plane]:
    """A control plane without the record's definition, with a node for each receiver."""
    with ControlPlane(nodes=2) as plane:
        yield plane


@pytest.fixture(params=["Helm 3", "Helm 4"])
def release(request: pytest.FixtureRequest, own_plane: Plane) -> Iterator[Release]:
    """A release that is not installed yet, where pods must be as `restricted` wants them."""
    namespace = workloads.create_namespace(own_plane, "home")
    label = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    own_plane.request("PATCH", f"/api/v1/namespaces/{namespace}", label, "application/merge-patch+json")
    inhabited = Cluster(own_plane, namespace)
    inhabited.core("serviceaccounts").wait_for("default", "made", bool)
    inhabited.config_maps.wait_for("kube-root-ca.crt", "made", bool)
    found = Release(own_plane, HELM3 if request.param == "Helm 3" else helm4(), namespace)
    yield found
    found.attempt("uninstall", NAME, "--wait")
    workloads.delete_namespace(own_plane, namespace)
    own_plane.kubectl("delete", CRD, "--ignore-not-found")


def test_installed_receivers_are_admitted_and_ready_on_nodes_of_their_own(release: Release) -> None:
    """By the real admission of the standard `restricted`; `helm test`'s pod is admitted as well."""
    release.install()
    pods = release.pods()
    assert len({pod["spec"]["nodeName"] for pod in pods.values()}) == 2
    assert {pod["spec"]["serviceAccountName"] for pod in pods.values()} == {NAME}
    hooks = release.do("get", "hooks", NAME)
    (test,) = [one for one in yaml.safe_load_all(hooks) if one]
    tried = release.plane.kubectl(
        *("create", "--dry-run=server", "-f", "-", f"--namespace={release.namespace}"), stdin=json.dumps(test)
    )
    assert "created (server dry run)" in tried.stdout


def test_namespace_would_refuse_pods_that_may_do_more(release: Release) -> None:
    """So that what it admits means something."""
    release.install()
    pod = next(iter(release.pods().values()))
    spec = {**pod["spec"], "securityContext": {"runAsUser": 0}, "hostNetwork": True}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "root"}, "spec": spec}
    tried = release.plane.kubectl(
        *("create", "--dry-run=server", "-f", "-", f"--namespace={release.namespace}"),
        stdin=json.dumps(body),
        check=False,
    )
    assert 'violates PodSecurity "restricted' in tried.stderr


def test_install_and_uninstall_leave_what_they_should(release: Release) -> None:
    """The records, what receivers keep of budgets, and the definition; nothing else is there that was not."""
    before = release.objects()
    release.install()
    wanted = made(release)
    secrets = {f"secret/sh.helm.release.v1.{NAME}.v1"}
    assert release.objects() - before == wanted | secrets
    record = release.record()
    release.do("uninstall", NAME, "--wait")
    wait_until("the pods are gone", lambda: not release.pods(), seconds=30)
    assert release.objects() - before == {CRD, record, f"configmap/{NAME}"}
    assert before <= release.objects()

    release.install()
    assert release.get("rollbacks", "web-1")["spec"] == RECORD_SPEC
    assert len(release.pods()) == 2


def test_records_go_where_that_is_asked_for(release: Release) -> None:
    """With the definition; what receivers keep of budgets is theirs, and stays."""
    before = release.objects()
    release.install()
    release.record()
    release.upgrade(crd={"keep": False})
    release.do("uninstall", NAME, "--wait")
    left = {f"configmap/{NAME}"}
    wait_until("all else is gone", lambda: release.objects() - before == left, seconds=30)


def test_rules_are_upgraded_without_a_restart_and_settings_with_one(release: Release) -> None:
    """`helm rollback` brings both back; the record outlives all of it."""
    release.install()
    record = release.record()
    pods = set(release.pods())
    rules = {"http.yaml": RULE + "    mode: approve\n"}
    release.upgrade(rules=rules)
    assert release.get("configmap", f"{NAME}-rules")["data"] == rules
    assert set(release.pods()) == pods
    release.upgrade(rules=rules, config={"mode": "approve"})
    wait_until("other pods", lambda: not pods & set(release.pods()), seconds=30)
    assert len(release.pods()) == 2
    release.do("rollback", NAME, "1", "--wait", "--timeout=60s")
    assert release.get("configmap", f"{NAME}-rules")["data"] == VALUES["rules"]
    assert "mode: auto" in release.get("configmap", f"{NAME}-config")["data"]["config.yaml"]
    assert record in release.objects()


def test_upgrade_brings_the_definition_up_to_date(release: Release) -> None:
    """An older release's, which lacked a column and a field, and the records of it stay."""
    release.install()
    record = release.record()
    older = release.plane.request("GET", CRD_PATH)
    whole = older["spec"]["versions"][0]
    assert whole["additionalPrinterColumns"].pop()["name"] == "Message"
    del whole["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]["aftermath"]
    own = {"apiVersion": older["apiVersion"], "kind": older["kind"], "spec": older["spec"]}
    metadata = {key: older["metadata"][key] for key in ("name", "labels", "annotations")}
    chart = older_chart(release, {**own, "metadata": metadata})
    release.do("upgrade", NAME, str(chart), "--wait", values=VALUES)
    assert "aftermath" not in status_of(release)
    release.upgrade()
    assert "aftermath" in status_of(release)
    assert record in release.objects()


def older_chart(release: Release, definition: Object) -> Path:
    """Copy the chart as an older version, with this definition."""
    folder = release.plane.folder / f"older-{release.namespace}"
    for file in CHART.rglob("*"):
        if file.is_file():
            copy = folder / file.relative_to(CHART)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(file.read_text())
    (folder / "templates" / "crd.yaml").write_text(yaml.safe_dump(definition))
    return folder


def status_of(release: Release) -> Object:
    """Return the fields that the served definition knows of a status."""
    (version,) = release.plane.request("GET", CRD_PATH)["spec"]["versions"]
    found: Object = version["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]
    return found


def test_definition_is_left_to_others_where_they_have_it(release: Release) -> None:
    """A second release does without, and neither makes it nor takes it."""
    release.install()
    second = Release(release.plane, release.helm, workloads.create_namespace(release.plane, "home"))
    refused = second.attempt("install", NAME, str(CHART), values=VALUES)
    assert refused.returncode != 0
    assert "rollbacks.rollback-receiver.dev" in refused.stderr
    second.attempt("uninstall", NAME)
    second.install(crd={"install": False})
    second.do("uninstall", NAME, "--wait")
    assert CRD in release.objects()
    workloads.delete_namespace(release.plane, second.namespace)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param(
            {"config": {"mode": "auto"}, "rules": {}}, "set rules or existingRulesConfigMap", id="auto"
        ),
        pytest.param(
            {"reviewToken": {"existingSecret": ""}}, "set reviewToken.existingSecret", id="open page"
        ),
        pytest.param({"replicaCount": 2}, "replicaCount", id="unknown key"),
    ],
)
def test_senseless_installation_fails_and_leaves_nothing(
    release: Release, values: dict[str, Any], said: str
) -> None:
    before = release.objects()
    failed = release.attempt("install", NAME, str(CHART), values=VALUES | values)
    assert failed.returncode != 0
    assert said in failed.stderr
    assert release.objects() == before


def test_notes_say_what_is_missing(release: Release) -> None:
    """And where alerts are to be sent; nothing where nothing is missing."""
    try_out = ("install", NAME, str(CHART), "--dry-run=server")
    told = release.do(*try_out, values={}).partition("NOTES:")[2]
    assert f"http://{NAME}.{release.namespace}.svc:8080/alerts" in told
    for words in ("records what it would do", "has no rules yet", "set webhookToken.existingSecret"):
        assert words in told
    told = release.do(*try_out, values=VALUES).partition("NOTES:")[2]
    assert "set " not in told
    assert "Its mode" not in told


@pytest.mark.parametrize("chosen", CHOSEN)
@pytest.mark.parametrize("version", ["1.29.0", "1.37.0"])
def test_both_helms_make_the_same_objects(chosen: str, version: str) -> None:
    """What is proved of one is proved of the other; and lint finds nothing."""
    kubernetes, values = f"--kube-version={version}", CHOSEN[chosen]
    done = run(helm4(), "lint", "--strict", CHART, kubernetes, values=values)
    assert done.returncode == 0, done.stdout + done.stderr
    assert render(values, kubernetes, helm=helm4()) == render(values, kubernetes)
