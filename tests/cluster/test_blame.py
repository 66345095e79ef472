"""What a real Prometheus knows of an alert, and whose the pods are that it names."""

from pathlib import Path

import pytest

from tests.cluster import scenes
from tests.cluster.receivers import alert
from tests.cluster.scenes import BAD, GOOD, Deploy, Object, Start, bad_release, rules
from tests.cluster.stories import Story, evidence, run
from tests.testbed import workloads
from tests.testbed.alertmanager import Alertmanager
from tests.testbed.processes import free_port, wait_until
from tests.testbed.prometheus import Prometheus


def explained(story: Story, *flags: str, **labels: str) -> str:
    """Return what `explain` says of the alert, as if it fired now."""
    named = {"alertname": "HighErrorRate", "namespace": story.namespace, "deployment": "web", **labels}
    said = [f"--label={name}={value}" for name, value in named.items()]
    kubeconfig = story.plane.kubeconfig_for("receiver-2")
    done = run("explain", f"--kubeconfig={kubeconfig}", f"--namespace={story.home}", *flags, *said)
    assert done.returncode == 0, done.stderr
    return done.stdout


def blamed(record: Object) -> str:
    """Return the evidence of guard blame."""
    (verdict,) = [v for v in record["status"]["decision"]["verdicts"] if v["guard"] == "blame"]
    return str(verdict["evidence"])


@pytest.mark.real_only("Prometheus is asked by the same means")
def test_blame_goes_by_the_activeat_of_the_prometheus_that_sent_the_alert(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, tmp_path: Path
) -> None:
    """By the rule's `for`, which is wrong, the trouble would have begun an hour before the release.

    So it is refused while Prometheus takes longer than its second, and judged afresh at each repeat.
    """
    bad_release(deploy, release)
    port = free_port()
    labels = {"namespace": story.namespace, "deployment": "web"}
    rule = {"alert": "HighErrorRate", "expr": "vector(1)", "for": "5s", "labels": labels}
    prometheus = Prometheus(f"http://127.0.0.1:{port}", rule, external_labels={"cluster": "east"})
    asked, file = f"--prometheus-url={prometheus.url}", tmp_path / "rules.yaml"
    file.write_text(rules({"for": "1h"}))
    running = receiver(file, extra=[asked])
    again = {"repeat_interval": "2s"}
    with Alertmanager(f"{running.url}/alerts", route=again, port=port), prometheus:
        record = story.wait("Verifying", seconds=30)
        (known,) = prometheus.alerts()
        active = f"(activeAt {known['activeAt'][:26]}"
        flags = (f"--rules={file}", asked)
        wait_until(active, lambda: active in explained(story, *flags, cluster="east"), seconds=30)
    assert record["spec"]["alert"]["labels"]["cluster"] == "east"
    assert "cluster" not in known["labels"]
    assert active in blamed(record)
    assert "warnings" not in record["status"]["decision"]
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def test_an_alert_about_the_old_revisions_pods_does_not_blame_the_new_one(
    story: Story, deploy: Deploy, receiver: Start
) -> None:
    """Both of the old revision are there, and one of the new, as long as its rollout is under way."""
    deploy("web", GOOD)
    container = {"name": workloads.CONTAINER, "image": BAD}
    story.change({"spec": {"minReadySeconds": 500, "template": {"spec": {"containers": [container]}}}})

    def three() -> list[Object]:
        found: list[Object] = story.plane.request("GET", f"/api/v1/namespaces/{story.namespace}/pods")[
            "items"
        ]
        return found if len(found) == 3 else []

    pods = wait_until("the first pod of the new revision", three, seconds=30)
    names = [pod["metadata"]["name"] for pod in pods]
    alerts = [alert("HighErrorRate", {"namespace": story.namespace, "pod": name}) for name in names]
    story.tell(receiver(rules()), *alerts)
    refused = story.wait("Refused")
    assert evidence(refused).keys() == {"blame"}
    assert "1 of the 3 pods with it are of this revision" in blamed(refused)
    assert (story.image(), scenes.patches(story.plane, story.namespace)) == (BAD, [])
