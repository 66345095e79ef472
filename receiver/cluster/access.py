"""How the API server is reached: a kubeconfig as kubectl finds it, else the pod's service account."""

import logging
import os
import time
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import urllib3
import yaml
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException, kube_config

from receiver import __version__
from receiver.cluster.errors import ClusterError, Unavailable

USER_AGENT = f"rollback-receiver/{__version__}"
CONNECTIONS = 32
CREDENTIALS_KEPT_SECONDS = 1.0
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


@dataclass(slots=True)
class Access:
    """A way to one API server, and the namespace that it names (None: it names none)."""

    client: ApiClient
    host: str
    """The API server's address; the client library computes it anew each time it is asked."""
    namespace: str | None
    _connections: urllib3.HTTPConnectionPool | None = field(default=None, repr=False)
    _credentials: tuple[float, dict[str, str]] = field(default=(0.0, {}), repr=False)
    """Until when they are used, and the headers: to ask the library takes a quarter of a call."""

    @property
    def pool(self) -> urllib3.PoolManager:
        """Return the connections; TLS and proxies are set up by the client library."""
        pool: urllib3.PoolManager = self.client.rest_client.pool_manager
        return pool

    def send(self, method: str, url_path: str, **options: Any) -> urllib3.BaseHTTPResponse:
        """Send one request. Over TLS it goes to the host's own connections, which the manager seeks anew.

        A proxy tunnels TLS; what it is sent in the clear has to name the host, which is the manager's work.
        """
        if not self.host.startswith("https://"):
            return self.pool.urlopen(method, self.host + url_path, redirect=False, **options)
        if self._connections is None:
            self._connections = self.pool.connection_from_url(self.host)
        return self._connections.urlopen(
            method, urlsplit(self.host).path + url_path, redirect=False, assert_same_host=False, **options
        )

    def authenticate(self, headers: dict[str, str]) -> None:
        """Add the credentials of this second; a service account's token is read again when it is due.

        Raises:
            Unavailable: they cannot be read; the kubelet may be putting new ones there.
        """
        until, credentials = self._credentials
        if time.monotonic() >= until:
            credentials = self._read_credentials()
            self._credentials = time.monotonic() + CREDENTIALS_KEPT_SECONDS, credentials
        headers.update(credentials)

    def _read_credentials(self) -> dict[str, str]:
        found: dict[str, str] = {}
        try:
            self.client.update_params_for_auth(found, [], ["BearerToken"], "", "", None)
        except (ConfigException, OSError, ValueError) as e:
            raise Unavailable(f"cannot read the credentials: {type(e).__name__}") from e
        return found


def connect(kubeconfig: Path | None = None, context: str | None = None) -> Access:
    """Find the API server as kubectl does: FILE, KUBECONFIG, ~/.kube/config, or the pod's account.

    Like kubectl, it takes the environment's proxy to no loopback address, whatever NO_PROXY says.

    Raises:
        ClusterError: there is no usable configuration.
    """
    if kubeconfig is not None and not kubeconfig.exists():
        raise ClusterError(f"no usable Kubernetes configuration: {kubeconfig} is not there; set --kubeconfig")
    configuration = Configuration()
    try:
        if kubeconfig is None and context is None and _only_pods_account():
            config.load_incluster_config(client_configuration=configuration)
            namespace = _namespace_of_pod()
        else:
            path = None if kubeconfig is None else str(kubeconfig)
            config.load_kube_config(path, context=context, client_configuration=configuration)
            namespace = _namespace_of_context(path, context)
    except (ConfigException, OSError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as e:
        raise ClusterError(f"no usable Kubernetes configuration: {_fault(e)}; set {_flags(context)}") from e
    if _is_on_this_machine(configuration.host) and configuration.proxy in getproxies().values():
        configuration.proxy = None
    configuration.retries = False
    configuration.connection_pool_maxsize = CONNECTIONS
    client = ApiClient(configuration)
    client.user_agent = USER_AGENT
    return Access(client, str(configuration.host).rstrip("/"), namespace)


def _is_on_this_machine(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _only_pods_account() -> bool:
    """Tell whether this is a pod, and no file is where kubectl looks for one."""
    files = kube_config.KUBE_CONFIG_DEFAULT_LOCATION.split(os.pathsep)
    there = any(Path(file).expanduser().exists() for file in files if file)
    return "KUBERNETES_SERVICE_HOST" in os.environ and not there


def _flags(context: str | None) -> str:
    return "--kubeconfig" if context is None else "--context or --kubeconfig"


def _fault(error: Exception) -> str:
    """Say what is wrong; a parser's own words quote the file, and with it perhaps a token."""
    if isinstance(error, ConfigException | OSError):
        return str(error)
    mark = getattr(error, "problem_mark", None)
    where = "" if mark is None else f" in line {mark.line + 1}"
    return f"the kubeconfig is broken{where} ({type(error).__name__})"


def _namespace_of_pod() -> str | None:
    try:
        return (SERVICE_ACCOUNT / "namespace").read_text().strip() or None
    except OSError:
        return None


def _namespace_of_context(path: str | None, context: str | None) -> str | None:
    contexts, active = config.list_kube_config_contexts(path)
    chosen = next((c for c in contexts if c["name"] == context), active)
    return (chosen.get("context") or {}).get("namespace")
