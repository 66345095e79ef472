"""What a test of the receiver against a cluster is given.

There are two clusters, a real control plane and the sandbox, and a test runs on both: where they differ the
sandbox is wrong. `real_only` says why one does not. Each cluster serves the whole run; every test has
namespaces of its own, and nothing that it leaves behind there is seen by another. The tools are built before
the first test starts, so that no test's time is spent on that.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.contracts import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.proxy import Proxy
from tests.cluster.receivers import ROOT, Receiver, environment
from tests.cluster.stories import Story
from tests.testbed import workloads
from tests.testbed.api import ApiError
from tests.testbed.build import MODULES, build
from tests.testbed.plane import Plane
from tests.testbed.processes import wait_until
from tests.testbed.progress import BuildError
from tests.testbed.sandbox import SandboxPlane

HERE = Path(__file__).parent
RECORDS = "/apis/rollback-receiver.dev/v1alpha1/rollbacks"

Workload = dict[str, Any]


def is_here(item: pytest.Item) -> bool:
    """Tell whether a test lies in this folder."""
    return HERE in item.path.parents


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have every test that uses a cluster run on both."""
    if "plane" in metafunc.fixturenames:
        metafunc.parametrize("plane", ["real", "sandbox"], indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what the sandbox cannot do, and mark every test of this folder, before markers select."""
    items[:] = [item for item in items if not (is_here(item) and is_left_out(item))]
    for item in filter(is_here, items):
        item.add_marker(pytest.mark.cluster)


def is_left_out(item: pytest.Item) -> bool:
    """Tell whether a test would run on the sandbox, and is for real processes only."""
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return params.get("plane") == "sandbox" and item.get_closest_marker("real_only") is not None


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Build the testbed's tools if a test here is going to run; where that fails, the fixtures say so."""
    if session.config.option.collectonly or not any(map(is_here, session.items)):
        return
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled(), suppress(BuildError):
        build(*MODULES)


@pytest.fixture(scope="session")
def sandbox_plane() -> Iterator[SandboxPlane]:
    """The sandbox."""
    with SandboxPlane() as plane:
        yield plane


@pytest.fixture
def plane(request: pytest.FixtureRequest) -> Plane:
    """The cluster that this run of the test is about."""
    found: Plane = request.getfixturevalue(f"{request.param}_plane")
    return found


@pytest.fixture(scope="session")
def with_crd() -> set[str]:
    """The addresses of the clusters that have the record's resource definition."""
    return set()


@pytest.fixture
def crd(plane: Plane, with_crd: set[str]) -> None:
    """The record's resource definition, installed and served."""
    if plane.url not in with_crd:
        install_crd(plane)
        with_crd.add(plane.url)


def install_crd(plane: Plane) -> None:
    """Install what `crd` prints, and return when records can be listed."""
    command = [sys.executable, "-m", "receiver", "crd"]
    printed = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment()
    )
    assert printed.returncode == 0, f"receiver crd: exit code {printed.returncode}: {printed.stderr}"
    plane.kubectl("apply", "-f", "-", stdin=printed.stdout)

    def served() -> bool:
        with suppress(ApiError):
            return bool(plane.request("GET", RECORDS)["kind"])
        return False

    wait_until("records are served", served, seconds=30)


@pytest.fixture
def namespace(plane: Plane) -> Iterator[str]:
    """A new namespace for workloads."""
    name = workloads.create_namespace(plane, "shop")
    yield name
    plane.recover()
    workloads.delete_namespace(plane, name)


@pytest.fixture
def cluster(plane: Plane, namespace: str) -> Cluster:
    """The test's namespace, to ask the API about."""
    return Cluster(plane, namespace)


@pytest.fixture
def kubectl(plane: Plane, namespace: str) -> Kubectl:
    """The real kubectl, in the test's namespace."""
    return Kubectl(plane, namespace)


@pytest.fixture
def home(plane: Plane, crd: None) -> Iterator[str]:
    """A new namespace for the receiver's records."""
    name = workloads.create_namespace(plane, "home")
    yield name
    plane.recover()
    workloads.delete_namespace(plane, name)


@pytest.fixture
def deploy(plane: Plane, namespace: str) -> Callable[..., Workload]:
    """Create a Deployment, wait for its rollout unless `wait` is False, and return it.

    Options are those of `workloads.deployment`; `into` is another namespace than the test's.
    """

    def create(
        name: str = "web",
        image: str = workloads.IMAGE,
        *,
        into: str = namespace,
        wait: bool = True,
        **options: Any,
    ) -> Workload:
        created = workloads.create(plane, into, workloads.deployment(name, image, **options))
        return workloads.wait_rolled_out(plane, into, name) if wait else created

    return create


@pytest.fixture
def release(plane: Plane, namespace: str) -> Callable[..., Workload]:
    """Change a Deployment's image, wait for the rollout unless `wait` is False, and return the Deployment."""

    def change(name: str, image: str, *, into: str = namespace, wait: bool = True) -> Workload:
        released = workloads.set_image(plane, into, name, image)
        return workloads.wait_rolled_out(plane, into, name) if wait else released

    return change


@pytest.fixture
def story(plane: Plane, namespace: str, home: str) -> Story:
    """The test's two namespaces, to tell receivers of and to look at."""
    return Story(plane, namespace, home)


@pytest.fixture
def proxy(plane: Plane, tmp_path: Path) -> Iterator[Proxy]:
    """A proxy to the API server for a receiver that starts with `--kubeconfig` of its `kubeconfig`."""
    with Proxy(plane, tmp_path, "receiver-1") as proxy:
        yield proxy


@pytest.fixture
def receiver(plane: Plane, home: str, tmp_path: Path) -> Iterator[Callable[..., Receiver]]:
    """Start a receiver with these rules, a file or YAML, and return it when it is ready.

    Each further one is another user of the API server, receiver-1 to receiver-4, unless told. `extra` are
    flags for `serve`; `ready=False` returns at once. All end with the test, which shows their logs if it
    fails.
    """
    started: list[Receiver] = []

    def start(rules: str | Path, *, user: str | None = None, ready: bool = True, **options: Any) -> Receiver:
        kubeconfig = plane.kubeconfig_for(user or f"receiver-{len(started) % 4 + 1}")
        file = rules if isinstance(rules, Path) else tmp_path / f"rules-{len(started)}.yaml"
        if isinstance(rules, str):
            file.write_text(rules)
        receiver = Receiver(kubeconfig, home, file, tmp_path, **options)
        started.append(receiver)
        receiver.start()
        if ready:
            receiver.wait_ready()
        return receiver

    yield start
    for receiver in started:
        receiver.kill()
        sys.stdout.write(receiver.log_text())
