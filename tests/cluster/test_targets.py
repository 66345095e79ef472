"""Whose workload an alert is about; and what becomes of alerts that are about none, or pretend to be."""

from datetime import UTC, datetime

import pytest

from tests.cluster import scenes
from tests.cluster.hostile import HOSTILE, assert_log_is_sound
from tests.cluster.receivers import alert, payload
from tests.cluster.scenes import (
    BAD,
    GOOD,
    TOLD_ALREADY,
    Deploy,
    Object,
    Start,
    bad_release,
    blocked_by,
    rules,
)
from tests.cluster.stories import Story
from tests.testbed import workloads

BY_SERVICE = {
    "name": "by-service",
    "matchers": ['severity!="none"'],
    "target": {"kind": "Deployment", "namespace": "{{ $labels.namespace }}", "name": "{{ $labels.service }}"},
}
BY_SELECTOR = {"target": {"service": "{{ $labels.service }}", "namespace": "{{ $labels.namespace }}"}}


def refused(story: Story) -> dict[str, Object]:
    """Return all records, proven to be refused by guard target and judged by no other, by rule and reason."""
    found: dict[str, Object] = {}
    for record in scenes.records(story.plane, story.home):
        verdicts = record["status"]["decision"]["verdicts"]
        assert (scenes.phase_of(record), blocked_by(record)) == ("Refused", ["target"])
        assert [verdict["guard"] for verdict in verdicts if "allowed" in verdict] == ["target"]
        found[f"{record['spec']['rule']}: {verdicts[0]['reason']}"] = record
    return found


def test_an_alert_about_a_pod_is_about_the_deployment_that_owns_it(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    bad_release(deploy, release)
    pods = story.plane.request("GET", f"/api/v1/namespaces/{story.namespace}/pods")["items"]
    names = [pod["metadata"]["name"] for pod in pods if pod["spec"]["containers"][0]["image"] == BAD]
    alerts = [alert("HighErrorRate", {"namespace": story.namespace, "pod": name}) for name in names]
    assert len(story.tell(receiver(rules()), *alerts)) == 1
    record = story.wait("Verifying")
    assert (record["spec"]["target"]["name"], len(record["status"]["alerts"])) == ("web", 2)
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def test_a_deployment_is_found_whatever_labels_its_pods_have(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """The usual label app=NAME is only a guess: here it selects a neighbour's revisions."""
    deploy("neighbour", "x/neighbour:1", **pods_labelled(app="web", team="b"))
    release("neighbour", "x/neighbour:2")
    deploy("web", GOOD, **pods_labelled(tier="front", team="a"))
    release("web", BAD)
    story.tell(receiver(rules()), scenes.firing(story.namespace))
    story.wait("Verifying")
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def pods_labelled(**labels: str) -> Object:
    """Return what makes a Deployment select its pods by these labels."""
    container = {"name": workloads.CONTAINER, "image": GOOD}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {"selector": {"matchLabels": labels}, "template": template}


def create_service(story: Story, name: str, **selector: str) -> Object:
    """Create a Service that selects pods by these labels, and return an alert about it."""
    spec = {"ports": [{"port": 80}], "selector": selector}
    path = f"/api/v1/namespaces/{story.namespace}/services"
    story.plane.request("POST", path, {"metadata": {"name": name}, "spec": spec})
    return alert("HighErrorRate", {"namespace": story.namespace, "service": name})


def test_an_alert_about_a_service_is_about_the_workload_that_it_selects(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """Not about its namesake, and not about one that has only some of the labels."""
    deploy("web", GOOD, **pods_labelled(tier="front", team="a"))
    release("web", BAD)
    deploy("shop", GOOD, **pods_labelled(tier="back", team="a"))
    release("shop", BAD)
    story.tell(receiver(rules(BY_SELECTOR)), create_service(story, "shop", tier="front", team="a"))
    record = story.wait("Verifying")
    assert record["spec"]["target"]["name"] == "web"
    assert (story.image(), len(story.patches())) == (GOOD, 1)
    assert (story.image("shop"), story.sent_patches("shop")) == (BAD, [])


def test_a_service_of_two_workloads_or_of_none_is_refused(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """Both were released a moment ago; nobody knows which of them it is."""
    for name in ("blue", "green"):
        deploy(name, GOOD, **pods_labelled(team="a", color=name))
        release(name, BAD)
    both, none = create_service(story, "both", team="a"), create_service(story, "none", team="b")
    absent = alert("HighErrorRate", {"namespace": story.namespace, "service": "absent"})
    story.tell(receiver(rules(BY_SELECTOR)), both, none, absent)
    found = {reason: record["status"]["message"] for reason, record in refused(story).items()}
    place = story.namespace
    prefix = "Refused: rule bad-release found no target:"
    assert found == {
        "bad-release: selects_several": (
            f"{prefix} Service {place}/both (team=a) selects 2 workloads, not one:"
            f" Deployment {place}/blue, Deployment {place}/green"
        ),
        "bad-release: selects_none": (
            f"{prefix} Service {place}/none (team=b) selects no Deployment, StatefulSet, DaemonSet or Rollout"
        ),
        "bad-release: not_found": f"{prefix} Service {place}/absent does not exist",
    }
    assert scenes.patches(story.plane, story.namespace) == []


def test_alerts_without_a_target_leave_one_record_for_each_rule_and_reason(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    bad_release(deploy, release)
    running, here = receiver(rules({}, BY_SERVICE)), {"namespace": story.namespace}
    nameless = [alert("HighErrorRate", {**here, "instance": str(number)}) for number in range(5)]
    absent = [alert("HighErrorRate", {**here, "deployment": f"none-{number}"}) for number in range(5)]
    absent += [alert("HighErrorRate", {**here, "pod": "none"}), alert("HighErrorRate", {"pod": "none"})]
    elsewhere = alert("Other", {"namespace": "none", "service": "web"})
    for _ in range(2):
        told = {name for each in (nameless, absent, [elsewhere]) for name in story.tell(running, *each)}
    found = refused(story)
    assert {reason: record["status"]["occurrences"] for reason, record in found.items()} == {
        "bad-release: label_missing": 12,
        "bad-release: not_found": 12,
        "by-service: label_missing": 24,
        "by-service: not_found": 2,
    }
    assert {record["metadata"]["name"] for record in found.values()} == told
    assert (story.image(), scenes.patches(story.plane, story.namespace)) == (BAD, [])


@pytest.mark.parametrize(
    "label",
    ["pod", *(pytest.param(each, marks=TOLD_ALREADY) for each in ("namespace", "deployment", "alertname"))],
)
def test_no_label_reaches_an_api_path_or_breaks_the_log(story: Story, receiver: Start, label: str) -> None:
    since = datetime.now(UTC)
    running = receiver(rules({}, BY_SERVICE))
    named = {"namespace": story.namespace, **({"deployment": "web"} if label == "namespace" else {})}
    alerts = [
        alert("HighErrorRate", {**named, label: value}, annotations={"summary": value})
        for value in HOSTILE.values()
    ]
    status, answer = running.post(payload(*alerts))
    assert (status, answer.get("accepted")) == (202, len(HOSTILE))
    found = refused(story)
    assert set(answer["records"]) == {record["metadata"]["name"] for record in found.values()}
    assert all(record["status"]["message"].isprintable() for record in found.values())
    scenes.flush_audit(story.plane)
    asked = [e for e in story.plane.audit.requests(since=since) if e.user == "receiver-1"]
    assert {(e.namespace, e.resource) for e in asked} == {
        (story.home, "rollbacks"),
        (story.home, "configmaps"),
    }
    assert_log_is_sound(running)
