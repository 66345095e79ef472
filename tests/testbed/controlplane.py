"""A Kubernetes control plane of real processes on loopback, with simulated nodes.

It lasts as long as a `with` block. Its files lie below one folder, which goes away at the end unless it was
given or TESTBED_KEEP is set. Its API server can be stopped, started again and frozen: what the receiver must
live through.
"""

import os
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.testbed import components
from tests.testbed.api import Api, ApiError
from tests.testbed.audit import AuditLog
from tests.testbed.build import build
from tests.testbed.credentials import Credentials
from tests.testbed.plane import Plane
from tests.testbed.processes import Process, free_port


class ControlPlane(Plane):
    """Use it as a context manager, or call `start` and `stop`.

    `url` is the API server's address, `kubeconfig` the admin's file, `audit` what was asked of the API
    server.
    """

    def __init__(self, folder: Path | None = None, *, nodes: int = 1) -> None:
        (self.tools,) = build("kubernetes")
        self._temporary = folder is None and not os.environ.get("TESTBED_KEEP")
        self.folder = (folder or Path(tempfile.mkdtemp(prefix="controlplane-"))).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._layout = components.Layout(self.tools, self.folder, *(free_port() for _ in range(5)))
        self._credentials = Credentials(self.folder)
        self._nodes = nodes
        self._processes: dict[str, Process] = {}
        self.url = self._layout.url
        self.audit = AuditLog(self._layout.audit_log)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start every process and the nodes; return when the nodes are ready.

        Raises:
            ProcessFailedError: one of them ended, or the API server is not ready in time.
        """
        self._run("etcd", components.etcd(self._layout))
        self._run("kube-apiserver", components.apiserver(self._layout, self._credentials.token_file))
        self._wait_ready()
        self._run_clients()
        for number in range(self._nodes):
            self._create_node(f"node-{number}")

    def stop(self) -> None:
        """End every process, and remove the folder if it was temporary."""
        for process in reversed(self._processes.values()):
            process.kill()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def check(self) -> None:
        """Raise if a process has ended by itself.

        Raises:
            ProcessFailedError: names it, its exit code and what its log says last.
        """
        for process in self._processes.values():
            process.check()

    def kubeconfig_for(self, user: str) -> Path:
        """Return the kubeconfig of `user`: admin, bench, receiver-1 to receiver-4."""
        return self._credentials.kubeconfig_for(user, self.url)

    def api(self, user: str = "admin") -> Api:
        """Return the API as `user` speaks to it."""
        return Api(self.url, self._credentials.certificate, self._credentials.tokens[user])

    def stop_apiserver(self) -> None:
        """End the API server at once, as a crash does; its data stays in etcd."""
        self._processes["kube-apiserver"].kill()

    def start_apiserver(self) -> None:
        """Start the API server again, at the same address and with the same data; return when it is ready.

        The controllers start anew as well: after an outage they would wait up to half a minute to connect
        again.
        """
        self._processes["kube-apiserver"].start()
        self._wait_ready()
        for name in components.CLIENTS:
            self._processes.pop(name).kill()
        self._run_clients()

    def freeze_apiserver(self) -> None:
        """Have the API server take connections and answer nothing, until `thaw_apiserver`."""
        self._processes["kube-apiserver"].signal(signal.SIGSTOP)

    def thaw_apiserver(self) -> None:
        """Let a frozen API server go on where it was."""
        self._processes["kube-apiserver"].signal(signal.SIGCONT)

    def recover(self) -> None:
        """Thaw or start an API server that somebody left frozen or stopped.

        Raises:
            ProcessFailedError: nobody stopped it, it ended by itself.
        """
        self.check()
        if self._processes["kube-apiserver"].running:
            self.thaw_apiserver()
        else:
            self.start_apiserver()

    def _run(self, name: str, command: list[str]) -> None:
        self._processes[name] = Process(name, command, self.folder / f"{name}.log")
        self._processes[name].start()

    def _run_clients(self) -> None:
        for name, command in components.CLIENTS.items():
            self._run(name, command(self._layout, self.kubeconfig_for(name)))

    def _wait_ready(self, seconds: float = 90) -> None:
        def ready() -> bool:
            self.check()
            with suppress(OSError, ApiError):
                return bool(self.request("GET", "/readyz", timeout_seconds=2) == "ok")
            return False

        self._processes["kube-apiserver"].wait_until("/readyz is not ok", ready, seconds=seconds)

    def _create_node(self, name: str) -> None:
        try:
            self.request("POST", "/api/v1/nodes", components.node(name))
        except ApiError as e:
            if e.code != 409:  # A folder that is used again has its nodes already.
                raise

        def schedulable() -> bool:
            self.check()
            node = self.request("GET", f"/api/v1/nodes/{name}")
            conditions = {item["type"]: item["status"] for item in node["status"].get("conditions", [])}
            return conditions.get("Ready") == "True" and not node["spec"].get("taints")

        self._processes["kwok"].wait_until(f"{name} is not ready", schedulable, seconds=60)
