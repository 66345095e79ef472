"""How the API server is reached: a kubeconfig as kubectl finds it, else the pod's service account."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import urllib3
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException

from receiver import __version__
from receiver.cluster.errors import ClusterError

USER_AGENT = f"rollback-receiver/{__version__}"
CONNECTIONS = 32
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Access:
    """A way to one API server, and the namespace that it names (None: it names none)."""

    client: ApiClient
    namespace: str | None

    @property
    def host(self) -> str:
        """Return the API server's address."""
        return str(self.client.configuration.host).rstrip("/")

    @property
    def pool(self) -> urllib3.PoolManager:
        """Return the connections; TLS and proxies are set up by the client library."""
        pool: urllib3.PoolManager = self.client.rest_client.pool_manager
        return pool

    def authenticate(self, headers: dict[str, str]) -> None:
        """Add the credentials of this moment; a service account's token is read again when it is due."""
        self.client.update_params_for_auth(headers, [], ["BearerToken"], "", "", None)


def connect(kubeconfig: Path | None = None, context: str | None = None) -> Access:
    """Find the API server as kubectl does: FILE, KUBECONFIG, ~/.kube/config, or the pod's account.

    Raises:
        ClusterError: there is no usable configuration.
    """
    configuration = Configuration()
    try:
        if kubeconfig is None and context is None and "KUBERNETES_SERVICE_HOST" in os.environ:
            config.load_incluster_config(client_configuration=configuration)
            namespace = _namespace_of_pod()
        else:
            path = None if kubeconfig is None else str(kubeconfig)
            config.load_kube_config(path, context=context, client_configuration=configuration)
            namespace = _namespace_of_context(path, context)
    except (ConfigException, OSError, ValueError) as e:
        raise ClusterError(f"no usable Kubernetes configuration: {e}; set --kubeconfig") from e
    configuration.retries = False
    configuration.connection_pool_maxsize = CONNECTIONS
    client = ApiClient(configuration)
    client.user_agent = USER_AGENT
    return Access(client, namespace)


def _namespace_of_pod() -> str | None:
    try:
        return (SERVICE_ACCOUNT / "namespace").read_text().strip() or None
    except OSError:
        return None


def _namespace_of_context(path: str | None, context: str | None) -> str | None:
    contexts, active = config.list_kube_config_contexts(path)
    chosen = next((c for c in contexts if c["name"] == context), active)
    return (chosen.get("context") or {}).get("namespace")
