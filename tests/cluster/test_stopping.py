"""SIGTERM: what was taken is answered, what is not finished is handed over, and the end comes soon."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

import pytest

from tests.cluster import scenes
from tests.cluster.proxy import Proxy, is_new_record, is_patch
from tests.cluster.receivers import Receiver, payload
from tests.cluster.scenes import GOOD, Deploy, Object, Start, bad_release
from tests.cluster.stories import Story, metric
from tests.testbed.controlplane import ControlPlane
from tests.testbed.processes import wait_until

pytestmark = pytest.mark.real_only("it is about the receiver's own end")
TAKEN_OVER_SECONDS = 14
"""Within so long another receiver's sweep finds what was handed over; what was not would take 30 s."""


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads to wait in."""
    with ThreadPoolExecutor(32) as pool:
        yield pool


def works_on(record: Object, receiver: Receiver) -> bool:
    """Tell whether this receiver is the one that works on a record."""
    return f":{receiver.port}/" in str(record["status"].get("holder", ""))


def assert_taken_over(story: Story, name: str, other: Receiver) -> None:
    """The other receiver works on the record, sooner than it would on that of a dead one."""
    seconds = TAKEN_OVER_SECONDS
    wait_until(f"{name} is taken over", lambda: works_on(story.record(name), other), seconds=seconds)


def test_what_is_not_finished_is_handed_over(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """A rollout under way and a wait for the alert are gone on with by another receiver, to their end."""
    names = ("verifying", "rolling")
    for name in names:
        bad_release(deploy, release, name)
    slow = {"spec": {"minReadySeconds": 3600, "progressDeadlineSeconds": 7200}}
    story.change(slow, name="rolling")
    one, other = receiver(scenes.rules()), receiver(scenes.rules())
    alerts = [story.firing(name) for name in names]
    verifying, rolling = (story.tell(one, alert)[0] for alert in alerts)
    for name, phase in ((verifying, "Verifying"), (rolling, "RollingBack")):
        assert works_on(story.wait_for(name, phase), one)
    assert one.terminate() == 0
    for name in (verifying, rolling):
        assert_taken_over(story, name, other)
    story.change({"spec": {"minReadySeconds": 0}}, name="rolling")
    story.tell(other, *map(scenes.resolved, alerts))
    for name in (verifying, rolling):
        story.wait_for(name, "Succeeded")
    assert [len(story.patches(name)) for name in names] == [1, 1]


def wait_taken(receiver: Receiver, count: int) -> None:
    """Return when it has begun with so many alerts since its start."""
    series = 'alerts_received_total{status="firing"}'
    wait_until(f"{series} {count}", lambda: metric(receiver, series) >= count, seconds=20)


def send(receiver: Receiver, message: Object, *, times: int) -> list[HTTPConnection]:
    """Send a payload on so many connections, and don't wait for the answers."""
    connections = [HTTPConnection("127.0.0.1", receiver.port, timeout=15) for _ in range(times)]
    for connection in connections:
        connection.request("POST", "/alerts", json.dumps(message))
    return connections


def answer_of(connection: HTTPConnection) -> tuple[int, Object]:
    """Return the status and the answer that come on a connection, and close it."""
    with closing(connection):
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def test_posts_under_way_are_answered(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, proxy: Proxy, pool: ThreadPoolExecutor
) -> None:
    """An alert that was taken is stored before the end, and acted on by whoever is left."""
    bad_release(deploy, release)
    one, other = receiver(scenes.rules(), extra=proxy.flags), receiver(scenes.rules())
    hold = proxy.hold(is_new_record)
    posts = send(one, payload(story.firing()), times=20)
    hold.wait()
    time.sleep(0.5)  # The first is being worked on, and the others have had the time to be accepted.
    ended = pool.submit(one.terminate)
    wait_until("it takes nothing more", lambda: not one.is_ready(timeout_seconds=0.3), seconds=20)
    hold.release()
    answers = [answer_of(post) for post in posts]
    assert {status for status, _ in answers} == {202}
    (name,) = {name for _, answer in answers for name in answer["records"]}
    assert ended.result() == 0
    story.wait_for(name, "Verifying", seconds=TAKEN_OVER_SECONDS + 5)
    assert_taken_over(story, name, other)
    assert len(story.patches()) == 1


def test_a_patch_under_way_is_not_made_twice(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, proxy: Proxy
) -> None:
    """What it cannot know it hands over; the other patches, and the late PATCH holds for nothing."""
    bad_release(deploy, release)
    one, other = receiver(scenes.rules(), extra=proxy.flags), receiver(scenes.rules())
    hold = proxy.hold(is_patch)
    (name,) = story.tell(one)
    hold.wait()
    assert one.terminate() == 0
    assert_taken_over(story, name, other)
    story.wait_for(name, "Verifying")
    hold.release()
    wait_until("the late PATCH", lambda: len(story.sent_patches()) == 2, seconds=30)
    assert (len(story.patches()), story.image()) == (1, GOOD)


def test_a_frozen_api_server_does_not_hold_it_up(
    story: Story,
    deploy: Deploy,
    release: Deploy,
    receiver: Start,
    real_plane: ControlPlane,
    pool: ThreadPoolExecutor,
) -> None:
    """Posts under way get a 503, nothing can be handed over, and it ends in time all the same."""
    for name in ("web", "verifying"):
        bad_release(deploy, release, name)
    one, late, early = receiver(scenes.rules()), story.firing(), story.firing("verifying")
    (verifying,) = story.tell(one, early)
    story.wait_for(verifying, "Verifying")
    real_plane.freeze_apiserver()
    post = pool.submit(one.post, payload(late))
    wait_taken(one, 2)
    assert one.terminate() == 0
    assert post.result()[0] == 503
    real_plane.thaw_apiserver()

    one.restart()
    (web,) = story.tell(one, late)
    story.wait_for(web, "Verifying")
    assert set(story.tell(one, *map(scenes.resolved, (late, early)))) == {web, verifying}
    for name in (web, verifying):
        story.wait_for(name, "Succeeded")
    assert [len(story.patches(name)) for name in ("web", "verifying")] == [1, 1]
