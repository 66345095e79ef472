"""The chart's rights on a real control plane: enough for all that the receiver does, and nothing more.

A receiver works with the token of the chart's account. What it asked stands in the API server's audit log.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.cluster.chartrights import DeniedError, Installation, Right
from tests.cluster.chartstories import STORIES, Tale, service
from tests.cluster.conftest import install_crd
from tests.cluster.contracts import Cluster
from tests.cluster.stories import run
from tests.helm.charts import only
from tests.helm.matrix import KINDS
from tests.testbed import workloads
from tests.testbed.argo import ArgoRollouts
from tests.testbed.controlplane import ControlPlane
from tests.testbed.plane import Plane

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(900)]
EVERYTHING = {
    "kinds": KINDS,
    "targets": {"services": True},
    "preflight": {"secrets": True, "pods": True},
    "config": {"mode": "auto", "aftermath_for": "1s", "keep_records_for": "1s"},
    "existingRulesConfigMap": "ours",
}
Install = Callable[..., Installation]


@pytest.fixture(scope="module")
def rollouts_plane() -> Iterator[Plane]:
    """A control plane with Argo Rollouts and the record's definition."""
    with ControlPlane() as plane, ArgoRollouts(plane):
        install_crd(plane)
        yield plane


@pytest.fixture
def install(rollouts_plane: Plane, tmp_path: Path) -> Iterator[Install]:
    """Install the chart's rights for these values, and start a receiver that has them."""
    made: list[Installation] = []

    def installed(**values: Any) -> Installation:
        home = workloads.create_namespace(rollouts_plane, "home")
        installation = Installation(rollouts_plane, home, {**EVERYTHING, **values}, tmp_path)
        made.append(installation)
        installation.receiver.start()
        installation.receiver.wait_ready()
        return installation

    yield installed
    for installation in made:
        installation.receiver.kill()
        workloads.delete_namespace(rollouts_plane, installation.home)


@contextmanager
def tale(installation: Installation, namespace: str | None = None) -> Iterator[Tale]:
    """Give a story a namespace of its own."""
    place = namespace or workloads.create_namespace(installation.plane, "shop")
    yield Tale(installation, Cluster(installation.plane, place))
    workloads.delete_namespace(installation.plane, place)


def uses(installation: Installation) -> dict[Right, int]:
    """Tell every story; return which rights were used, each with the number of the first story to do so.

    What only the very first rollback needs is left to the story of that.
    """
    found: dict[Right, int] = {}
    with tale(installation) as told:
        STORIES[0](told)
    installation.mark()
    for number, story in enumerate(STORIES):
        with tale(installation) as told:
            story(told)
        for right in installation.used():
            found.setdefault(right, number)
    return found


def is_missed(installation: Installation, right: Right, number: int) -> bool:
    """Tell whether a story fails without a right: the one of that number, or else the one before.

    A call that was made late is seen with the story after its own.
    """
    return any(
        fails_without(installation, right, story) for story in STORIES[max(number - 1, 0) : number + 1][::-1]
    )


def fails_without(installation: Installation, right: Right, story: Callable[[Tale], None]) -> bool:
    """Tell a story without a right; return whether the receiver was refused it.

    A story may be over between two of the receiver's regular looks: so the next one belongs to it.
    """
    with tale(installation) as told:
        installation.deny(right, told.namespace)
        try:
            story(told)
            with suppress(TimeoutError):
                told.wait("a regular look is refused", lambda: False, seconds=7)
        except DeniedError as e:
            return e.right == right
        finally:
            installation.give_back(right, told.namespace)
    return False


def test_every_right_is_used_and_without_it_a_story_fails(install: Install) -> None:
    """Nothing is refused with all that the chart grants; and every single verb is missed."""
    installation = install()
    first = uses(installation)
    assert set(first) == installation.granted()
    unmissed = [str(right) for right, number in first.items() if not is_missed(installation, right, number)]
    assert unmissed == []


def test_namespaces_are_enough_without_any_cluster_role(install: Install, rollouts_plane: Plane) -> None:
    """All stories are told in those that are named, and every right there is used."""
    places = [workloads.create_namespace(rollouts_plane, "shop") for _ in STORIES]
    installation = install(scope="namespaces", namespaces=places)
    for story, place in zip(STORIES, places, strict=True):
        with tale(installation, place) as told:
            story(told)
    assert installation.used() == installation.granted()


@pytest.mark.parametrize(
    ("scope", "values"),
    [("cluster", {}), ("namespaces", {"scope": "namespaces"})],
    ids=["cluster", "namespaces"],
)
def test_account_may_do_nothing_else(
    install: Install, rollouts_plane: Plane, scope: str, values: dict[str, Any]
) -> None:
    """With all that can be left out left out. What it may do is asked the same way, so that a no means no."""
    place, other = (workloads.create_namespace(rollouts_plane, "shop") for _ in range(2))
    least = {"kinds": ["Deployment"], "targets": {"services": False}, "preflight": {}}
    named = {"namespaces": [place]} if scope == "namespaces" else {}
    installation = install(**least, **values, **named)
    may, home = installation.may, installation.home
    assert may(verb="patch", group="apps", resource="deployments", namespace=place)
    assert may(verb="update", resource="configmaps", namespace=home, name="rollback-receiver")
    assert may(verb="patch", group="apps", resource="deployments", namespace=other) is (scope == "cluster")
    refused = [
        (verb, group, resource, namespace)
        for verb, group, resources in FORBIDDEN
        for resource in resources.split()
        for namespace in (place, other, home, "kube-system", "")
        if may(verb=verb, group=group, resource=resource, namespace=namespace)
    ]
    assert refused == []
    for name in (f"{installation.account}-rules", f"{installation.account}-config"):
        assert not may(verb="update", resource="configmaps", namespace=home, name=name)


RBAC = "rbac.authorization.k8s.io"
OF_ROLES = "roles clusterroles"
FORBIDDEN = (
    *((verb, "", "secrets") for verb in ("get", "list", "watch")),
    *((verb, "", "pods") for verb in ("create", "delete", "patch", "update", "deletecollection")),
    *((verb, "", "pods/exec pods/portforward pods/ephemeralcontainers") for verb in ("create", "get")),
    *((verb, "apps", "statefulsets daemonsets") for verb in ("get", "patch")),
    *((verb, "apps", "deployments") for verb in ("create", "update", "delete")),
    *((verb, "apps", "replicasets") for verb in ("patch", "delete")),
    *((verb, "", "configmaps") for verb in ("patch", "delete", "list")),
    *(
        (verb, "", "serviceaccounts services nodes namespaces persistentvolumeclaims")
        for verb in ("patch", "delete")
    ),
    *((verb, RBAC, OF_ROLES) for verb in ("escalate", "bind", "create", "update", "patch")),
    *((verb, RBAC, "rolebindings clusterrolebindings") for verb in ("create", "patch")),
    *((verb, "", "users groups serviceaccounts") for verb in ("impersonate",)),
    ("create", "", "serviceaccounts/token"),
    ("patch", "batch", "jobs cronjobs"),
    ("patch", "argoproj.io", "rollouts applications"),
    ("deletecollection", "rollback-receiver.dev", "rollbacks"),
    ("update", "rollback-receiver.dev", "rollbacks"),
    ("patch", "apiextensions.k8s.io", "customresourcedefinitions"),
)
"""Verb, API group, resources: what nobody should have to fear from it."""


def test_the_main_job_needs_none_of_what_is_switched_off(install: Install) -> None:
    """A plain installation does it, and says that no pod was tried."""
    installation = install(preflight={"secrets": False, "pods": False}, kinds=["Deployment"], targets={})
    with tale(installation) as told:
        told.release("x/web:1")
        told.release("x/web:2")
        installation.mark(Right(home=False, resource="deployments", verb="patch"))
        record = told.cure(deployment="web")
        assert told.image() == "x/web:1"
    assert any("no right to create pods" in warning for warning in record["decision"]["warnings"])


def test_services_are_found_where_rollouts_exist_that_are_not_to_be_rolled_back(install: Install) -> None:
    """Looking for a Service's only workload means listing Rollouts too, wherever they are served."""
    installation = install(kinds=["Deployment", "StatefulSet", "DaemonSet"])
    with tale(installation) as told:
        service(told)
    installation.check()
    assert not installation.may(verb="patch", group="argoproj.io", resource="rollouts", namespace="shop")


def doctor(installation: Installation) -> CompletedProcess[str]:
    """Look at the installation as `helm test` does, with the account's own token."""
    (container,) = only(installation.objects, "Pod")["spec"]["containers"]
    own = [f"--kubeconfig={installation.kubeconfig}", f"--rules={installation.rules}"]
    named = [word for word in container["args"] if word.startswith("--kind=")]
    return run(container["args"][0], *named, *own, *installation.flags)


def test_doctor_finds_nothing_wrong(install: Install) -> None:
    done = doctor(install())
    assert done.returncode == 0, done.stdout


def test_doctor_asks_for_no_more_than_the_kinds_need(install: Install) -> None:
    """A rule that names a Service is not what the values were set for, and that alone is said."""
    done = doctor(install(kinds=["Deployment"], targets={"services": False}))
    faults = [line for line in done.stdout.splitlines() if line.startswith("FAULT")]
    assert len(faults) == 1
    assert "not allowed to get services in all namespaces: grant it" in faults[0]
