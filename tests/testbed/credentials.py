"""Who may talk to the control plane: a random token for each user, and kubeconfigs that verify the server.

Every user is in system:masters. They are told apart by name alone, so that the audit log says who did what.
The control plane's own processes have names of their own, which the audit log leaves out.
"""

import base64
import json
import secrets
from pathlib import Path

PEOPLE = ("admin", "bench", "receiver-1", "receiver-2", "receiver-3", "receiver-4")
COMPONENTS = ("kube-controller-manager", "kube-scheduler", "kwok", "rollouts-controller")


class Credentials:
    """The users' tokens, in a folder that holds the API server's certificate too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token_file = folder / "tokens.csv"
        self.certificate = folder / "certs" / "apiserver.crt"
        self.tokens = {user: secrets.token_hex(16) for user in (*PEOPLE, *COMPONENTS)}
        self._kubeconfigs: dict[str, Path] = {}
        rows = [f"{token},{user},{user},system:masters\n" for user, token in self.tokens.items()]
        write_private(self.token_file, "".join(rows))

    def kubeconfig_for(self, user: str, url: str) -> Path:
        """Return the kubeconfig of `user` for the server at `url`, which must have written its certificate.

        The file is written once: a receiver may be reading it when another test asks for it.
        """
        if user not in self._kubeconfigs:
            self._kubeconfigs[user] = self._write_kubeconfig(user, url)
        return self._kubeconfigs[user]

    def _write_kubeconfig(self, user: str, url: str) -> Path:
        authority = base64.b64encode(self.certificate.read_bytes()).decode()
        cluster = {"server": url, "certificate-authority-data": authority}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "testbed", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": self.tokens[user]}}],
            "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": user}}],
            "current-context": "testbed",
        }
        path = self.folder / f"kubeconfig-{user}"
        write_private(path, json.dumps(config, indent=1) + "\n")
        return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads."""
    path.touch(mode=0o600)
    path.write_text(text)
