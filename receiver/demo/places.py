"""Where the story plays: on the embedded cluster, or in namespaces of its own on a real one."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import yaml

from receiver.cluster.access import connect
from receiver.cluster.api import Api, path
from receiver.cluster.crd import crd_text
from receiver.cluster.errors import ClusterError, Conflict, Unavailable
from receiver.demo.programs import DemoError
from receiver.demo.remains import DEFINITION, Remains, namespace_path
from receiver.demo.shop import wait_for
from receiver.sandbox.clock import Clock
from receiver.sandbox.server import Sandbox

AGE = timedelta(days=3)
REAL_SOAK_SECONDS = 2


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
        for name in ("shop", "rollback-receiver"):
            _create_namespace(api, name, [])
        _install_crd(api)
        _wait_until_served(api)
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
def real(kubeconfig: Path, say: Callable[[str], None]) -> Iterator[Place]:
    """Play on a real cluster, in two namespaces that are removed afterwards, the CRD too if it was not there.

    `say` tells what is being removed, and what stays.

    Raises:
        ClusterError: it cannot be reached, or does not allow it.
        LeftBehind: afterwards; not everything could be removed.
    """
    api = Api(connect(kubeconfig))
    api.call("GET", path("version"))
    shop = f"rollback-demo-{secrets.token_hex(3)}"
    home = f"{shop}-receiver"
    with Remains(api, kubeconfig.resolve(), say) as remains:
        for name in (shop, home):
            _create_namespace(api, name, remains.namespaces)
        remains.definition = _install_crd(api)
        _wait_until_served(api)
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


def _create_namespace(api: Api, name: str, made: list[str]) -> None:
    """Create a namespace; `made` holds its name from then on, unless it is refused."""
    made.append(name)
    try:
        api.call("POST", namespace_path(), body={"metadata": {"name": name}})
    except Unavailable:
        raise
    except ClusterError:
        made.remove(name)
        raise
    api.call("GET", namespace_path(name))


def _install_crd(api: Api) -> bool:
    """Install the CRD; tell whether it was not there before."""
    try:
        api.call("POST", DEFINITION.rpartition("/")[0], body=yaml.safe_load(crd_text()))
    except Conflict:
        return False
    return True


def _wait_until_served(api: Api) -> None:
    def served() -> bool:
        conditions = api.call("GET", DEFINITION)["status"].get("conditions")
        return any((c["type"], c["status"]) == ("Established", "True") for c in conditions or [])

    wait_for("the CRD's establishment", served)
