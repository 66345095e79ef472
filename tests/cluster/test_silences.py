"""A real Alertmanager keeps quiet about an alert while its rollback runs, and not a moment longer."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.receivers import Receiver
from tests.cluster.scenes import Deploy, Object, Start, bad_release, rules
from tests.cluster.stories import Story
from tests.testbed.alertmanager import Alertmanager
from tests.testbed.processes import free_port, wait_until

pytestmark = pytest.mark.real_only("it is about Alertmanager")
Silenced = Callable[..., tuple[Receiver, Alertmanager]]


@pytest.fixture
def silenced(receiver: Start, tmp_path: Path) -> Iterator[Silenced]:
    """Start a receiver that silences alerts, and the Alertmanager that sends to it."""
    opened: list[Alertmanager] = []

    def start(**rule: Any) -> tuple[Receiver, Alertmanager]:
        port, config = free_port(), tmp_path / "config.yaml"
        address = f"http://127.0.0.1:{port}"
        config.write_text(json.dumps({"silence_alerts": True, "alertmanager_url": address}))
        running = receiver(rules(rule), extra=[f"--config={config}"])
        opened.append(Alertmanager(f"{running.url}/alerts", port=port).__enter__())
        return running, opened[0]

    yield start
    for each in opened:
        each.__exit__()


def sent(alert: Object) -> Object:
    """Return an alert as Prometheus sends it."""
    return {key: alert[key] for key in ("labels", "annotations", "startsAt")}


def wait_for_silence(alertmanager: Alertmanager, state: str) -> Object:
    """Return the only silence, once it is in this state."""

    def found() -> Object | None:
        known = alertmanager.silences()
        assert len(known) <= 1
        return known[0] if known and known[0]["status"]["state"] == state else None

    return wait_until(f"a silence that is {state}", found, seconds=20) or {}


@pytest.mark.parametrize("killed", [False, True], ids=["in one life", "killed meanwhile"])
def test_an_alert_is_silenced_while_its_rollback_runs_and_its_end_is_found_all_the_same(
    story: Story, deploy: Deploy, release: Deploy, silenced: Silenced, killed: bool
) -> None:
    """While it is silenced Alertmanager tells nobody that the alert has ended: it has to be asked."""
    bad_release(deploy, release)
    running, alertmanager = silenced()
    alert, other = sent(story.firing()), sent(story.firing("other", team="b"))
    alertmanager.post(alert)
    record = story.wait("Verifying")
    silence = wait_for_silence(alertmanager, "active")
    assert {each["name"]: each["value"] for each in silence["matchers"]} == alert["labels"]
    assert all(each["isEqual"] and not each["isRegex"] for each in silence["matchers"])
    assert record["metadata"]["name"] in silence["comment"]
    alertmanager.post(other)
    states = {each["labels"]["deployment"]: each["status"]["state"] for each in alertmanager.alerts()}
    assert states["web"] == "suppressed"
    assert states["other"] != "suppressed"
    if killed:
        running.restart()
    alertmanager.resolve(alert)
    story.wait_for(record["metadata"]["name"], "Succeeded", seconds=60)
    wait_for_silence(alertmanager, "expired")


def test_a_silenced_alert_still_fires_for_the_verification(
    story: Story, deploy: Deploy, release: Deploy, silenced: Silenced
) -> None:
    """Were silenced ones hidden from it, it would take its own silence for a cure."""
    bad_release(deploy, release)
    _, alertmanager = silenced(verify={"resolved_within": "20s", "rollout_timeout": "2m"})
    alertmanager.post(sent(story.firing()))
    story.wait("Verifying")
    wait_for_silence(alertmanager, "active")
    record = story.wait("NotCured", seconds=60)
    assert "HighErrorRate still fires" in record["status"]["message"]
    wait_for_silence(alertmanager, "expired")
