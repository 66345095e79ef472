"""The embedded cluster: its store, its controllers and its HTTP server, started and stopped together."""

import threading
from typing import Any, Self

import yaml

from receiver.sandbox.api import Api
from receiver.sandbox.audit import Audit
from receiver.sandbox.clock import Clock
from receiver.sandbox.connections import HOST, Server
from receiver.sandbox.controllers import namespaces
from receiver.sandbox.controllers.loop import Controllers
from receiver.sandbox.resources import Resources
from receiver.sandbox.store import Store

NAME = "sandbox"


class Sandbox:
    """A cluster in memory, on the loopback interface. `port` 0 means any that is free.

    `store` and `audit` may be looked at; what is in the store must not be changed in place.
    """

    def __init__(self, *, port: int = 0, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.store = Store(self.clock)
        self.resources = Resources()
        self.audit = Audit()
        self._port = port
        self._controllers = Controllers(self.store, self.resources)
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Seed the cluster, start its controllers and serve it.

        Raises:
            OSError: the port is taken.
        """
        try:
            self._server = Server(self._port)
        except OSError as e:
            raise OSError(e.errno, f"cannot listen on {HOST}:{self._port}: {e.strerror}") from e
        self._port = self._server.server_address[1]
        api = Api(self.store, self.resources, self.audit, address=f"{HOST}:{self._port}")
        namespaces.seed(self.store)
        self._controllers.start()
        self._thread = threading.Thread(target=self._server.run, args=(api.answer,), name=NAME, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the watches, the server and the controllers; what is stored stays readable."""
        if self._server is None or self._thread is None:
            return
        self._server.ending.set()
        with self.store.changed:
            self.store.changed.notify_all()
        self._server.end()
        self._thread.join()
        self._controllers.stop()
        self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Return the address, once it is started."""
        return f"http://{HOST}:{self._port}"

    def kubeconfig(self, user: str = "admin") -> str:
        """Return a kubeconfig as text; the user's bearer token is the user's name."""
        config: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": NAME, "cluster": {"server": self.url}}],
            "users": [{"name": user, "user": {"token": user}}],
            "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": user}}],
            "current-context": NAME,
        }
        return yaml.safe_dump(config, sort_keys=False)
