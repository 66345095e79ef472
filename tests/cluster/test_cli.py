"""The commands that people type: what they print, what they leave alone, how they end."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

from tests.cluster import scenes
from tests.cluster.hostile import HOSTILE
from tests.cluster.proxy import Proxy
from tests.cluster.receivers import payload
from tests.cluster.scenes import BAD, GOOD, Deploy, Object, Start, bad_release
from tests.cluster.stories import Story, run
from tests.testbed.plane import Plane
from tests.testbed.processes import free_port

USER = "receiver-4"
"""Whom the commands are; no receiver of these tests is."""
Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def command(story: Story) -> Command:
    """Run a command on the test's namespaces."""
    flags = (f"--kubeconfig={story.plane.kubeconfig_for(USER)}", f"--namespace={story.home}")
    return lambda name, *words, **options: run(name, *flags, *words, **options)


@pytest.fixture
def record(story: Story, deploy: Deploy, release: Deploy, receiver: Start) -> Object:
    """The record of a rollback of web that is being verified, beside one that found no target."""
    bad_release(deploy, release)
    running = receiver(scenes.rules())
    hostile = {f"label_{number}": value for number, value in enumerate(HOSTILE.values())}
    story.tell(running, story.firing(HOSTILE["terminal"], **hostile))
    (name,) = story.tell(running, story.firing(**hostile))
    return story.wait_for(name, "Verifying")


def said(done: CompletedProcess[str]) -> str:
    """Return what a command that went well has printed, nothing of which moves a terminal's cursor."""
    assert (done.returncode, done.stderr) == (0, "")
    assert all(char.isprintable() or char == "\n" for char in done.stdout)
    return done.stdout


def test_list_and_show_print_records_as_tables_json_and_yaml(
    story: Story, record: Object, command: Command
) -> None:
    """All of them, or those that are asked for, the newest first."""
    name, path = record["metadata"]["name"], f"Deployment/{story.namespace}/web"
    header, first, second = said(command("list")).splitlines()
    assert header.split() == ["NAME", "TARGET", "RULE", "PHASE", "FROM", "TO", "AGE"]
    cells = {line.split()[0]: line.split()[1:6] for line in (first, second)}
    assert cells[name] == [path, "bad-release", "Verifying", "2", "1"]
    assert cells["bad-release-target-invalid-name"][2] == "Refused"
    for narrow in (f"--target={path}", f"--target={path.lower()}", "--phase=Verifying"):
        items = json.loads(said(command("list", "-o", "json", narrow)))["items"]
        assert [item["metadata"]["name"] for item in items] == [name]
    assert said(command("list", "--since=0s")) == f"No rollbacks found in namespace {story.home}.\n"
    assert len(yaml.safe_load(said(command("list", "-o", "yaml", "--since=1h")))["items"]) == 2

    shown = json.loads(said(command("show", name, "-o", "json")))
    assert shown["spec"] == record["spec"]
    assert yaml.safe_load(said(command("show", name, "-o", "yaml")))["spec"] == record["spec"]
    story_told = said(command("show", name))
    for words in ("Verifying", "2 (app=x/web:2)", "1 (app=x/web:1)", "flip_flop", "+  - image: x/web:1"):
        assert words in story_told
    assert "BLOCK" in said(command("show", "bad-release-target-invalid-name"))


def test_show_of_what_is_not_there_is_a_no(command: Command) -> None:
    done = command("show", "\x1b[2Jnone")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no rollback" in done.stderr
    assert "\x1b" not in done.stderr


def test_explain_judges_and_changes_nothing(
    story: Story, deploy: Deploy, release: Deploy, command: Command, tmp_path: Path
) -> None:
    """It says what every guard would; in the audit log its user has only read."""
    bad_release(deploy, release)
    rules, message = tmp_path / "rules.yaml", tmp_path / "message.json"
    rules.write_text(scenes.rules({}, {"name": "other", "matchers": ['alertname="Other"']}))
    message.write_text(json.dumps(payload(story.firing())))
    words = {"alertname": "HighErrorRate", "namespace": story.namespace, "deployment": "web"}
    labels = [f"--label={name}={value}" for name, value in words.items()]

    told = said(command("explain", f"--rules={rules}", "--mode=auto", *labels))
    assert f"Would now roll Deployment {story.namespace}/web back from revision 2 to revision 1." in told
    assert "rule bad-release (mode auto): Pending" in told
    assert "budget" in told
    assert """alertname="Other" NO: alertname is 'HighErrorRate'""" in told
    assert f"target: Deployment {story.namespace}/web" in told
    narrow = said(command("explain", f"--rules={rules}", "--mode=auto", *labels, COLUMNS="80"))
    assert max(map(len, narrow.splitlines())) <= 80
    told = said(command("explain", f"--rules={rules}", f"--payload={message}"))
    assert "rule bad-release (mode dry-run): DryRun" in told
    told = said(command("explain", f"--rules={rules}", "--label=alertname=Unknown"))
    assert "No rule in force matches" in told

    assert said(command("pause", "--reason=a\x1b[2J game day"))
    told = said(command("explain", f"--rules={rules}", "--mode=auto", *labels))
    assert "paused" in next(line for line in told.splitlines() if "BLOCK" in line)
    assert said(command("resume")) == f"resumed in namespace {story.home}\n"
    assert said(command("resume")) == f"not paused in namespace {story.home}\n"

    scenes.flush_audit(story.plane)
    asked = story.plane.audit.requests(user=USER, namespace=story.namespace)
    assert {entry.verb for entry in asked} == {"get", "list"}
    written = {
        e.resource
        for e in story.plane.audit.requests(user=USER, namespace=story.home)
        if e.verb not in {"get", "list"}
    }
    assert written == {"configmaps"}
    assert scenes.records(story.plane, story.home) == []
    assert story.image() == BAD


def test_crd_is_what_kubectl_takes_and_its_spec_does_not_change(
    story: Story, record: Object, plane: Plane
) -> None:
    """`crd | kubectl apply -f -` may be said again and again; kubectl shows the columns."""
    printed = said(run("crd"))
    for _ in range(2):
        applied = plane.kubectl("apply", "-f", "-", stdin=printed)
        assert (
            "customresourcedefinition.apiextensions.k8s.io/rollbacks.rollback-receiver.dev" in applied.stdout
        )
    name = record["metadata"]["name"]
    header, row = plane.kubectl("-n", story.home, "get", "rb", name).stdout.splitlines()
    assert header.split() == ["NAME", "TARGET", "RULE", "PHASE", "FROM", "TO", "AGE"]
    assert row.split()[1:6] == [f"Deployment/{story.namespace}/web", "bad-release", "Verifying", "2", "1"]
    change = '{"spec": {"rule": "another"}}'
    refused = plane.kubectl("-n", story.home, "patch", "rb", name, "--type=merge", "-p", change, check=False)
    assert refused.returncode != 0
    assert "spec is immutable" in refused.stderr
    verifying = plane.kubectl(
        "-n", story.home, "get", "rb", "--field-selector=status.phase=Verifying", "-o", "name"
    )
    assert verifying.stdout.split() == [f"rollback.rollback-receiver.dev/{name}"]
    assert story.image() == GOOD


@pytest.mark.real_only("the cluster is not asked")
def test_a_command_that_cannot_be_understood_ends_with_2(command: Command, tmp_path: Path) -> None:
    """Before anything is asked of the cluster."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(scenes.rules())
    for words in (
        ["list", "--phase=Nope"],
        ["list", "--target=web"],
        ["list", "--target=Pod/shop/web"],
        ["list", "--since=yesterday"],
        ["list", "--nope"],
        ["show"],
        ["explain", f"--rules={rules}"],
        ["explain", f"--rules={rules}", "--label=alertname"],
        ["explain", f"--rules={rules}", "--label=a=b", "--mode=sometimes"],
        ["list", f"--config={tmp_path / 'none.yaml'}"],
    ):
        done = command(*words)
        assert (words, done.returncode, done.stdout) == (words, 2, "")
        assert done.stderr


@pytest.mark.real_only("the cluster is not asked")
def test_a_cluster_that_is_not_there_ends_a_command_with_3(story: Story, tmp_path: Path) -> None:
    """Nothing listens at the API server's address."""
    config = json.loads(story.plane.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{free_port()}"
    kubeconfig, rules = tmp_path / "kubeconfig", tmp_path / "rules.yaml"
    kubeconfig.write_text(json.dumps(config))
    rules.write_text(scenes.rules())
    labels = ["--label=alertname=HighErrorRate", "--label=namespace=shop", "--label=deployment=web"]
    for words in (["list"], ["show", "web"], ["pause"], ["resume"], ["explain", f"--rules={rules}", *labels]):
        done = run(*words, f"--kubeconfig={kubeconfig}")
        assert (words, done.returncode, done.stdout) == (words, 3, "")
        assert done.stderr.startswith("cannot reach the cluster: ")
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.real_only("the sandbox knows no rights")
def test_what_a_person_may_not_do_is_a_no(story: Story, proxy: Proxy) -> None:
    """The cluster was reached, and refused."""
    proxy.headers["Impersonate-User"] = "nobody-in-particular"
    for words in (["list"], ["show", "web"], ["pause"]):
        done = run(*words, *proxy.flags, f"--namespace={story.home}")
        assert (words, done.returncode, done.stdout) == (words, 1, "")
        assert done.stderr.startswith("the cluster refuses: ")
        assert "nobody-in-particular" in done.stderr


@pytest.mark.real_only("the cluster is not asked")
def test_rules_that_are_broken_are_a_no(command: Command, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n  - name: x\n")
    for done in (run("check", rules), command("explain", f"--rules={rules}", "--label=a=b")):
        assert done.returncode == 1
        assert f"{rules}:2: rule x: " in done.stderr
