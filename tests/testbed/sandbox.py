"""The sandbox as a test sees a control plane: served by this process, asked over HTTP."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Self, cast

import yaml

from receiver.sandbox.server import Sandbox
from tests.testbed.api import Api
from tests.testbed.audit import Audit, AuditEntry
from tests.testbed.build import build
from tests.testbed.credentials import write_private
from tests.testbed.plane import Plane


class SandboxAudit(Audit):
    """What the sandbox was asked; it remembers so much of that, and no more."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def entries(self) -> list[AuditEntry]:
        """Return the entries that it still has; their fields are those of the real log's."""
        return cast("list[AuditEntry]", list(self._sandbox.audit))


class SandboxPlane(Plane):
    """Use it as a context manager; its files go away at the end."""

    def __init__(self) -> None:
        (self.tools,) = build("kubernetes")
        self.folder = Path(tempfile.mkdtemp(prefix="sandbox-")).resolve()
        self.sandbox = Sandbox()
        self.audit = SandboxAudit(self.sandbox)
        self._kubeconfigs: dict[str, Path] = {}

    def __enter__(self) -> Self:
        self.sandbox.start()
        self.url = self.sandbox.url
        return self

    def __exit__(self, *_: object) -> None:
        self.sandbox.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kubeconfig_for(self, user: str) -> Path:
        """Return the kubeconfig of `user`, written once: a receiver may be reading it."""
        if user not in self._kubeconfigs:
            path = self.folder / f"kubeconfig-{user}"
            write_private(path, json.dumps(yaml.safe_load(self.sandbox.kubeconfig(user))))
            self._kubeconfigs[user] = path
        return self._kubeconfigs[user]

    def api(self, user: str = "admin") -> Api:
        """Return the API as `user` speaks to it: a token is its user's name."""
        return Api(self.url, None, user)
