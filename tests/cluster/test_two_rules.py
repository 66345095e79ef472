"""All that is told of one suspected release of a workload is one record: all alerts, and all rules' words."""

import pytest

from tests.cluster import scenes
from tests.cluster.scenes import BAD, GOOD, TOLD_ALREADY, Deploy, Object, Start, bad_release, resolved, rules
from tests.cluster.stories import Story, guards
from tests.testbed.processes import wait_until

BOLD: Object = {"name": "bold", "mode": "auto"}
CAREFUL: Object = {"name": "careful", "mode": "dry-run"}
STRICT: Object = {"name": "strict", **guards(max_alert_age="0s")}
LATENCY: Object = {"name": "latency", "matchers": ['alertname="HighLatency"']}


def said_by_others(record: Object) -> dict[str, tuple[str, list[str]]]:
    """Return the phase that each rule which did not lead came to, and the guards that blocked it."""
    return {
        other["rule"]: (
            other["phase"],
            [verdict["guard"] for verdict in other["verdicts"] if verdict.get("allowed") is False],
        )
        for other in record["status"]["decision"]["others"]
    }


@pytest.mark.parametrize(
    "order",
    [(BOLD, CAREFUL, STRICT), pytest.param((STRICT, CAREFUL, BOLD), marks=TOLD_ALREADY)],
    ids=["it stands first", "it stands last"],
)
def test_the_rule_that_goes_furthest_decides_and_the_others_are_kept(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, order: tuple[Object, ...]
) -> None:
    bad_release(deploy, release)
    story.tell(receiver(rules(*order)))
    record = story.wait("Verifying")
    assert record["status"]["decision"]["rule"] == "bold"
    assert said_by_others(record) == {"careful": ("DryRun", []), "strict": ("Refused", ["stale"])}
    assert (story.image(), len(story.patches())) == (GOOD, 1)


@pytest.mark.parametrize(
    "first", [CAREFUL, pytest.param(STRICT, marks=TOLD_ALREADY)], ids=lambda rule: str(rule["name"])
)
def test_a_dry_run_goes_further_than_a_refusal(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, first: Object
) -> None:
    bad_release(deploy, release)
    story.tell(receiver(rules(*sorted([CAREFUL, STRICT], key=lambda rule: rule is not first))))
    record = story.wait("DryRun")
    assert record["status"]["decision"]["rule"] == "careful"
    assert said_by_others(record) == {"strict": ("Refused", ["stale"])}
    assert (story.image(), story.patches()) == (BAD, [])


def test_of_two_rules_that_go_equally_far_the_first_of_the_file_decides(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    bad_release(deploy, release)
    story.tell(receiver(rules({"name": "zeal"}, {"name": "ardour"})))
    record = story.wait("Verifying")
    assert record["status"]["decision"]["rule"] == "zeal"
    assert said_by_others(record) == {"ardour": ("Pending", [])}
    assert len(story.patches()) == 1


def test_an_alert_of_another_rule_joins_and_all_must_end(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """One that is told once more right before its end does not fire on."""
    bad_release(deploy, release)
    running = receiver(rules({"name": "errors"}, LATENCY))
    errors = [story.firing(instance=str(number)) for number in range(2)]
    latency = scenes.firing(story.namespace, name="HighLatency")
    told = story.tell(running, *errors)
    story.wait("Verifying")
    assert story.tell(running, latency) == told
    record = story.wait("Verifying")
    assert sorted((each["name"], each["rule"]) for each in record["status"]["alerts"]) == [
        ("HighErrorRate", "errors"),
        ("HighErrorRate", "errors"),
        ("HighLatency", "latency"),
    ]
    story.tell(running, *errors)
    story.tell(running, *map(resolved, errors))
    wait_until("the count", lambda: story.wait("Verifying")["status"]["occurrences"] == 5, seconds=20)
    story.tell(running, resolved(latency))
    story.wait("Succeeded")
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def test_of_150_alerts_100_are_listed_and_the_rest_counted(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    bad_release(deploy, release)
    running, alerts = receiver(rules()), [story.firing(instance=str(number)) for number in range(150)]
    assert len(story.tell(running, *alerts)) == 1
    status = story.wait("Verifying")["status"]
    listed = {entry["fingerprint"] for entry in status["alerts"]}
    assert len(listed) == 100
    assert listed < {each["fingerprint"] for each in alerts}
    assert (status["alertsNotListed"], status["occurrences"]) == (50, 150)
    story.tell(running, *map(resolved, alerts))
    story.wait("Succeeded")
    assert len(story.patches()) == 1
