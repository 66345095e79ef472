"""A real cluster is left as it was found; what is not gone is named, and others' records stay."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from receiver.cluster.access import connect
from receiver.cluster.api import Api, path
from receiver.cluster.errors import ClusterError, Forbidden
from receiver.demo import remains
from receiver.demo.places import Place, real
from receiver.demo.remains import DEFINITION, LeftBehind, Remains, namespace_path
from receiver.demo.signals import ended_by_signals
from receiver.sandbox.server import Sandbox
from tests.kubernetes.stub import Answer, kubeconfig, serving

HELD = {"metadata": {"name": "held", "finalizers": ["example.com/held"]}}


class Cluster:
    """A cluster that is not the demo's own, and what the demo said in it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.api = Api(connect(file))
        self.said: list[str] = []

    def play(self, say: Callable[[str], None] | None = None) -> ExitStack:
        stage = ExitStack()
        self.place: Place = stage.enter_context(real(self.file, say or self.said.append))
        return stage

    def add_record(self, namespace: str) -> None:
        self.api.call("POST", namespace_path(), body={"metadata": {"name": namespace}})
        workload = {"kind": "Deployment", "namespace": namespace, "name": "web"}
        spec = {
            "target": workload,
            "rule": "r",
            "alert": {"fingerprint": "f", "startsAt": "2026-05-01T12:00:00Z"},
        }
        folder = path("apis", "rollback-receiver.dev", "v1alpha1", "namespaces", namespace, "rollbacks")
        kind = {"apiVersion": "rollback-receiver.dev/v1alpha1", "kind": "Rollback"}
        self.api.call("POST", folder, body={**kind, "metadata": {"name": "theirs"}, "spec": spec})

    def hold(self, namespace: str, *, interrupted: bool = False) -> None:
        self.api.call("POST", path("api", "v1", "namespaces", namespace, "configmaps"), body=HELD)
        if interrupted:
            signal.raise_signal(signal.SIGINT)

    def has(self, place: str) -> bool:
        try:
            self.api.call("GET", place)
        except ClusterError:
            return False
        return True


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with Sandbox() as sandbox:
        file = tmp_path / "their kubeconfig"
        file.write_text(sandbox.kubeconfig())
        yield Cluster(file)


def test_what_was_made_is_gone_and_said(cluster: Cluster) -> None:
    with cluster.play():
        shop, home = cluster.place.shop, cluster.place.home
    assert [cluster.has(each) for each in (namespace_path(shop), namespace_path(home), DEFINITION)] == [
        False
    ] * 3
    (said,) = cluster.said
    assert said.startswith(f"Removing namespace/{shop} and namespace/{home} from the cluster, and the CRD")


def test_a_crd_that_others_have_come_to_use_stays_with_their_records(cluster: Cluster) -> None:
    with cluster.play():
        cluster.add_record("theirs")
    assert cluster.said[-1] == (
        "The CRD rollbacks.rollback-receiver.dev stays: others have records, in theirs."
    )
    assert cluster.has(DEFINITION)
    assert not cluster.has(namespace_path(cluster.place.shop))


def test_a_crd_whose_use_cannot_be_seen_stays(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Forbidden("no list", code=403)

    with cluster.play():
        monkeypatch.setattr(remains, "listed", refuse)
    assert cluster.said[-1].endswith("stays: whether others have records cannot be seen (no list).")
    assert cluster.has(DEFINITION)


def test_a_crd_that_was_there_before_stays(cluster: Cluster) -> None:
    with cluster.play():
        with cluster.play():
            pass
        assert cluster.has(DEFINITION)
        assert "CRD" not in cluster.said[-1]


def test_a_demo_whose_crd_another_has_removed_ends_without_a_fault(cluster: Cluster) -> None:
    with cluster.play():
        cluster.api.call("DELETE", DEFINITION)
    assert not cluster.has(namespace_path(cluster.place.home))


def test_what_is_not_gone_is_named_with_the_command(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remains, "GOODBYE_SECONDS", 1.0)
    with pytest.raises(LeftBehind) as caught, cluster.play():
        cluster.hold(cluster.place.shop)
    shop = f"namespace/{cluster.place.shop}"
    assert str(caught.value) == (
        f"Still in the cluster at {cluster.api.host}: {shop}. To remove:\n"
        f"    kubectl --kubeconfig '{cluster.file}' delete {shop}"
    )


@pytest.mark.parametrize("before", [False, True], ids=["ended by itself", "interrupted before"])
def test_a_ctrl_c_gives_up_the_waiting(cluster: Cluster, before: bool) -> None:
    def interrupt_soon(_: str) -> None:
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()

    start = time.monotonic()
    with (
        pytest.raises(LeftBehind, match="Still in the cluster") as caught,
        ended_by_signals(),
        cluster.play(interrupt_soon),
    ):
        cluster.hold(cluster.place.shop, interrupted=before)
    assert time.monotonic() - start < 20
    assert isinstance(caught.value.__context__, KeyboardInterrupt) is before


def test_a_cluster_that_does_not_answer_any_more_is_not_waited_for(tmp_path: Path) -> None:
    with serving() as stub:
        file = kubeconfig(tmp_path, stub.url)
        stub.say(Answer(503))
        left = Remains(Api(connect(file)), file, print, namespaces=["a", "b"], definition=True)
        start = time.monotonic()
        with pytest.raises(LeftBehind, match=r"delete namespace/a namespace/b$"), left:
            pass
        assert time.monotonic() - start < 20


def test_a_namespace_that_was_refused_is_not_named(tmp_path: Path) -> None:
    with serving() as stub:
        stub.say(Answer(200), Answer(403, {"message": "no namespaces for you"}))
        with (
            pytest.raises(Forbidden, match="no namespaces for you"),
            real(kubeconfig(tmp_path, stub.url), print),
        ):
            pass
        assert [asked.method for asked in stub.asked] == ["GET", "POST"]


def test_everything_is_removed_when_nobody_can_be_told(cluster: Cluster) -> None:
    def fail(_: str) -> None:
        raise BrokenPipeError

    with cluster.play(fail):
        pass
    assert not cluster.has(namespace_path(cluster.place.shop))
