"""Where the story plays: on the embedded cluster, or in namespaces of its own on a real one."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import yaml

from receiver.cluster.access import connect
from receiver.cluster.api import Api, path
from receiver.cluster.crd import crd_text
from receiver.cluster.errors import ClusterError, Conflict, NotFound
from receiver.demo.programs import DemoError
from receiver.demo.shop import wait_for
from receiver.sandbox.clock import Clock
from receiver.sandbox.server import Sandbox

AGE = timedelta(days=3)
REAL_SOAK_SECONDS = 2
GOODBYE_SECONDS = 120.0
DEFINITIONS = path("apis", "apiextensions.k8s.io", "v1", "customresourcedefinitions")


@dataclass(frozen=True, slots=True)
class Place:
    """A cluster with the CRD and two empty namespaces: `shop` for workloads, `home` for the records.

    `image` makes an image of a workload and a release that can be run there. `pass_time` lets a release get
    older, as far as that is possible; `soak` is how long a good one has to have been in service, accordingly.
    """

    api: Api
    kubeconfig: Path
    shop: str
    home: str
    said: str
    soak: str
    image: Callable[[str, int], str]
    pass_time: Callable[[timedelta], None]


@contextmanager
def embedded(folder: Path) -> Iterator[Place]:
    """Play on the embedded cluster, whose clock starts three days ago."""
    clock = Clock(behind=AGE)
    try:
        sandbox = Sandbox(clock=clock)
    except OSError as e:
        raise DemoError(f"the embedded cluster cannot listen on 127.0.0.1: {e}") from e
    with sandbox:
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(sandbox.kubeconfig())
        api = Api(connect(kubeconfig))
        _create_namespaces(api, "shop", "rollback-receiver")
        _install_crd(api)
        yield Place(
            api=api,
            kubeconfig=kubeconfig,
            shop="shop",
            home="rollback-receiver",
            said=f"an embedded one at {sandbox.url}: in memory, with the API that kubectl speaks",
            soak="10m",
            image=lambda name, release: f"registry.example/{name}:1.{release}",
            pass_time=clock.advance,
        )


@contextmanager
def real(kubeconfig: Path) -> Iterator[Place]:
    """Play on a real cluster, in two namespaces that are removed afterwards, the CRD too if it was not there.

    Raises:
        ClusterError: it cannot be reached, or does not allow it.
    """
    api = Api(connect(kubeconfig))
    api.call("GET", path("version"))
    shop = f"rollback-demo-{secrets.token_hex(3)}"
    home = f"{shop}-receiver"
    with ExitStack() as leaving:
        leaving.callback(_remove_namespaces, api, shop, home)
        _create_namespaces(api, shop, home)
        if _install_crd(api):
            leaving.callback(_remove, api, f"{DEFINITIONS}/{_definition()['metadata']['name']}")
        yield Place(
            api=api,
            kubeconfig=kubeconfig.resolve(),
            shop=shop,
            home=home,
            said=f"yours at {api.host}, in the namespaces {shop} and {home}",
            soak=f"{REAL_SOAK_SECONDS}s",
            # Images that every cluster can pull, and that do nothing but run.
            image=lambda _, release: f"registry.k8s.io/pause:3.{6 + release}",
            pass_time=lambda _: time.sleep(REAL_SOAK_SECONDS + 1.5),
        )


def address(kubeconfig: Path) -> str:
    """Return the address of a kubeconfig's API server, to ask whether it is the right one.

    Raises:
        ClusterError: the file is of no use.
    """
    return connect(kubeconfig).host


def _create_namespaces(api: Api, *names: str) -> None:
    for name in names:
        api.call("POST", path("api", "v1", "namespaces"), body={"metadata": {"name": name}})
        api.call("GET", path("api", "v1", "namespaces", name))


def _definition() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = yaml.safe_load(crd_text())
    return found


def _install_crd(api: Api) -> bool:
    """Install the CRD and wait until it is served; tell whether it was not there before."""
    definition = _definition()
    try:
        api.call("POST", DEFINITIONS, body=definition)
        new = True
    except Conflict:
        new = False

    def served() -> bool:
        conditions = api.call("GET", f"{DEFINITIONS}/{definition['metadata']['name']}")["status"].get(
            "conditions"
        )
        return any((c["type"], c["status"]) == ("Established", "True") for c in conditions or [])

    wait_for("the CRD's establishment", served)
    return new


def _remove_namespaces(api: Api, *names: str) -> None:
    places = [path("api", "v1", "namespaces", name) for name in names]
    for place in places:
        with suppress(ClusterError):
            api.call("DELETE", place)
    with suppress(DemoError, ClusterError):
        for place in places:
            wait_for(f"the end of {place}", partial(_gone, api, place), GOODBYE_SECONDS)


def _gone(api: Api, place: str) -> bool:
    try:
        api.call("GET", place)
    except NotFound:
        return True
    return False


def _remove(api: Api, place: str) -> None:
    with suppress(ClusterError):
        api.call("DELETE", place)
