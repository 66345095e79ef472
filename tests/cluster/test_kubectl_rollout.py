"""`kubectl rollout` of Deployments, by the cases of kubectl's own test suite (apps.sh)."""

import json
import time

import pytest

from tests.cluster.kubectl import FIRST, SECOND, WARNING, Kubectl, manifest
from tests.testbed.processes import wait_until

WEB = "deployment/web"
HISTORY = r"jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision-history}"
DONE = 'deployment "web" successfully rolled out'


def status(kubectl: Kubectl, *words: str) -> list[str]:
    """Return the lines of `rollout status`, each only once in a row."""
    lines = kubectl.says("rollout", "status", WEB, "--timeout=20s", *words).splitlines()
    return [line for line, before in zip(lines, [None, *lines], strict=False) if line != before]


def new_replica_set(kubectl: Kubectl) -> str:
    """Return the name of the ReplicaSet that `describe` calls the new one."""
    printed = kubectl.says("describe", "deployment", "web")
    (line,) = (line for line in printed.splitlines() if line.startswith("NewReplicaSet:"))
    return line.split()[1]


@pytest.fixture
def two(kubectl: Kubectl) -> Kubectl:
    """A Deployment of which two revisions were rolled out."""
    kubectl.apply(FIRST)
    status(kubectl)
    kubectl.apply(SECOND)
    status(kubectl)
    return kubectl


def test_undo_to_the_revision_that_is_live_changes_nothing(kubectl: Kubectl) -> None:
    kubectl.says("create", "-f", "-", stdin=manifest(FIRST))
    status(kubectl)
    skipped = "deployment.apps/web skipped rollback (current template already matches revision 1)"
    assert kubectl.says("rollout", "undo", WEB, "--to-revision=1") == skipped
    assert kubectl.images("deploy") == [FIRST]


def test_undo_without_a_history_fails(kubectl: Kubectl) -> None:
    kubectl.says("create", "-f", "-", stdin=manifest(FIRST))
    status(kubectl)
    assert kubectl.fails("rollout", "undo", WEB) == 'error: no rollout history found for deployment "web"'


def test_undo_of_what_is_not_there_fails(kubectl: Kubectl) -> None:
    missing = 'Error from server (NotFound): deployments.apps "web" not found'
    assert kubectl.fails("rollout", "undo", WEB) == missing


def test_a_dry_run_of_undo_leaves_the_second_revision(two: Kubectl) -> None:
    printed = two.says("rollout", "undo", WEB, "--dry-run=client")
    assert printed.startswith("deployment.apps/web Pod Template:")
    assert f"Image:\t{FIRST}" in printed
    assert printed.endswith("(dry run)")
    done = "deployment.apps/web rolled back (server dry run)"
    assert two.says("rollout", "undo", WEB, "--dry-run=server") == done
    assert two.images("deploy") == [SECOND]


def test_undo_goes_back_and_forth(two: Kubectl) -> None:
    """To revision 1, not to one that is none, and with no revision named to the one before: the second."""
    done = "deployment.apps/web rolled back"
    assert two.says("rollout", "undo", WEB, "--to-revision=1") == done
    assert two.images("deploy") == [FIRST]
    status(two)
    for absent in (1000000, -1):
        said = two.fails("rollout", "undo", WEB, f"--to-revision={absent}")
        assert said == f"error: unable to find specified revision {absent} in history"
    assert two.images("deploy") == [FIRST]
    assert two.says("rollout", "undo", WEB) == done
    assert two.images("deploy") == [SECOND]
    status(two)
    assert two.says("rollout", "undo", WEB) == done
    status(two)
    assert two.says("get", "rs", new_replica_set(two), "-o", HISTORY) == "1,3"


def test_undo_warns_of_what_was_applied_and_drops_what_the_old_revision_lacks(two: Kubectl) -> None:
    """What kubectl applied last stays; an annotation that the ReplicaSet never had is lost."""
    two.says("rollout", "pause", WEB)
    two.says("annotate", WEB, "late=yes")
    done = two.plane.kubectl("-n", two.namespace, "rollout", "undo", WEB, "--to-revision=1", check=False)
    assert WARNING in done.stderr
    assert done.returncode == 1
    two.says("rollout", "resume", WEB)
    two.says("rollout", "undo", WEB, "--to-revision=1")
    kept = json.loads(two.says("get", WEB, "-o", "json"))["metadata"]["annotations"]
    assert "late" not in kept
    assert SECOND in kept["kubectl.kubernetes.io/last-applied-configuration"]


def test_a_paused_deployment_is_neither_undone_nor_restarted_until_it_is_resumed(two: Kubectl) -> None:
    assert two.says("rollout", "pause", WEB) == "deployment.apps/web paused"
    assert two.fails("rollout", "pause", WEB) == 'error: deployments.apps "web" is already paused'
    assert two.fails("rollout", "undo", WEB) == (
        "error: you cannot rollback a paused deployment; "
        "resume it first with 'kubectl rollout resume' and try again"
    )
    assert two.fails("rollout", "restart", WEB) == (
        'error: deployments.apps "web" can\'t restart paused deployment (run rollout resume first)'
    )
    assert two.says("rollout", "resume", WEB) == "deployment.apps/web resumed"
    assert two.fails("rollout", "resume", WEB) == 'error: deployments.apps "web" is not paused'
    assert two.says("rollout", "undo", WEB) == "deployment.apps/web rolled back"
    assert two.images("deploy") == [FIRST]


def test_history_lists_the_revisions_and_shows_one(two: Kubectl) -> None:
    two.says("annotate", WEB, "kubernetes.io/change-cause=a new image")
    cause = "jsonpath={.items[*].metadata.annotations.kubernetes\\.io/change-cause}"
    wait_until("the ReplicaSet has it", lambda: two.says("get", "rs", "-o", cause), seconds=20)
    listed = two.says("rollout", "history", WEB).splitlines()
    assert listed[0].strip() == "deployment.apps/web"
    assert [line.split(maxsplit=1) for line in listed[1:]] == [
        ["REVISION", "CHANGE-CAUSE"],
        ["1", "<none>"],
        ["2", "a new image"],
    ]
    for number, image in ((1, FIRST), (2, SECOND)):
        shown = two.says("rollout", "history", WEB, f"--revision={number}")
        assert shown.startswith(f"deployment.apps/web with revision #{number}\nPod Template:")
        assert f"Image:\t{image}" in shown
    missing = "error: unable to find the specified revision"
    assert two.fails("rollout", "history", WEB, "--revision=9") == missing


def test_status_tells_how_the_rollout_goes_on_and_when_it_is_done(kubectl: Kubectl) -> None:
    kubectl.apply(f"{FIRST}", replicas=2)
    status(kubectl)
    kubectl.apply("x/web:broken", replicas=2)
    assert kubectl.says("rollout", "status", WEB, "--watch=false") in {
        "Waiting for deployment spec update to be observed...",
        'Waiting for deployment "web" rollout to finish: 0 out of 2 new replicas have been updated...',
        'Waiting for deployment "web" rollout to finish: 1 out of 2 new replicas have been updated...',
    }
    kubectl.apply(SECOND, replicas=2)
    told = status(kubectl)
    assert told[-1] == DONE
    assert all(line.startswith(("Waiting for deployment", "deployment")) for line in told)
    assert status(kubectl) == [DONE]
    assert kubectl.says("rollout", "status", WEB, "--revision=3") == DONE
    superseded = "error: desired revision (1) is different from the running revision (3)"
    assert kubectl.fails("rollout", "status", WEB, "--revision=1") == superseded


def test_status_fails_past_the_deadline(kubectl: Kubectl) -> None:
    kubectl.apply("x/web:broken", replicas=1, progressDeadlineSeconds=1)
    done = kubectl.plane.kubectl(
        "-n", kubectl.namespace, "rollout", "status", WEB, "--timeout=20s", check=False
    )
    assert (done.returncode, done.stderr.strip()) == (
        1,
        'error: deployment "web" exceeded its progress deadline',
    )


def test_status_gives_up_in_time(kubectl: Kubectl) -> None:
    kubectl.apply("x/web:broken", replicas=1)
    told = ("rollout", "status", WEB, "--watch=false")
    wait_until("it is observed", lambda: "0 of 1" in kubectl.says(*told), seconds=30)
    began = time.monotonic()
    done = kubectl.plane.kubectl(
        "-n", kubectl.namespace, "rollout", "status", WEB, "--timeout=3s", check=False
    )
    assert (done.returncode, done.stderr.strip()) == (1, "error: timed out waiting for the condition")
    assert "0 of 1 updated replicas are available" in done.stdout
    assert time.monotonic() - began < 30


def test_a_restart_is_a_revision_of_kubectls_own(two: Kubectl) -> None:
    assert two.says("rollout", "restart", WEB) == "deployment.apps/web restarted"
    assert status(two)[-1] == DONE
    made = json.loads(two.says("get", "rs", new_replica_set(two), "-o", "json"))
    assert made["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    assert "kubectl.kubernetes.io/restartedAt" in made["spec"]["template"]["metadata"]["annotations"]
    managers = "jsonpath={.metadata.managedFields[*].manager}"
    assert "kubectl-rollout" in two.says("get", WEB, "--show-managed-fields", "-o", managers).split()
    assert two.images("deploy") == [SECOND]
