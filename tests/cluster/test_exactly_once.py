"""Whatever happens to the receivers, a release is rolled back once; and what was answered is not lost."""

import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.cluster import scenes
from tests.cluster.proxy import Asked, Proxy, is_dry_run, is_patch
from tests.cluster.receivers import Receiver, payload
from tests.cluster.scenes import BAD, GOOD, Deploy, Object, Start, bad_release, resolved, rules
from tests.cluster.stories import Story, release_all
from tests.testbed import workloads
from tests.testbed.audit import AuditEntry
from tests.testbed.plane import Plane
from tests.testbed.processes import wait_until

pytestmark = pytest.mark.real_only("it is about receivers that are killed and frozen")
COPIES, ROUNDS = 20, 30
LONGEST_SECONDS = 0.15
TAKE_OVER_SECONDS = 60
CLAIMED_BY = "rollback-receiver.dev/claimed-by"
FROZEN = {"claimed": "receiver-1", "sending": "receiver-2", "sent": "receiver-3"}


def taken(running: Receiver, alert: Object) -> bool:
    """Send an alert, and tell whether the answer was 202; half an answer is none."""
    try:
        return running.post(payload(alert))[0] == 202
    except (OSError, HTTPException):
        return False


@dataclass(frozen=True)
class Proxied:
    """A receiver that reaches the API server through a proxy."""

    receiver: Receiver
    proxy: Proxy

    def has_claimed(self, record: Object) -> bool:
        """Tell whether it was this receiver that made the record."""
        return f":{self.receiver.port}/" in record["metadata"]["annotations"][CLAIMED_BY]


@pytest.fixture
def proxied(plane: Plane, tmp_path: Path, receiver: Start) -> Iterator[Callable[[str], Proxied]]:
    """Start a receiver behind a proxy as this user."""
    with ExitStack() as stack:

        def start(user: str) -> Proxied:
            proxy = stack.enter_context(Proxy(plane, tmp_path, user))
            return Proxied(receiver(rules(), extra=[f"--kubeconfig={proxy.kubeconfig}"]), proxy)

        yield start


@pytest.mark.slow
def test_forty_copies_to_two_receivers_of_which_one_is_killed_make_one_patch(
    story: Story, deploy: Deploy, release: Deploy, proxied: Callable[[str], Proxied]
) -> None:
    """The one that has claimed is killed before it has patched or answered; the other goes on with it."""
    bad_release(deploy, release)
    alert, pair = story.firing(), [proxied("receiver-1"), proxied("receiver-2")]
    for each in pair:
        each.proxy.before(is_dry_run, partial(kill_if_it_has_claimed, story, each))
    with ThreadPoolExecutor(2 * COPIES) as pool:
        copies = [(each, pool.submit(taken, each.receiver, alert)) for _ in range(COPIES) for each in pair]
    answered = Counter(each.receiver.running for each, copy in copies if copy.result())
    assert answered == {True: COPIES}
    story.wait("Verifying", seconds=TAKE_OVER_SECONDS)
    (survivor,) = (each.receiver for each in pair if each.receiver.running)
    story.tell(survivor, resolved(alert))
    story.wait("Succeeded")
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def test_an_alert_that_has_ended_before_its_claim_is_taken_over_changes_nothing(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, proxied: Callable[[str], Proxied]
) -> None:
    """The end is told to another receiver, while the one that has claimed is dead."""
    bad_release(deploy, release)
    alert, each, other = story.firing(), proxied("receiver-1"), receiver(rules())
    each.proxy.before(is_dry_run, partial(kill_if_it_has_claimed, story, each))
    assert not taken(each.receiver, alert)
    story.tell(other, resolved(alert))
    each.receiver.start()
    assert scenes.blocked_by(story.wait("Refused")) == ["firing"]
    assert (story.image(), story.patches()) == (BAD, [])


def kill_if_it_has_claimed(story: Story, each: Proxied, _: Asked) -> None:
    """Kill the receiver if the only record is its own, once there is one."""
    found = wait_until("the claim", lambda: scenes.records(story.plane, story.home), seconds=30)
    if each.has_claimed(found[0]):
        each.receiver.kill()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_was_answered_is_done_and_what_was_not_is_done_when_it_is_sent_again(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """The receiver is killed up to 150 ms after each alert was sent; --randomly-seed repeats the moments.

    Where the kill cuts a PATCH's answer off, the audit log calls it a failure (504), done or not: that the
    template has changed once since the release is told by its generation.
    """
    names = [f"web-{number}" for number in range(ROUNDS)]
    release_all(story, names, deploy, release)
    running, alerts = receiver(rules()), {name: story.firing(name) for name in names}
    moments = [random.uniform(0, LONGEST_SECONDS) for _ in names]
    outcomes = []
    for alert, seconds in zip(alerts.values(), moments, strict=True):
        answered = struck(running, alert, seconds)
        running.start()
        running.wait_ready()
        if not answered:
            story.tell(running, alert)
        outcomes.append(f"{1000 * seconds:.0f} ms {'answered' if answered else 'not answered'}")
    sys.stdout.write(f"killed after {', '.join(outcomes)}\n")
    story.wait_for_all(ROUNDS, "Verifying", seconds=60)
    story.tell(running, *map(resolved, alerts.values()))
    story.wait_for_all(ROUNDS, "Succeeded", seconds=30)
    found = [workloads.get(story.plane, story.namespace, name) for name in names]
    assert {(workloads.image_of(body), body["metadata"]["generation"]) for body in found} == {(GOOD, 3)}
    assert max(story.changes().values()) == 1
    assert len(story.spent()) == len(set(story.spent())) == ROUNDS


def struck(running: Receiver, alert: Object, seconds: float) -> bool:
    """Send an alert, kill the receiver so much later, and tell whether it had answered."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(taken, running, alert)
        time.sleep(seconds)
        running.kill()
    return answer.result()


@pytest.mark.slow
def test_a_receiver_that_was_frozen_changes_nothing_when_it_goes_on(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, proxied: Callable[[str], Proxied]
) -> None:
    """One is frozen when it has claimed, one with its patch on the way, one with its patch done."""
    alerts = {moment: story.firing(f"web-{moment}") for moment in FROZEN}
    release_all(story, [f"web-{moment}" for moment in FROZEN], deploy, release)
    thawed = threading.Event()
    frozen = {moment: proxied(user) for moment, user in FROZEN.items()}
    for moment, each in frozen.items():
        freeze(story, each, moment, thawed)
        threading.Thread(target=taken, args=(each.receiver, alerts[moment]), daemon=True).start()
        wait_until("the frost", partial(is_stopped, each.receiver), seconds=30)
    survivor = receiver(rules())
    story.wait_for_all(len(FROZEN), "Verifying", seconds=TAKE_OVER_SECONDS)
    assert story.changes() == {"web-claimed": 1, "web-sending": 1, "web-sent": 1}
    thawed.set()
    for moment, each in frozen.items():
        each.receiver.signal(signal.SIGCONT)
        each.receiver.wait_ready()
        story.tell(each.receiver, alerts[moment])
    late = wait_until("the late patch", lambda: patches_by(story, FROZEN["sending"]), seconds=15)
    story.tell(survivor, *map(resolved, alerts.values()))
    story.wait_for_all(len(FROZEN), "Succeeded", seconds=40)
    assert {(entry.name, entry.code) for entry in late} == {("web-sending", 422)}
    assert story.changes() == {"web-claimed": 1, "web-sending": 1, "web-sent": 1}
    assert len(story.spent()) == len(FROZEN)


def freeze(story: Story, each: Proxied, moment: str, thawed: threading.Event) -> None:
    """Have the receiver frozen at this moment of its work."""

    def at_the_moment(_: Asked) -> None:
        if moment == "claimed":
            wait_until("the claim", lambda: scenes.records(story.plane, story.home), seconds=30)
        each.receiver.signal(signal.SIGSTOP)
        if moment == "sending":
            thawed.wait(2 * TAKE_OVER_SECONDS)

    each.proxy.before(is_dry_run if moment == "claimed" else is_patch, at_the_moment)


def is_stopped(running: Receiver) -> bool:
    """Tell whether the receiver's process is frozen."""
    return Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def patches_by(story: Story, user: str) -> list[AuditEntry]:
    """Return a receiver's PATCHes that were meant, whatever the server said to them."""
    found = scenes.patches(story.plane, story.namespace)
    return [entry for entry in found if entry.user == user and not entry.dry_run]
