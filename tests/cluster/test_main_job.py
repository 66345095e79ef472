"""Alertmanager tells the receiver of an alert, and the Deployment is back on the release before: once."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from tests.cluster import scenes
from tests.cluster.receivers import payload
from tests.cluster.scenes import BAD, GOOD, TOLD_ALREADY, Deploy, Object, Start, bad_release, resolved, rules
from tests.cluster.stories import Story
from tests.testbed.alertmanager import Alertmanager
from tests.testbed.audit import AuditEntry
from tests.testbed.processes import free_port, wait_until

OFTEN = {"repeat_interval": "1s"}


def as_prometheus_sends(alert: Mapping[str, object], **more: str) -> Object:
    return {key: alert[key] for key in ("labels", "annotations", "startsAt", "generatorURL")} | more


def wait_for_repeats(story: Story, phase: str) -> None:
    """Return when Alertmanager has told of the alert twice more, and the record is still in this phase."""

    before = occurrences(story, phase)
    wait_until("repeats", lambda: occurrences(story, phase) >= before + 2, seconds=30)


def occurrences(story: Story, phase: str) -> int:
    """Return how often the alerts of the only record were told."""
    return int(story.wait(phase)["status"]["occurrences"])


def reads(story: Story, since: datetime) -> list[AuditEntry]:
    """Return what receivers have read, without what is read from time to time anyway: by pulse and sweep."""
    scenes.flush_audit(story.plane)
    asked = sorted(story.plane.audit.requests(), key=lambda entry: entry.received_at)
    here = {story.home, story.namespace}
    found, pulse = list[AuditEntry](), False
    for entry in (e for e in asked if e.user.startswith("receiver-") and e.namespace in here):
        if "/rollbacks?limit=1" in entry.uri:
            pulse = True
        elif pulse and entry.resource == "configmaps":
            pulse = False  # The pulse reads the ledger too.
        elif entry.verb in {"get", "list"} and "fieldSelector=status.phase" not in entry.uri:
            found.append(entry)
    return [entry for entry in found if entry.received_at >= since]


def test_a_release_is_rolled_back_by_one_patch_and_the_end_of_its_alert_ends_the_record(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    bad_release(deploy, release)
    running, since = receiver(rules()), scenes.version(story.plane, story.home)
    alert = as_prometheus_sends(story.firing())
    with Alertmanager(f"{running.url}/alerts", route=OFTEN) as alertmanager:
        alertmanager.post(alert)
        verified = story.wait("Verifying")
        wait_for_repeats(story, "Verifying")
        alertmanager.resolve(alert)
        ended = story.wait("Succeeded")
    assert (ended["spec"]["suspect"]["images"], story.image()) == ({"app": BAD}, GOOD)
    assert ended["status"]["decision"]["to"]["images"] == {"app": GOOD}
    assert ended["status"]["patchedAt"] == verified["status"]["patchedAt"]
    entered = scenes.phases_since(story.plane, story.home, since)
    assert entered == ["Pending", "RollingBack", "Verifying", "Succeeded"]
    told = scenes.wait_for_event(story.plane, story.namespace, "RollbackSucceeded")
    assert told == ["RollbackStarted", "RollbackSucceeded"]
    assert len(story.patches()) == 1


def test_what_is_told_again_after_the_end_changes_nothing(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    bad_release(deploy, release)
    running, alert = receiver(rules()), story.firing()
    story.tell(running, alert)
    story.wait("Verifying")
    story.tell(running, resolved(alert))
    record = story.wait("Succeeded")
    for again in (alert, resolved(alert), alert):
        story.tell(running, again)
    running.restart()
    for again in (resolved(alert), alert):
        story.tell(running, again)
    assert story.wait("Succeeded")["status"]["finishedAt"] == record["status"]["finishedAt"]
    assert (story.image(), len(story.patches())) == (GOOD, 1)


@pytest.mark.real_only("the cluster does nothing here that it does not do elsewhere")
def test_an_alert_that_fires_on_leaves_its_record_not_cured(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    bad_release(deploy, release)
    running = receiver(rules({"verify": {"resolved_within": "3s"}}))
    since = scenes.version(story.plane, story.home)
    with Alertmanager(f"{running.url}/alerts", route=OFTEN) as alertmanager:
        alertmanager.post(as_prometheus_sends(story.firing()))
        record = story.wait("NotCured")
        wait_for_repeats(story, "NotCured")
    assert "nobody has said that HighErrorRate cleared, 3s after the rollout" in record["status"]["message"]
    entered = scenes.phases_since(story.plane, story.home, since)
    assert entered == ["Pending", "RollingBack", "Verifying", "NotCured"]
    told = scenes.wait_for_event(story.plane, story.namespace, "RollbackNotCured")
    assert told == ["RollbackStarted", "RollbackNotCured"]
    assert (story.image(), len(story.patches())) == (GOOD, 1)


@pytest.mark.real_only("it is about Alertmanager")
def test_an_alert_of_whose_end_nobody_tells_is_found_ended_by_asking_alertmanager(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    bad_release(deploy, release)
    port = free_port()
    running = receiver(rules(), extra=[f"--alertmanager-url=http://127.0.0.1:{port}"])
    silent = {"send_resolved": False}
    with Alertmanager(f"{running.url}/alerts", webhook_config=silent, port=port) as alertmanager:
        sent = as_prometheus_sends(story.firing())
        alertmanager.post(sent)
        story.wait("Verifying")
        assert alertmanager.alerts()
        ends_at = datetime.now(UTC)
        alertmanager.resolve(sent)
        record = story.wait("Succeeded")
    assert datetime.fromisoformat(record["status"]["finishedAt"]) >= ends_at
    assert len(story.patches()) == 1


@pytest.mark.parametrize(
    ("phase", "resolved_within", "times", "most_reads"),
    [
        pytest.param("Verifying", "10m", 10, 10 + 3, id="ten while it is verified", marks=TOLD_ALREADY),
        pytest.param("NotCured", "1s", 1, 1, id="one after the end", marks=TOLD_ALREADY),
        pytest.param("NotCured", "1s", 10, 10, id="ten after the end"),
    ],
)
def test_a_repeat_costs_one_read(
    story: Story,
    deploy: Deploy,
    release: Deploy,
    receiver: Start,
    phase: str,
    resolved_within: str,
    times: int,
    most_reads: int,
) -> None:
    """While it is verified, the repeats meet at most one of the looks that are taken every 5 s."""
    bad_release(deploy, release)
    running, alert = receiver(rules({"verify": {"resolved_within": resolved_within}})), story.firing()
    story.tell(running, alert)
    before = occurrences(story, phase)
    since = datetime.now(UTC)
    assert [running.post(payload(alert))[0] for _ in range(times)] == [202] * times
    wait_until("the count", lambda: occurrences(story, phase) >= before + times, seconds=20)
    assert len(reads(story, since)) <= most_reads
    assert len(story.patches()) == 1
