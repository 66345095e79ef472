"""The name of a workload as people type it, and how the commands about one end where nothing can be asked."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from receiver.app import Cluster
from receiver.cli.main import main
from receiver.cli.workloads import _home, parse_workload
from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError, Forbidden, Unavailable
from receiver.policy.workload import WorkloadRef
from tests.kubernetes.fake import FakeApi
from tests.testbed.processes import free_port


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["deployment/web"], "Deployment"),
        (["deployments/web"], "Deployment"),
        (["deploy/web"], "Deployment"),
        (["Deployment", "web"], "Deployment"),
        (["deployments.apps/web"], "Deployment"),
        (["deployment.v1.apps", "web"], "Deployment"),
        (["sts/web"], "StatefulSet"),
        (["statefulsets", "web"], "StatefulSet"),
        (["ds/web"], "DaemonSet"),
        (["daemonset", "web"], "DaemonSet"),
        (["rollout/web"], "Rollout"),
        (["rollouts.argoproj.io/web"], "Rollout"),
    ],
    ids=" ".join,
)
def test_kinds_have_kubectls_words(words: list[str], kind: str) -> None:
    assert parse_workload(words, "shop") == WorkloadRef(kind, "shop", "web")


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["web"], "write KIND/NAME"),
        (["deploy/"], "write KIND/NAME"),
        (["deploy/a/b"], "write KIND/NAME"),
        (["deploy", "a", "b"], "write KIND/NAME"),
        (["deploy/a", "b"], "write KIND/NAME"),
        (["pod/web"], "known are daemonset, deployment, rollout, statefulset"),
        (["\x1b[2J/web"], r"'\x1b[2J' cannot be rolled back"),
    ],
    ids=ascii,
)
def test_what_is_no_workload_is_refused(words: list[str], fault: str) -> None:
    with pytest.raises(click.BadParameter) as refusal:
        parse_workload(words, "shop")
    assert fault in str(refusal.value)
    assert "\x1b" not in str(refusal.value)


@pytest.mark.parametrize("command", ["undo", "history"])
def test_usage_is_2_and_an_unreachable_cluster_3(command: str, tmp_path: Path) -> None:
    """For scripts, as for every command."""
    cluster = {"name": "a", "cluster": {"server": f"http://127.0.0.1:{free_port()}"}}
    context = {"name": "a", "context": {"cluster": "a", "user": "a"}}
    kubeconfig = tmp_path / "kubeconfig"
    known = {"clusters": [cluster], "contexts": [context], "users": [{"name": "a", "user": {}}]}
    kubeconfig.write_text(json.dumps({**known, "current-context": "a"}))
    flag = f"--kubeconfig={kubeconfig}"
    assert CliRunner().invoke(main, [command, "pod/web", flag]).exit_code == 2
    assert CliRunner().invoke(main, [command, flag]).exit_code == 2
    unreachable = CliRunner().invoke(main, [command, "deploy/web", flag])
    assert unreachable.exit_code == 3
    assert "cannot reach the cluster" in unreachable.output


RECORDS = "/apis/rollback-receiver.dev/v1alpha1/rollbacks"
LEDGERS = "/api/v1/configmaps"


@pytest.mark.parametrize(
    ("records", "ledgers", "home"),
    [
        pytest.param([], [], "default", id="nowhere yet, so as every command"),
        pytest.param(["rollbacks"], [], "rollbacks", id="where the records are"),
        pytest.param([], ["rollbacks"], "rollbacks", id="where only the kill switch is"),
        pytest.param(["rollbacks", "default"], ["rollbacks"], "default", id="the context's own, if one"),
        pytest.param(Forbidden("no"), ["rollbacks"], "rollbacks", id="as far as one may look"),
    ],
)
def test_records_are_looked_for_where_nobody_says_where_they_live(
    records: list[str] | ClusterError, ledgers: list[str], home: str
) -> None:
    """A kill switch in another namespace must not be missed."""
    assert _home(Cluster(Homes(records, ledgers), "default")) == home


def test_several_homes_have_to_be_chosen_from(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.exceptions.Exit) as ended:
        _home(Cluster(Homes(["b", "a"], []), "default"))
    assert ended.value.exit_code == 2
    assert "(a, b): choose with --records-namespace" in capsys.readouterr().err


def test_api_server_that_does_not_answer_is_no_home() -> None:
    with pytest.raises(Unavailable):
        _home(Cluster(Homes(Unavailable("no answer"), []), "default"))


class Homes(FakeApi):
    """A cluster with records and ledgers in these namespaces."""

    def __init__(self, records: list[str] | ClusterError, ledgers: list[str]) -> None:
        super().__init__()
        self.found = {RECORDS: records, LEDGERS: ledgers}

    def call(self, method: str, url_path: str, **_: Any) -> Object:
        assert method == "GET"
        namespaces = self.found[url_path]
        if isinstance(namespaces, ClusterError):
            raise namespaces
        return {"items": [{"metadata": {"namespace": name}} for name in namespaces], "metadata": {}}
