"""How the API server is found: a kubeconfig as kubectl finds it, or the pod's own account."""

from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
import yaml
from kubernetes.config import incluster_config, kube_config

from receiver.cluster import access as access_module
from receiver.cluster.access import connect
from receiver.cluster.api import Api
from receiver.cluster.errors import ClusterError, Unavailable
from tests.kubernetes.stub import kubeconfig

URL = "http://127.0.0.1:1"
PROXY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither this machine's kubeconfig nor a pod around the tests may be found."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "default"))


def token(headers: dict[str, str]) -> str:
    return headers.get("authorization", headers.get("Authorization", ""))


@pytest.fixture
def pod(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A service account as it is mounted into a pod."""
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    (folder / "token").write_text("pod-token")
    (folder / "namespace").write_text("rollbacks\n")
    (folder / "ca.crt").write_text("-")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(folder / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(folder / "ca.crt"))
    monkeypatch.setattr(access_module, "SERVICE_ACCOUNT", folder)
    return folder


class Impatient(incluster_config.InClusterConfigLoader):  # type: ignore[misc]
    """Holds every token to be due."""

    def __init__(self, **files: str) -> None:
        super().__init__(**files)
        self._token_refresh_period = timedelta(0)


def test_file_that_is_given_is_used(tmp_path: Path) -> None:
    """Address, token and namespace come from its current context."""
    access = connect(kubeconfig(tmp_path, f"{URL}/", namespace="ops"))
    assert access.host == URL
    assert access.namespace == "ops"
    headers: dict[str, str] = {}
    access.authenticate(headers)
    assert token(headers) == "Bearer tok-3n"


def test_context_without_a_namespace_names_none(tmp_path: Path) -> None:
    """Then the settings or the default decide."""
    assert connect(kubeconfig(tmp_path, URL)).namespace is None


def test_default_place_is_looked_at(tmp_path: Path) -> None:
    """KUBECONFIG or ~/.kube/config, which the library works out when it is imported."""
    kubeconfig(tmp_path, URL, namespace="ops").rename(tmp_path / "default")
    assert connect().namespace == "ops"


def test_another_context_can_be_chosen(tmp_path: Path) -> None:
    """Its namespace counts, not the current context's."""
    file = kubeconfig(tmp_path, URL, namespace="ops")
    content = yaml.safe_load(file.read_text())
    other = {"name": "there", "context": {"cluster": "c", "user": "u", "namespace": "far"}}
    file.write_text(yaml.safe_dump({**content, "contexts": [*content["contexts"], other]}))
    assert connect(file, "there").namespace == "far"
    assert connect(file).namespace == "ops"


def test_requests_are_not_repeated_by_the_library(tmp_path: Path) -> None:
    """Api alone decides what may be sent twice."""
    assert connect(kubeconfig(tmp_path, URL)).client.configuration.retries is False


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"hello", id="text"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"5", id="number"),
        pytest.param(b"a: [", id="no-yaml"),
        pytest.param(b"a: b: c", id="no-yaml-either"),
        pytest.param(b"\xff\xfe\x00", id="bytes"),
        pytest.param(b"apiVersion: v1\nkind: Config\n", id="nothing-in-it"),
        pytest.param(b"current-context: here\ncontexts: null\n", id="contexts-null"),
        pytest.param(b"current-context: here\ncontexts: 5\n", id="contexts-number"),
        pytest.param(b"current-context: here\ncontexts: [5]\n", id="context-number"),
        pytest.param(b"current-context: away\ncontexts: []\nusers: []\nclusters: []\n", id="no-context"),
        pytest.param(
            b"current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: []\n",
            id="no-cluster",
        ),
        pytest.param(
            b"current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\n"
            b"clusters: [{name: c, cluster: {server: 'https://x', certificate-authority-data: 'A'}}]\n",
            id="no-base64",
        ),
    ],
)
def test_broken_file_is_said_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    """One kind of error, whatever is wrong: never a trace."""
    file = tmp_path / "broken"
    file.write_bytes(content)
    with pytest.raises(ClusterError, match=r"^no usable Kubernetes configuration: .*; set --kubeconfig$"):
        connect(file)


def test_missing_file_and_unknown_context_are_said(tmp_path: Path) -> None:
    """With the name that was looked for."""
    with pytest.raises(ClusterError, match=r"configuration: \S+/absent is not there; set --kubeconfig$"):
        connect(tmp_path / "absent")
    with pytest.raises(ClusterError, match="no usable Kubernetes configuration"):
        connect()
    with pytest.raises(ClusterError, match=r"elsewhere.*; set --context or --kubeconfig$"):
        connect(kubeconfig(tmp_path, URL), "elsewhere")


def test_file_where_kubectl_looks_comes_before_the_pods_account(pod: Path, tmp_path: Path) -> None:
    """As with kubectl in a pod: somebody works there with a kubeconfig of their own."""
    assert connect().namespace == "rollbacks"
    kubeconfig(tmp_path, URL, namespace="ops").rename(tmp_path / "default")
    assert connect().namespace == "ops"


def test_message_holds_no_secret(tmp_path: Path) -> None:
    """The parser's own words quote the line that it stumbled over: they are left out."""
    file = tmp_path / "broken"
    file.write_text('users: [{name: u, user: {token: "s3cr3t}}]\n')
    with pytest.raises(ClusterError) as caught:
        connect(file)
    assert "s3cr3t" not in str(caught.value)


def test_pod_uses_its_own_account(pod: Path) -> None:
    """In a cluster, unless a kubeconfig or a context is asked for."""
    access = connect()
    assert access.host == "https://10.0.0.1:443"
    assert access.namespace == "rollbacks"
    headers: dict[str, str] = {}
    access.authenticate(headers)
    assert token(headers) == "bearer pod-token"


def test_pod_with_a_kubeconfig_uses_that(pod: Path, tmp_path: Path) -> None:
    """Who names a file means it."""
    assert connect(kubeconfig(tmp_path, URL)).host == URL


def test_pod_without_a_namespace_file_names_none(pod: Path) -> None:
    """The mount may leave it out."""
    (pod / "namespace").unlink()
    assert connect().namespace is None


@pytest.mark.parametrize("file", ["token", "ca.crt"])
def test_pod_without_an_account_says_so(pod: Path, file: str) -> None:
    """automountServiceAccountToken: false."""
    (pod / file).unlink()
    with pytest.raises(ClusterError, match="no usable Kubernetes configuration"):
        connect()


def test_token_is_read_again_when_it_is_due(pod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kubelet rotates it."""
    monkeypatch.setattr(incluster_config, "InClusterConfigLoader", Impatient)
    access = connect()
    (pod / "token").write_text("new-token")
    headers: dict[str, str] = {}
    access.authenticate(headers)
    assert token(headers) == "bearer new-token"


@pytest.mark.parametrize("content", [None, ""], ids=["gone", "empty"])
def test_token_that_cannot_be_read_is_unavailable(
    pod: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    """While the kubelet swaps it, a later call will work: nothing else may come out of a call."""
    monkeypatch.setattr(incluster_config, "InClusterConfigLoader", Impatient)
    api = Api(connect())
    (pod / "token").unlink()
    if content is not None:
        (pod / "token").write_text(content)
    with pytest.raises(Unavailable, match="credentials"):
        api.call("GET", "/api/v1/namespaces/shop", timeout_seconds=0.2)


def test_credentials_are_asked_for_once_a_second(pod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To ask the library costs a quarter of a call, and an alert makes eight."""
    monkeypatch.setattr(incluster_config, "InClusterConfigLoader", Impatient)
    access, now = connect(), [100.0]
    monkeypatch.setattr("receiver.cluster.access.time.monotonic", lambda: now[0])
    seen: list[str] = []
    for moment in (100.0, 100.9, 101.1):
        (pod / "token").write_text(f"token-{moment}")
        now[0], headers = moment, dict[str, str]()
        access.authenticate(headers)
        seen.append(token(headers))
    assert seen == ["bearer token-100.0", "bearer token-100.0", "bearer token-101.1"]


def test_path_of_the_address_leads_every_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rancher and the like serve many clusters below one host."""
    access = connect(kubeconfig(tmp_path, "https://fleet.example/k8s/clusters/c-1"))
    connections = Mock()
    monkeypatch.setattr(access.pool, "connection_from_url", Mock(return_value=connections))
    access.send("GET", "/api/v1/pods?limit=1")
    assert connections.urlopen.call_args.args == ("GET", "/k8s/clusters/c-1/api/v1/pods?limit=1")


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with a proxy for everything, as companies have it."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, PROXY)


def proxy_to(folder: Path, url: str, **cluster: str) -> str | None:
    file = kubeconfig(folder, url)
    content = yaml.safe_load(file.read_text())
    content["clusters"][0]["cluster"].update(cluster)
    file.write_text(yaml.safe_dump(content))
    proxy = connect(file).pool.proxy
    return None if proxy is None else str(proxy)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "https://127.8.0.1:1", "http://[::1]:1", "https://localhost:1"]
)
def test_no_proxy_of_the_environment_leads_to_this_machine(proxied: None, tmp_path: Path, url: str) -> None:
    """As with kubectl: a local cluster is reached also where NO_PROXY is forgotten."""
    assert proxy_to(tmp_path, url) is None


def test_proxy_leads_to_every_other_machine(proxied: None, tmp_path: Path) -> None:
    """The environment's; and the kubeconfig's own to any, for there somebody means it."""
    assert proxy_to(tmp_path, "https://cluster.example") == PROXY
    assert proxy_to(tmp_path, URL, **{"proxy-url": "http://127.0.0.1:8"}) == "http://127.0.0.1:8"
