"""The name of a workload as people type it, and how the commands about one end where nothing can be asked."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from receiver.cli.main import main
from receiver.cli.workloads import parse_workload
from receiver.policy.workload import WorkloadRef
from tests.kubernetes.stub import kubeconfig, nobody_there


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
    with nobody_there() as url:
        flag = f"--kubeconfig={kubeconfig(tmp_path, url)}"
        assert CliRunner().invoke(main, [command, "pod/web", flag]).exit_code == 2
        assert CliRunner().invoke(main, [command, flag]).exit_code == 2
        unreachable = CliRunner().invoke(main, [command, "deploy/web", flag])
    assert unreachable.exit_code == 3
    assert "cannot reach the cluster" in unreachable.output
