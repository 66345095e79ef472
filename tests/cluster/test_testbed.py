"""The testbed does what the tests of the receiver rely on."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.receivers import alert, fingerprint, payload, timestamp
from tests.testbed import workloads
from tests.testbed.alertmanager import Alertmanager
from tests.testbed.api import ApiError
from tests.testbed.controlplane import ControlPlane
from tests.testbed.processes import wait_until
from tests.testbed.webhook import Webhook

pytestmark = pytest.mark.real_only("it is about the real one")
STARTED = datetime(2026, 5, 1, 12, 0, 0, 120000, tzinfo=UTC)
Deploy = Callable[..., dict[str, Any]]


def patch_as(plane: ControlPlane, namespace: str, user: str, query: str = "") -> None:
    body = {"metadata": {"annotations": {"by": user}}}
    path = workloads.path_of(namespace, "web") + query
    plane.request("PATCH", path, body, "application/merge-patch+json", user=user)


def test_the_control_plane_is_kubernetes_with_a_ready_node(plane: ControlPlane) -> None:
    assert plane.request("GET", "/version")["gitVersion"] == "v1.37.2"
    nodes = plane.kubectl("get", "nodes", "-o", "name").stdout.split()
    assert nodes == ["node/node-0"]


def test_no_kubeconfig_skips_verification(plane: ControlPlane) -> None:
    for user in ("admin", "bench", "receiver-4"):
        config = plane.kubeconfig_for(user)
        assert "insecure-skip-tls-verify" not in config.read_text()
        assert config.stat().st_mode & 0o077 == 0
        whoami = plane.kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}", user=user)
        assert whoami.stdout == user


def test_a_refusal_carries_its_code_and_message(plane: ControlPlane, namespace: str) -> None:
    with pytest.raises(ApiError, match=r'404 deployments\.apps "none" not found') as refused:
        workloads.get(plane, namespace, "none")
    assert refused.value.code == 404
    with pytest.raises(RuntimeError, match="NotFound"):
        plane.kubectl("-n", namespace, "get", "deployment/none")


def test_a_release_replaces_the_pods(
    plane: ControlPlane, namespace: str, deploy: Deploy, release: Deploy
) -> None:
    assert deploy("web", "x/web:1", replicas=3)["status"]["availableReplicas"] == 3
    released = release("web", "x/web:2")
    assert workloads.image_of(released) == "x/web:2"
    assert released["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"


def test_a_broken_image_never_gets_available(
    plane: ControlPlane, namespace: str, deploy: Deploy, release: Deploy
) -> None:
    deploy("web", "broken/slow:1")
    release("web", "x/web:2-broken", wait=False)
    wait_until(
        "the crash",
        lambda: "CrashLoopBackOff" in plane.kubectl("-n", namespace, "get", "pods").stdout,
        seconds=30,
    )
    with pytest.raises(
        TimeoutError, match=f"rollout of Deployment {namespace}/web: not within 1 s: .*updatedReplicas"
    ):
        workloads.wait_rolled_out(plane, namespace, "web", seconds=1)
    assert workloads.get(plane, namespace, "web")["status"]["availableReplicas"] == 2


def test_a_slow_image_takes_its_time(deploy: Deploy) -> None:
    started = time.monotonic()
    deploy("web", "x/web:slow", replicas=1)
    assert 5 <= time.monotonic() - started < 60


def test_the_audit_log_tells_users_apart(plane: ControlPlane, namespace: str, deploy: Deploy) -> None:
    deploy()
    since = datetime.now(UTC) - timedelta(milliseconds=50)
    patch_as(plane, namespace, "receiver-1")
    patch_as(plane, namespace, "receiver-2", "?dryRun=All")
    (second,) = plane.audit.wait_for(user="receiver-2", verb="patch", namespace=namespace)
    (first,) = plane.audit.requests(user="receiver-1", verb="patch", namespace=namespace, since=since)
    assert (first.resource, first.name, first.code, first.dry_run) == ("deployments", "web", 200, False)
    assert second.dry_run
    assert since <= first.received_at <= first.completed_at <= second.received_at


def test_the_audit_log_leaves_out_the_control_plane_itself(plane: ControlPlane, deploy: Deploy) -> None:
    deploy()
    assert {entry.user for entry in plane.audit.requests()} <= {"admin", "bench"} | {
        f"receiver-{n}" for n in range(1, 5)
    }
    assert plane.audit.requests(verb="create", resource="deployments")


def test_a_stopped_api_server_comes_back_with_its_data(
    plane: ControlPlane, namespace: str, deploy: Deploy, release: Deploy
) -> None:
    before = deploy()
    plane.stop_apiserver()
    with pytest.raises(ConnectionRefusedError):
        plane.request("GET", "/readyz")
    plane.recover()
    assert workloads.get(plane, namespace, "web")["metadata"]["uid"] == before["metadata"]["uid"]
    release("web", "x/web:2")
    assert plane.audit.requests(verb="create", resource="deployments", namespace=namespace)


def test_a_frozen_api_server_answers_nothing_until_it_is_thawed(
    plane: ControlPlane, deploy: Deploy, release: Deploy
) -> None:
    deploy()
    plane.freeze_apiserver()
    with pytest.raises(TimeoutError):
        plane.request("GET", "/readyz", timeout_seconds=0.5)
    plane.recover()
    release("web", "x/web:2")


def test_alertmanager_tells_the_webhook_of_an_alert_and_of_its_end() -> None:
    firing = {
        "labels": {"alertname": "HighErrorRate", "namespace": "shop"},
        "annotations": {"summary": "5 % < 12 %"},
    }
    with Webhook() as webhook, Alertmanager(webhook.url, token="a-token") as alertmanager:
        alertmanager.post(firing)
        (first,) = webhook.wait_for(1)
        assert first.headers["authorization"] == "Bearer a-token"
        assert first.body["status"] == "firing"
        assert [item["labels"] for item in alertmanager.alerts()] == [firing["labels"]]
        alertmanager.resolve(firing)
        assert webhook.wait_for(2)[1].body["status"] == "resolved"


def test_alertmanager_tries_again_what_was_not_taken() -> None:
    with Webhook(status=503) as webhook, Alertmanager(webhook.url) as alertmanager:
        alertmanager.post({"labels": {"alertname": "HighErrorRate"}})
        webhook.wait_for(2)
        webhook.status = 200
        wait_until("it is taken", lambda: 200 in webhook.answered, seconds=30)
        taken = len(webhook.received)
        time.sleep(3)
        assert len(webhook.received) == taken


def test_a_payload_is_what_alertmanager_sends() -> None:
    labels = {"namespace": "shop", "deployment": "chéckout", "severity": "critical"}
    ours = alert("HighErrorRate", labels, STARTED, annotations={"summary": "5 % < 12 %"})
    posted = {key: ours[key] for key in ("labels", "annotations", "startsAt", "generatorURL")}
    with Webhook() as webhook, Alertmanager(webhook.url, route={"group_by": ["alertname"]}) as alertmanager:
        alertmanager.post(posted)
        (delivery,) = webhook.wait_for(1)
    assert delivery.body == {**payload(ours), "externalURL": alertmanager.url}


def test_a_fingerprint_is_the_one_that_was_recorded() -> None:
    recorded = {
        "alertname": "HighErrorRate",
        "deployment": "checkout",
        "namespace": "shop",
        "scenario": "rollback.hook+1",
        "severity": "critical",
    }
    assert fingerprint(recorded) == "8d2b45c684606263"


@pytest.mark.parametrize(
    ("microsecond", "written"),
    [(0, "2026-05-01T12:00:00Z"), (120000, "2026-05-01T12:00:00.12Z"), (5, "2026-05-01T12:00:00.000005Z")],
)
def test_a_time_is_written_as_go_does(microsecond: int, written: str) -> None:
    assert timestamp(STARTED.replace(microsecond=microsecond)) == written


def test_what_was_temporary_is_gone_afterwards() -> None:
    with Webhook() as webhook, Alertmanager(webhook.url) as alertmanager:
        folder: Path = alertmanager.folder
        assert folder.exists()
    assert not folder.exists()
