"""The demo on the real control plane, and with a real Alertmanager."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from receiver.demo import messages
from tests.demo.playing import Play, playing
from tests.testbed.alertmanager import Alertmanager
from tests.testbed.audit import AuditEntry
from tests.testbed.build import build
from tests.testbed.controlplane import ControlPlane
from tests.testbed.webhook import Webhook

pytestmark = pytest.mark.real_only("it asks what the demo did to a cluster that is not its own")
LABELS = {"alertname": "HighErrorRate", "severity": "critical", "namespace": "shop", "deployment": "checkout"}


@pytest.fixture
def on_real(plane: ControlPlane, crd: None, tmp_path: Path) -> Iterator[Play]:
    with playing(tmp_path, "--once", "--fast", "--kubeconfig", str(plane.kubeconfig), answer="y\n") as play:
        yield play


def namespaces(plane: ControlPlane) -> list[str]:
    found = plane.request("GET", "/api/v1/namespaces")["items"]
    return [
        each["metadata"]["name"] for each in found if each["metadata"]["name"].startswith("rollback-demo-")
    ]


def made_patches(plane: ControlPlane, since: datetime) -> list[AuditEntry]:
    found = plane.audit.requests(verb="patch", resource="deployments", since=since)
    ours = [entry for entry in found if "fieldManager=rollback-receiver" in entry.uri]
    return [entry for entry in ours if entry.code == 200 and not entry.dry_run]


def test_on_a_real_cluster_it_makes_one_patch_for_each_rollback_and_removes_itself(
    plane: ControlPlane, on_real: Play
) -> None:
    since = datetime.now(UTC)
    assert on_real.end() == 0, on_real.text
    assert on_real.text.rstrip().endswith("Nothing is left behind: no process, no file.")
    assert sorted(entry.name for entry in made_patches(plane, since)) == ["cart", "checkout"]
    assert namespaces(plane) == []
    assert on_real.left_behind() == []
    definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/rollbacks.rollback-receiver.dev"
    assert plane.request("GET", definition)["metadata"].get("deletionTimestamp") is None


def test_interrupted_on_a_real_cluster_it_removes_its_namespaces(plane: ControlPlane, on_real: Play) -> None:
    on_real.wait_for("1. A shop that runs")
    assert len(namespaces(plane)) == 2
    assert on_real.interrupt(signal.SIGINT) == 130
    assert namespaces(plane) == []
    assert on_real.left_behind() == []


def test_a_real_cluster_is_touched_only_after_a_yes(plane: ControlPlane, tmp_path: Path) -> None:
    before = len(plane.audit.requests(verb="create", resource="namespaces"))
    with playing(tmp_path, "--once", "--kubeconfig", str(plane.kubeconfig), answer="n\n") as play:
        assert play.end() == 1
        assert f"in the cluster at {plane.url}" in " ".join(play.text.split())
    assert len(plane.audit.requests(verb="create", resource="namespaces")) == before


def test_a_real_alertmanager_takes_part(tmp_path: Path) -> None:
    (tools,) = build("alertmanager")
    binary = str(tools / "alertmanager")
    with playing(tmp_path, "--once", "--fast", "--alertmanager", binary) as play:
        assert play.end() == 0, play.text
        assert "the real Alertmanager sends it" in " ".join(play.text.split())
        assert play.left_behind() == []


@pytest.mark.parametrize("ended", [False, True], ids=["firing", "resolved"])
def test_a_message_is_what_alertmanager_sends(ended: bool) -> None:
    start = datetime(2026, 5, 1, 12, tzinfo=UTC)
    made = messages.alert(
        LABELS,
        {"summary": "5 % < 12 %"},
        starts_at=start,
        ends_at=datetime.now(UTC) if ended else None,
        generator_url="http://prometheus.example/",
    )
    posted = {key: made[key] for key in ("labels", "annotations", "startsAt", "generatorURL")}
    route = {"group_by": list(messages.GROUPED_BY), "group_interval": "1s"}
    with Webhook() as webhook, Alertmanager(webhook.url, route=route) as alertmanager:
        alertmanager.post(posted)
        delivery = webhook.wait_for(1)[0]
        if ended:
            alertmanager.post({**posted, "endsAt": made["endsAt"]})
            delivery = webhook.wait_for(2)[1]
    expected = messages.message(
        made,
        receiver=delivery.body["receiver"],
        external_url=alertmanager.url,
        reason=delivery.body["notification_reason"],
    )
    assert delivery.body == expected
