"""When the API server is away, frozen, ill, or does not let us: refused for now, and well again by itself."""

import http.client
import json
import time
from collections.abc import Callable

import pytest

from tests.cluster import scenes
from tests.cluster.conftest import install_crd
from tests.cluster.proxy import Proxy, is_patch
from tests.cluster.receivers import Receiver, payload
from tests.cluster.scenes import BAD, GOOD, Deploy, Object, Start, bad_release
from tests.cluster.stories import Story
from tests.testbed import workloads
from tests.testbed.controlplane import ControlPlane
from tests.testbed.processes import wait_until

OUTAGES: dict[str, Callable[[ControlPlane], None]] = {
    "stopped": ControlPlane.stop_apiserver,
    "frozen": ControlPlane.freeze_apiserver,
}
pytestmark = pytest.mark.real_only("a server that is stopped or frozen is a process")
CALL_SECONDS = 4
"""After so long the receiver gives a call up."""
CRD = "rollbacks.rollback-receiver.dev"


def assert_refused_for_now(receiver: Receiver, alert: Object, *, says: str = "cannot store") -> None:
    """An alert gets a 503 in time that says when to come back, and the receiver is alive meanwhile."""
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=30)
    began = time.monotonic()
    connection.request("POST", "/alerts", json.dumps(payload(alert)))
    assert receiver.get("/-/healthy", timeout_seconds=8)[0] == 200
    answer = connection.getresponse()
    assert answer.status == 503
    assert time.monotonic() - began < 12
    assert int(answer.headers["Retry-After"]) > 0
    assert says in json.loads(answer.read())["error"]
    connection.close()


def wait_not_ready(receiver: Receiver, seconds: float) -> str:
    """Return why /-/ready answers 503, once it does."""

    def fault() -> str:
        status, answer = receiver.get("/-/ready")
        return str(answer["error"]) if status == 503 else ""

    return wait_until("/-/ready is 503", fault, seconds=seconds)


def released_once(story: Story, name: str) -> bool:
    """Tell whether the controller has numbered a Deployment's first template: a second may follow."""
    annotations = workloads.get(story.plane, story.namespace, name)["metadata"].get("annotations", {})
    return bool(annotations.get("deployment.kubernetes.io/revision") == "1")


@pytest.mark.parametrize("outage", OUTAGES)
def test_an_outage_of_the_api_server_loses_nothing(
    story: Story,
    deploy: Deploy,
    release: Deploy,
    receiver: Start,
    real_plane: ControlPlane,
    outage: str,
) -> None:
    """Alerts get a 503 and are acted on once afterwards; rollbacks under way reach their end."""
    bad_release(deploy, release)
    bad_release(deploy, release, "verifying")
    deploy("rolling", f"{GOOD}-slow", replicas=1, wait=False)
    wait_until("revision 1", lambda: released_once(story, "rolling"), seconds=30)
    release("rolling", BAD)
    running, fired = receiver(scenes.rules()), {n: story.firing(n) for n in ("web", "verifying", "rolling")}
    (verifying,) = story.tell(running, fired["verifying"])
    story.wait_for(verifying, "Verifying")
    (rolling,) = story.tell(running, fired["rolling"])
    story.wait_for(rolling, "RollingBack", "Verifying")

    OUTAGES[outage](real_plane)
    began = time.monotonic()
    wait_not_ready(running, seconds=20)
    assert time.monotonic() - began < 10
    assert_refused_for_now(running, fired["web"])
    late = receiver(scenes.rules(), ready=False)
    assert not late.is_ready()
    story.plane.recover()

    running.wait_ready()
    late.wait_ready()
    (web,) = story.tell(running, fired["web"])
    story.wait_for(rolling, "Verifying")
    assert set(story.tell(running, *map(scenes.resolved, fired.values()))) == {web, verifying, rolling}
    for record in (web, verifying, rolling):
        story.wait_for(record, "Succeeded")
    assert [len(story.patches(name)) for name in fired] == [1, 1, 1]


def test_an_api_server_that_answers_nothing_but_errors_is_away_too(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, proxy: Proxy
) -> None:
    bad_release(deploy, release)
    running, alert = receiver(scenes.rules(), extra=proxy.flags), story.firing()
    ill = proxy.answer(lambda _: True, 500, times=None)
    wait_not_ready(running, seconds=20)
    assert_refused_for_now(running, alert)
    ill.times = 0
    running.wait_ready()
    story.tell(running, alert)
    story.wait("Verifying")
    assert len(story.patches()) == 1


def test_an_api_server_that_is_slow_for_each_call_does_not_add_up(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, proxy: Proxy
) -> None:
    """Every call comes back in time and all of them together do not: 503 before 10 s, and one patch."""
    bad_release(deploy, release)
    running, alert = receiver(scenes.rules(), extra=proxy.flags), story.firing()
    slow = proxy.before(lambda _: True, lambda _: time.sleep(CALL_SECONDS - 0.5), times=None)
    assert_refused_for_now(running, alert, says="in time")
    slow.times = 0
    running.wait_ready()
    story.tell(running, alert)
    story.wait("Verifying", seconds=50)
    assert len(story.patches()) == 1


def test_a_patch_that_a_frozen_api_server_makes_when_it_thaws_is_not_made_again(
    story: Story,
    deploy: Deploy,
    release: Deploy,
    receiver: Start,
    real_plane: ControlPlane,
    proxy: Proxy,
) -> None:
    """The receiver has given up on its PATCH, tries again, and finds its own annotation."""
    bad_release(deploy, release)
    running, alert = receiver(scenes.rules(), extra=proxy.flags), story.firing()
    frozen = proxy.before(is_patch, lambda _: real_plane.freeze_apiserver())
    assert running.post(payload(alert))[0] in {202, 503}
    wait_until("the PATCH", lambda: frozen.met, seconds=20)
    time.sleep(CALL_SECONDS + 1)
    real_plane.thaw_apiserver()
    story.wait("Verifying")
    story.tell(running, alert)
    assert len(story.patches()) == 1


def test_without_the_crd_it_says_what_to_do_and_is_well_as_soon_as_it_is_there(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    bad_release(deploy, release)
    running, alert = receiver(scenes.rules()), story.firing()
    try:
        story.plane.kubectl("delete", "crd", CRD)
        assert "rollback-receiver crd | kubectl apply -f -" in wait_not_ready(running, seconds=20)
        assert_refused_for_now(running, alert)
    finally:
        install_crd(story.plane)
    running.wait_ready()
    story.tell(running, alert)
    story.wait("Verifying")
    assert len(story.patches()) == 1
