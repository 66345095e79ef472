"""`history`: the revisions of a workload as kubectl lists them, and what a rollback would think of each."""

import json
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest
import yaml

from tests.cluster.scenes import BAD, GOOD, Deploy
from tests.cluster.stories import Story, run

Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def history(story: Story) -> Command:
    """List revisions in the test's namespaces."""
    flags = (
        f"--kubeconfig={story.plane.kubeconfig_for('receiver-4')}",
        f"--namespace={story.namespace}",
        f"--records-namespace={story.home}",
    )
    return lambda *words, **variables: run("history", *words, *flags, **variables)


@pytest.fixture
def released(story: Story, deploy: Deploy, release: Deploy) -> None:
    """Deployment web was GOOD, and is BAD, with a cause and a variable."""
    deploy("web", GOOD)
    variable = {"name": "LEVEL", "value": "debug"}
    container = {"name": "app", "image": BAD, "env": [variable, {"name": "API_TOKEN", "value": "hunter2"}]}
    story.change(
        {
            "metadata": {"annotations": {"kubernetes.io/change-cause": "faster \x1b[2J tills"}},
            "spec": {"template": {"spec": {"containers": [container]}}},
        }
    )
    release("web", BAD)


def said(done: CompletedProcess[str]) -> str:
    assert (done.returncode, done.stderr) == (0, "")
    assert all(char.isprintable() or char == "\n" for char in done.stdout)
    return done.stdout


def test_revisions_are_listed_with_their_standing_and_what_they_changed(
    released: None, history: Command
) -> None:
    """In 80 columns, the oldest first as kubectl does, under any of kubectl's words for the kind."""
    told = said(history("deploy", "web", COLUMNS="80"))
    name, header, first, second, *_ = told.splitlines()
    assert name == "deployment.apps/web"
    assert header.split() == ["REVISION", "STATE", "AGE", "SOAK", "IMAGE", "CHANGE"]
    assert first.split()[:2] == ["1", "unproven"]
    assert second.split()[:2] == ["2", "live"]
    assert max(map(len, told.splitlines())) <= 80
    assert r"faster \x1b[2J" in told
    wide = said(history("deployments.apps/web"))
    assert "image ~app; env +API_TOKEN +LEVEL" in wide
    assert any(line.startswith("revision 1: only ") for line in wide.splitlines())


def test_one_revision_is_shown_whole_with_its_diff(released: None, history: Command) -> None:
    """As `kubectl rollout history --revision`; what sounds like a secret is masked."""
    told = said(history("deployment/web", "--revision=1"))
    assert told.startswith("deployment.apps/web with revision #1\n")
    assert f"- image: {GOOD}" in told
    assert "--- revision 2" in told
    assert "hunter2" not in told
    live = said(history("deployment/web", "--revision=2"))
    assert "--- " not in live
    missing = history("deployment/web", "--revision=9")
    assert (missing.returncode, missing.stderr) == (1, "unable to find the specified revision 9\n")


def test_what_was_rolled_back_from_is_known_bad(released: None, story: Story, history: Command) -> None:
    """And the restored one is live."""
    flags = (f"--kubeconfig={story.plane.kubeconfig_for('receiver-4')}", f"--records-namespace={story.home}")
    assert run("undo", "deploy/web", "--to=1", f"--namespace={story.namespace}", *flags).returncode == 0
    for form, parse in (("json", json.loads), ("yaml", yaml.safe_load)):
        told = parse(said(history("deploy/web", "-o", form)))
        assert told["target"] == f"Deployment/{story.namespace}/web"
        bad, live = told["revisions"]
        assert (bad["revision"], bad["live"], bad["standing"]) == (2, False, "bad")
        assert "rolled back from at" in bad["why"]
        assert (live["revision"], live["live"]) == (3, True)
    (only,) = json.loads(said(history("deploy/web", "--revision=2", "-o", "json")))["revisions"]
    assert only["template"]["spec"]["containers"][0]["image"] == BAD
    assert "diff" in only


@pytest.mark.parametrize(
    ("words", "status", "fault"),
    [
        pytest.param(["deploy/gone"], 1, "does not exist", id="no such workload"),
        pytest.param(["pod/web"], 2, "known are ", id="a kind without revisions"),
        pytest.param(["web"], 2, "write KIND/NAME", id="no kind"),
        pytest.param(["deploy/web", "more"], 2, "write KIND/NAME", id="two names"),
        pytest.param(["deploy/\x1b[2J"], 1, "", id="a hostile name"),
    ],
)
def test_what_is_no_workload_is_a_no(history: Command, words: list[str], status: int, fault: str) -> None:
    done = history(*words)
    assert (done.returncode, done.stdout) == (status, "")
    assert fault in done.stderr
    assert "\x1b" not in done.stderr
