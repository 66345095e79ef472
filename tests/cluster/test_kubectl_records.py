"""What somebody who has nothing but kubectl sees of a rollback; and what the receiver's log says of it."""

from itertools import pairwise

import pytest

from tests.cluster import scenes
from tests.cluster.kubectl import Kubectl, table
from tests.cluster.scenes import Deploy, Start, bad_release, resolved, rules
from tests.cluster.stories import Story
from tests.testbed.plane import Plane
from tests.testbed.processes import wait_until

TRAIL = {"record", "target", "rule", "change", "was", "now", "by"}


def test_a_rollback_is_readable_by_kubectl_and_in_the_log(
    story: Story, kubectl: Kubectl, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """The record's row, the Events on the workload, and a line of the log for each phase."""
    bad_release(deploy, release)
    running, alert = receiver(rules()), story.firing()
    (name,) = story.tell(running, alert)
    story.wait("Verifying")
    story.tell(running, resolved(alert))
    record = story.wait("Succeeded")
    target, message = f"Deployment/{story.namespace}/web", record["status"]["message"]

    at_home = Kubectl(story.plane, story.home)
    (row,) = table(at_home.says("get", "rb"))
    age = row.pop("AGE")
    assert age[-1] in "sm"
    assert row == {
        "NAME": name,
        "TARGET": target,
        "RULE": "bad-release",
        "PHASE": "Succeeded",
        "FROM": "2",
        "TO": "1",
    }
    assert at_home.says("get", "rb", "-o", "wide").endswith(message)
    full = f"rollback.rollback-receiver.dev/{name}"
    for word in ("rb", "rollback", "rollbacks", "rollback-receiver"):
        assert at_home.says("get", word, "-o", "name") == full, word

    scenes.wait_for_event(story.plane, story.namespace, "RollbackSucceeded")
    told = kubectl.says("describe", "deployment/web").partition("Events:")[2]
    said = {line.split()[1]: line for line in told.splitlines() if "rollback-receiver" in line}
    assert said.keys() == {"RollbackStarted", "RollbackSucceeded"}
    assert f"alert rule bad-release, record {name}" in said["RollbackStarted"]
    assert said["RollbackSucceeded"].endswith(message)
    assert all(line.split()[0] == "Normal" for line in said.values())

    trail = [line for line in running.log() if line["logger"] == "receiver.audit"]
    steps = ["", "Pending", "RollingBack", "Verifying", "Succeeded"]
    assert [(line["was"], line["now"]) for line in trail] == list(pairwise(steps))
    assert all(line.keys() == {"ts", "level", "logger", "msg", *TRAIL} for line in trail)
    assert {(line["record"], line["target"], line["rule"]) for line in trail} == {
        (name, target, "bad-release")
    }
    assert trail[-1]["msg"] == message


@pytest.mark.real_only("the sandbox describes no fields, so it has nothing to explain")
def test_kubectl_explains_every_field(plane: Plane, crd: None, kubectl: Kubectl) -> None:
    """As a person asks it, with the words of the CRD."""

    def explained() -> bool:
        asked = plane.kubectl("explain", "rollback.spec", check=False)
        return asked.returncode == 0 and "What was seen when the record was made" in asked.stdout

    wait_until("the API server describes the records", explained, seconds=60)
    told = kubectl.says("explain", "rb.spec.target")
    assert "The workload that the alert is about" in told
    assert "The kind of workload, for example Deployment." in told
    fields = kubectl.says("explain", "rollback", "--recursive")
    assert "templateHash" in fields
    assert "for programs and metrics" in kubectl.says("explain", "rollback.status.decision.verdicts.reason")
