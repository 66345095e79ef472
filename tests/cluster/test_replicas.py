"""Several receivers behind one address, of which some come and go: nothing is lost, nothing done twice.

Alerts come in all the while, from a sender that does as Alertmanager does: what gets no 2xx is sent again.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import islice

import pytest

from tests.cluster import scenes
from tests.cluster.balancer import Balancer
from tests.cluster.proxy import Asked, Hold, Proxy, is_patch
from tests.cluster.receivers import Receiver, payload
from tests.cluster.scenes import GOOD, Deploy, Object, Start, resolved, rules
from tests.cluster.stories import Story, release_all
from tests.testbed import workloads
from tests.testbed.alertmanager import Alertmanager
from tests.testbed.audit import AuditEntry
from tests.testbed.processes import wait_until

pytestmark = [
    pytest.mark.real_only("it is about receivers that end, are killed and cut off"),
    pytest.mark.slow,
    pytest.mark.timeout(300),
]
NAMES = [f"web-{number}" for number in range(12)]
PAUSE_SECONDS = 0.1
TAKE_OVER_SECONDS = 60


@dataclass
class Sender:
    """Sends alerts in rounds, each until it gets a 2xx, and keeps which records the answers named.

    Every other alert is sent in each round. Of those between one more is sent in a round, and never again:
    what came of it shows whether its 2xx was kept.
    """

    port: int
    alerts: dict[str, Object]
    told: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    statuses: list[int | None] = field(default_factory=list)
    rounds: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        names = list(self.alerts)
        single = iter(names[1::2])
        while not self._ended.is_set():
            for name in [*names[::2], *islice(single, 1)]:
                while not self._send(name):
                    time.sleep(PAUSE_SECONDS)
                time.sleep(PAUSE_SECONDS)
            self.rounds += 1

    def _send(self, name: str) -> bool:
        status, answer = post(self.port, self.alerts[name])
        self.statuses.append(status)
        if status == 202:
            self.told.setdefault(name, set()).add(tuple(answer["records"]))
        return status == 202

    def go_on(self, rounds: int) -> None:
        """Return when there were so many whole rounds more."""
        until = self.rounds + 1 + rounds
        wait_until("the alerts' rounds", lambda: self.rounds >= until, seconds=60)

    def finish(self) -> None:
        """Return when every alert has been taken, and send no more."""
        wait_until("every alert's 2xx", lambda: len(self.told) == len(self.alerts), seconds=60)
        self.end()

    def end(self) -> None:
        """Send no more, and return when the round under way is over."""
        self._ended.set()
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()


def post(port: int, alert: Object) -> tuple[int | None, Object]:
    """Send one alert and return the status and the answer; without a whole answer, None."""
    connection = HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request("POST", "/alerts", json.dumps(payload(alert)))
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (OSError, HTTPException, ValueError):
        return None, {}
    finally:
        connection.close()


@pytest.fixture
def fired(story: Story, deploy: Deploy, release: Deploy) -> dict[str, Object]:
    """An alert for each of twelve fresh releases."""
    release_all(story, NAMES, deploy, release)
    return {name: story.firing(name) for name in NAMES}


@pytest.fixture
def behind_one_address() -> Iterator[Callable[..., tuple[Balancer, Sender]]]:
    """Put receivers behind one address and start to send alerts to it."""
    opened: list[tuple[Balancer, Sender]] = []

    def start(receivers: list[Receiver], alerts: dict[str, Object]) -> tuple[Balancer, Sender]:
        balancer = Balancer(receivers).__enter__()
        opened.append((balancer, Sender(balancer.port, alerts)))
        return opened[-1]

    yield start
    for balancer, sender in opened:
        sender.end()
        balancer.__exit__()


def assert_all_cured_once(story: Story, sender: Sender, survivor: Receiver) -> None:
    """Each alert has one record, which says Succeeded when it is told to have ended, and each patch is one.

    That a template has changed once since the release is told by its generation too: where a kill cuts a
    PATCH's answer off, the audit log calls it a failure, done or not.
    """
    sender.finish()
    assert set(sender.statuses) <= {202, 503, None}
    assert {name: [len(answer) for answer in told] for name, told in sender.told.items()} == {
        name: [1] for name in NAMES
    }
    story.wait_for_all(len(NAMES), "Verifying", seconds=TAKE_OVER_SECONDS + 15)
    story.tell(survivor, *map(resolved, sender.alerts.values()))
    story.wait_for_all(len(NAMES), "Succeeded", seconds=30)
    for name, ((record,),) in sender.told.items():
        (joined,) = story.record(record)["status"]["alerts"]
        assert joined["fingerprint"] == sender.alerts[name]["fingerprint"]
    found = [workloads.get(story.plane, story.namespace, name) for name in NAMES]
    assert {(workloads.image_of(body), body["metadata"]["generation"]) for body in found} == {(GOOD, 3)}
    assert max(story.changes().values()) == 1
    assert len(story.spent()) == len(set(story.spent())) == len(NAMES)


@pytest.mark.parametrize("copies", [2, 3])
def test_a_rolling_update_of_the_receivers_while_alerts_come_in(
    story: Story,
    fired: dict[str, Object],
    receiver: Start,
    behind_one_address: Callable[..., tuple[Balancer, Sender]],
    copies: int,
) -> None:
    """Each new one is ready before an old one ends, whose address goes on being tried until it has."""
    old = [receiver(rules()) for _ in range(copies)]
    balancer, sender = behind_one_address(old, fired)
    wait_until("the first record", lambda: sender.told, seconds=20)
    for each in old:
        new = receiver(rules())
        balancer.receivers = [*balancer.receivers, new]
        assert each.terminate() == 0
        balancer.receivers = [other for other in balancer.receivers if other is not each]
    sender.go_on(rounds=1)
    assert not any(each.running for each in old)
    assert_all_cured_once(story, sender, balancer.receivers[0])


def test_a_node_that_is_drained_and_one_that_is_lost_at_the_same_time(
    story: Story,
    fired: dict[str, Object],
    receiver: Start,
    behind_one_address: Callable[..., tuple[Balancer, Sender]],
) -> None:
    """Of three receivers one gets a SIGTERM and one is killed; the third goes on with what both had."""
    drained, lost, survivor = (receiver(rules()) for _ in range(3))
    _, sender = behind_one_address([drained, lost, survivor], fired)
    wait_until("the first records", lambda: len(sender.told) > 2, seconds=20)
    lost.kill()
    assert drained.terminate() == 0
    sender.go_on(rounds=1)
    assert None in sender.statuses
    assert_all_cured_once(story, sender, survivor)


def test_a_receiver_that_is_cut_off_from_the_api_server(
    story: Story,
    fired: dict[str, Object],
    receiver: Start,
    proxy: Proxy,
    behind_one_address: Callable[..., tuple[Balancer, Sender]],
) -> None:
    """It answers 503 until the Service leaves it out, and the other does its work.

    The cut comes with its first PATCH, which arrives when the wall falls, and does nothing twice.
    """
    wall, cut_off = Hold(), threading.Event()

    def is_beyond(asked: Asked) -> bool:
        if is_patch(asked):
            cut_off.set()
        return cut_off.is_set()

    cut = proxy.before(is_beyond, wall, times=None)
    apart, other = receiver(rules(), extra=proxy.flags), receiver(rules())
    balancer, sender = behind_one_address([apart, other], fired)
    wait_until("a 503", lambda: 503 in sender.statuses, seconds=40)
    assert not apart.is_ready()
    balancer.receivers = [other]
    story.wait_for_all(len(NAMES), "Verifying", seconds=TAKE_OVER_SECONDS + 15)
    cut.times = 0
    wall.release()
    late = wait_until("the late PATCH", lambda: sent_by(story, "receiver-1"), seconds=15)
    assert {entry.code for entry in late} == {422}
    apart.wait_ready()
    balancer.receivers = [apart, other]
    sender.go_on(rounds=1)
    assert_all_cured_once(story, sender, apart)


def sent_by(story: Story, user: str) -> list[AuditEntry]:
    """Return a receiver's PATCHes that were meant, whatever the server said to them."""
    found = scenes.patches(story.plane, story.namespace)
    return [entry for entry in found if entry.user == user and not entry.dry_run]


def test_a_real_alertmanager_sends_all_the_way_through_a_rolling_update(
    story: Story, fired: dict[str, Object], receiver: Start
) -> None:
    """It keeps its connections, and tries again by itself where the receiver behind one has ended."""
    old = [receiver(rules()), receiver(rules())]
    alerts = list(fired.values())
    with Balancer(old) as balancer, Alertmanager(f"{balancer.url}/alerts") as alertmanager:
        for number, alert in enumerate(alerts):
            alertmanager.post({key: alert[key] for key in ("labels", "startsAt")})
            if number in (3, 7):
                each = old[number // 4]
                balancer.receivers = [*balancer.receivers, receiver(rules())]
                assert each.terminate() == 0
                balancer.receivers = [other for other in balancer.receivers if other is not each]
        story.wait_for_all(len(NAMES), "Verifying", seconds=TAKE_OVER_SECONDS + 15)
        alertmanager.resolve(
            *({"labels": alert["labels"], "startsAt": alert["startsAt"]} for alert in alerts)
        )
        story.wait_for_all(len(NAMES), "Succeeded", seconds=60)
    assert story.changes() == dict.fromkeys(NAMES, 1)
    assert {scenes.image(story.plane, story.namespace, name) for name in NAMES} == {GOOD}
