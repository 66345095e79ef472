"""The command lines of the control plane's processes.

They are pure functions of where things lie. Nothing elects a leader, nothing waits for a disk, and no client
of the control plane's own is throttled: a test's storm of releases meets the receiver's limits and nobody
else's.
"""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CLIENT_LIMITS = ("--kube-api-qps=1000", "--kube-api-burst=2000")
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Layout:
    """Where one control plane's files and ports are."""

    tools: Path
    folder: Path
    etcd_port: int
    etcd_peer_port: int
    api_port: int
    controller_manager_port: int
    scheduler_port: int

    @property
    def url(self) -> str:
        return f"https://{LOOPBACK}:{self.api_port}"

    @property
    def certificates(self) -> Path:
        return self.folder / "certs"

    @property
    def audit_log(self) -> Path:
        return self.folder / "audit.log"


def etcd(layout: Layout) -> list[str]:
    """Return etcd's command line: one member that does not wait for its disk."""
    client = f"http://{LOOPBACK}:{layout.etcd_port}"
    peer = f"http://{LOOPBACK}:{layout.etcd_peer_port}"
    return [
        str(layout.tools / "etcd"),
        "--name=testbed",
        f"--data-dir={layout.folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=testbed={peer}",
        "--unsafe-no-fsync",
    ]


def apiserver(layout: Layout, tokens: Path) -> list[str]:
    """Return the API server's command line: its own certificate's key signs service accounts too."""
    key = layout.certificates / "apiserver.key"
    return [
        str(layout.tools / "kube-apiserver"),
        f"--etcd-servers=http://{LOOPBACK}:{layout.etcd_port}",
        f"--bind-address={LOOPBACK}",
        f"--advertise-address={LOOPBACK}",
        f"--secure-port={layout.api_port}",
        f"--cert-dir={layout.certificates}",
        f"--token-auth-file={tokens}",
        f"--audit-log-path={layout.audit_log}",
        "--audit-log-maxsize=4096",
        f"--audit-policy-file={HERE / 'audit-policy.yaml'}",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        "--endpoint-reconciler-type=none",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
    ]


def controller_manager(layout: Layout, kubeconfig: Path) -> list[str]:
    """Return the controller manager's command line: nodes stay ready however long the API server is away."""
    return [
        str(layout.tools / "kube-controller-manager"),
        f"--kubeconfig={kubeconfig}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={layout.controller_manager_port}",
        f"--cert-dir={layout.folder / 'kube-controller-manager'}",
        "--leader-elect=false",
        f"--service-account-private-key-file={layout.certificates / 'apiserver.key'}",
        "--node-monitor-grace-period=24h",
        "--concurrent-deployment-syncs=20",
        "--concurrent-replicaset-syncs=20",
        *CLIENT_LIMITS,
    ]


def scheduler(layout: Layout, kubeconfig: Path) -> list[str]:
    """Return the scheduler's command line."""
    return [
        str(layout.tools / "kube-scheduler"),
        f"--kubeconfig={kubeconfig}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={layout.scheduler_port}",
        f"--cert-dir={layout.folder / 'kube-scheduler'}",
        "--leader-elect=false",
        *CLIENT_LIMITS,
    ]


def kwok(layout: Layout, kubeconfig: Path) -> list[str]:
    """Return kwok's command line: it plays every node as nodes.yaml says.

    It holds no leases: one that started anew would have to wait until its predecessor's had run out.
    """
    return [
        str(layout.tools / "kwok"),
        f"--kubeconfig={kubeconfig}",
        f"--config={HERE / 'nodes.yaml'}",
        "--manage-all-nodes=true",
        "--node-lease-duration-seconds=0",
    ]


CLIENTS = {"kube-controller-manager": controller_manager, "kube-scheduler": scheduler, "kwok": kwok}


def node(name: str) -> dict[str, object]:
    """Return a simulated node with room for a storm of pods."""
    sizes = {"cpu": "64", "memory": "256Gi", "pods": "10000"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
            "annotations": {"node.alpha.kubernetes.io/ttl": "0"},
        },
        "status": {"allocatable": sizes, "capacity": sizes},
    }
