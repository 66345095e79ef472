"""Each change is told once to everybody who is to hear of it, and no rollback waits for that."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster import scenes
from tests.cluster.endpoints import Endpoint, Fault, notifying
from tests.cluster.receivers import Receiver
from tests.cluster.scenes import GOOD, Deploy, Start, bad_release, resolved, rules
from tests.cluster.stories import Story, metric
from tests.testbed.processes import wait_until

Endpoints = Callable[..., dict[str, Endpoint]]


@pytest.fixture
def endpoints() -> Iterator[Endpoints]:
    """Open an endpoint for each of these faults, by their names, or sound ones by the names given."""
    with ExitStack() as stack:

        def opened(*names: str | Fault) -> dict[str, Endpoint]:
            made = {str(name): Endpoint(name if isinstance(name, Fault) else None) for name in names}
            return {name: stack.enter_context(each) for name, each in made.items()}

        yield opened


def wait_until_all_is_told(story: Story) -> None:
    """Return when no record has anything left to tell: nothing more will come."""

    def told() -> bool:
        found = scenes.records(story.plane, story.home)
        return not any(record["status"].get("untold") for record in found)

    wait_until("everything is told", told, seconds=60)


@pytest.mark.slow
def test_endpoints_that_hang_refuse_redirect_and_fail_delay_nothing_and_miss_nothing(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, endpoints: Endpoints, tmp_path: Path
) -> None:
    """A refusal has every courier at its faulty endpoint before the rollback begins."""
    bad_release(deploy, release)
    broken = endpoints(*Fault)
    running = receiver(rules(), extra=notifying(tmp_path, broken))
    story.tell(running, story.firing("no-such"))
    wait_until(
        "tries", lambda: all(each.tries for name, each in broken.items() if name != "refuses"), seconds=20
    )
    alert = story.firing()
    (name,) = story.tell(running, alert)
    story.wait_for(name, "Verifying")
    assert (story.image(), len(story.patches())) == (GOOD, 1)
    assert [each.taken for each in broken.values()] == [[]] * 4
    for each in broken.values():
        each.mend()
    story.tell(running, resolved(alert))
    story.wait_for(name, "Succeeded")
    wait_until_all_is_told(story)
    for each in broken.values():
        assert each.told_once("Refused", "Started", "Succeeded"), each.events
        assert set(each.tries) == {"/hook"}
    for fault in Fault:
        assert metric(running, f'notifications_total{{outcome="sent",receiver="{fault}"}}') == 3
        assert metric(running, f'notifications_total{{outcome="failed",receiver="{fault}"}}') >= 1


def test_two_receivers_tell_each_change_once_whom_the_rule_names(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, endpoints: Endpoints, tmp_path: Path
) -> None:
    bad_release(deploy, release)
    sound = endpoints("shop", "pager")
    flags = notifying(tmp_path, sound)
    pair = [receiver(rules({"notify": ["shop"]}), extra=flags) for _ in range(2)]
    alert = story.firing()
    for each in pair:
        story.tell(each, alert)
    story.wait("Verifying")
    story.tell(pair[0], resolved(alert))
    story.wait("Succeeded")
    wait_until_all_is_told(story)
    assert sound["shop"].told_once("Started", "Succeeded"), sound["shop"].events
    assert sound["pager"].tries == []


def test_a_release_that_awaits_approval_is_told_with_the_way_to_the_page(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, endpoints: Endpoints, tmp_path: Path
) -> None:
    bad_release(deploy, release)
    (shop,) = endpoints("shop").values()
    running = receiver(rules({"mode": "approve"}), extra=notifying(tmp_path, {"shop": shop}))
    (name,) = story.tell(running)
    story.tell(running)
    wait_until_all_is_told(story)
    (message,) = shop.taken
    assert (message["event"], message["record"]) == ("AwaitingApproval", name)
    assert (message["target"]["name"], message["from"], message["to"]) == ("web", 2, 1)
    kept = story.record(name)
    alert, images = kept["spec"]["alert"], kept["status"]["decision"]["to"]["images"]
    assert (message["alert"]["name"], message["alert"]["fingerprint"]) == (
        alert["name"],
        alert["fingerprint"],
    )
    assert (message["expiresAt"], message["toImages"]) == (kept["status"]["expiresAt"], images)


@pytest.mark.slow
@pytest.mark.real_only("it is about a receiver that is killed")
def test_what_a_killed_receiver_was_telling_another_one_tells(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, endpoints: Endpoints, tmp_path: Path
) -> None:
    bad_release(deploy, release)
    (slow,) = endpoints(Fault.HANGS).values()
    flags = notifying(tmp_path, {"shop": slow})
    pair = [receiver(rules(), extra=flags) for _ in range(2)]
    (name,) = story.tell(pair[0])
    wait_until("a try", lambda: slow.tries, seconds=20)
    (killed,) = (each for each in pair if sees_to_it(story, name, each))
    killed.kill()
    slow.mend()
    assert slow.taken == []
    wait_until_all_is_told(story)
    assert slow.told_once("Started"), slow.events


def sees_to_it(story: Story, name: str, running: Receiver) -> bool:
    """Tell whether it is this receiver that sends a record's first notice."""
    (delivery,) = story.record(name)["status"]["notifications"][0]["deliveries"]
    return f":{running.port}/" in delivery["holder"]
