"""`doctor`: a line for each thing that a receiver works with, ok or what to do."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.cluster import scenes
from tests.cluster.proxy import Proxy
from tests.cluster.stories import Story, run
from tests.cluster.test_rights import Rights
from tests.testbed.alertmanager import Alertmanager
from tests.testbed.processes import free_port
from tests.web.certificates import Party

Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def doctor(story: Story, tmp_path: Path) -> Command:
    """Look at the test's installation."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(scenes.rules())
    where = (f"--kubeconfig={story.plane.kubeconfig_for('receiver-4')}", f"--namespace={story.home}")
    return lambda *words: run("doctor", *where, f"--rules={rules}", *words)


def found(done: CompletedProcess[str]) -> dict[str, tuple[str, str]]:
    """Return what is said of each thing: ok, FAULT or -, and the words."""
    assert done.stderr == ""
    rows = [line.split(maxsplit=1) for line in done.stdout.splitlines()[1:]]
    return {row[1].split("   ")[0]: (row[0], row[1].partition("   ")[2].strip()) for row in rows}


def test_sound_installation_is_ok_in_every_line(doctor: Command) -> None:
    """What is not set is no fault."""
    done = doctor()
    assert done.returncode == 0, done.stdout
    told = found(done)
    assert list(told) == [
        *("rules", "API server", "CRD", "namespace", "rights", "ledger"),
        *("Alertmanager", "Prometheus", "notifications", "webhook token", "review token"),
    ]
    assert "Kubernetes v" in told["API server"][1]
    assert told["rules"] == ("ok", "1 in force")
    assert told["CRD"] == ("ok", "rollbacks.rollback-receiver.dev, established, as this version has it")
    assert {what for what, (word, _) in told.items() if word == "-"} >= {"Alertmanager", "Prometheus"}


@pytest.mark.real_only("it is about files")
def test_a_certificate_is_tried(doctor: Command, tmp_path: Path) -> None:
    """Where one is set."""
    files = Party(tmp_path).files
    flags = (f"--tls-cert-file={files.cert}", f"--tls-key-file={files.key}")
    assert found(doctor(*flags))["TLS"] == ("ok", str(files.cert))
    files.key.unlink()
    done = doctor(*flags)
    assert (done.returncode, found(done)["TLS"][0]) == (1, "FAULT")
    assert "No such file or directory" in done.stdout


def test_everything_that_is_wrong_is_said_at_once(story: Story, doctor: Command, tmp_path: Path) -> None:
    """No fault hides the next one."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("rules: 5\n")
    nobody = f"http://127.0.0.1:{free_port()}"
    run("pause", f"--kubeconfig={story.plane.kubeconfig_for('receiver-4')}", f"--namespace={story.home}")
    done = doctor(
        *(f"--rules={broken}", f"--alertmanager-url={nobody}", f"--prometheus-url={nobody}"),
        *(f"--webhook-token-file={tmp_path / 'none'}", f"--review-token-file={tmp_path}"),
    )
    assert done.returncode == 1
    lines = [line for line in done.stdout.splitlines() if line.startswith("FAULT")]
    words = ("rules", "ledger", "Alertmanager", "Prometheus", "webhook token", "review token")
    assert [any(f"   {word}   " in line for line in lines) for word in words] == [True] * 6
    assert "rollback-receiver resume" in done.stdout


def test_namespace_that_is_not_there_is_named(story: Story) -> None:
    """With the command that makes it; an API server that does not answer ends the look at the cluster."""
    config = f"--kubeconfig={story.plane.kubeconfig}"
    done = run("doctor", config, "--namespace=nowhere-at-all")
    assert done.returncode == 1
    assert found(done)["namespace"] == (
        "FAULT",
        "nowhere-at-all is not there: kubectl create namespace nowhere-at-all",
    )


def test_api_server_that_does_not_answer_is_a_fault(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    server = f"http://127.0.0.1:{free_port()}"
    kubeconfig.write_text(
        f"{{clusters: [{{name: a, cluster: {{server: '{server}'}}}}], contexts: [{{name: a, context:"
        " {cluster: a, user: a}}], current-context: a, users: [{name: a, user: {}}]}"
    )
    done = run("doctor", f"--kubeconfig={kubeconfig}")
    assert done.returncode == 3
    assert found(done)["API server"][0] == "FAULT"
    assert "no connection: Connection refused" in " ".join(done.stdout.split())
    assert "CRD" not in found(done)


@pytest.mark.real_only("the sandbox knows no rights")
def test_missing_right_is_named(story: Story, doctor: Command, proxy: Proxy) -> None:
    """As the receiver's own account, whose right to read CRDs is not needed."""
    rights = Rights(story.plane, f"restricted-{story.home}")
    proxy.headers["Impersonate-User"] = rights.user
    try:
        sound = doctor(*proxy.flags)
        assert sound.returncode == 0
        assert "its schema was not compared" in found(sound)["CRD"][1]
        rights.deny(("apps", "deployments", "patch"))
        lacking = doctor(*proxy.flags)
    finally:
        rights.remove()
    assert lacking.returncode == 1
    assert found(lacking)["rights"] == (
        "FAULT",
        "not allowed to patch deployments.apps in all namespaces: grant it (docs/security.md, Rights)",
    )


@pytest.mark.real_only("a real Alertmanager is as slow to start on either")
@pytest.mark.parametrize(
    ("webhook", "status", "said"),
    [
        pytest.param({}, 0, "to receiver webhook, resolved alerts too", id="right"),
        pytest.param({"send_resolved": False}, 1, "has send_resolved: false", id="without resolved alerts"),
    ],
)
def test_real_alertmanagers_route_is_looked_at(
    doctor: Command, webhook: dict[str, bool], status: int, said: str
) -> None:
    with Alertmanager("http://127.0.0.1:8080/alerts", webhook_config=webhook) as alertmanager:
        done = doctor(f"--alertmanager-url={alertmanager.url}")
    assert done.returncode == status
    assert said in found(done)["route"][1]
