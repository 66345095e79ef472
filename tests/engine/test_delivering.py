"""Each notice is brought to each receiver of notifications once, by whoever lives, however late."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from receiver import metrics
from receiver.cluster.errors import Unavailable
from receiver.cluster.records import Records
from receiver.engine import delivering
from receiver.engine.courier import Later
from receiver.engine.delivering import Delivering
from receiver.engine.instance import Instance
from receiver.notify.errors import NotifyError, Refused
from receiver.notify.message import Message
from receiver.policy.times import format_precise
from tests.engine.builders import FOLDER, ME, NOW, record
from tests.kubernetes.fake import FakeApi

OTHER = Instance("there:1", "now")


class Endpoint:
    """Takes messages, or fails as it is told."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.tries = 0
        self.fault: BaseException | None = None
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self, message: Message) -> None:
        self.tries += 1
        self.meanwhile()
        if self.fault:
            raise self.fault
        self.taken.append(message.id)


class Scene:
    """A record with two notices for shop, one of them for pager too; the clock is a test's."""

    def __init__(self, phase: str = "Failed") -> None:
        self.fake, self.endpoint, self.now = FakeApi(), Endpoint(), NOW
        self.fake.put(f"{FOLDER}/a", **record(phase=phase, untold="yes", notifications=self.notices()))

    def notices(self) -> list[Any]:
        return [
            {
                "id": event,
                "event": event,
                "at": format_precise(NOW),
                "deliveries": [{"receiver": to} for to in to],
            }
            for event, to in (("Started", ["shop"]), ("Failed", ["shop", "pager"]))
        ]

    @property
    def records(self) -> Records:
        return Records(self.fake, "rollbacks")

    def clock(self) -> datetime:
        return self.now

    def shop(self, instance: Instance = ME, name: str = "shop") -> Delivering:
        return Delivering(name, self.endpoint, records=self.records, instance=instance, now=self.clock)

    def bring(self, *those: Delivering) -> None:
        for each in those:
            for raw in list(self.records.untold()):
                each(raw)

    def delivery(self, event: int, to: int = 0) -> Any:
        return self.fake.objects[f"{FOLDER}/a"]["status"]["notifications"][event]["deliveries"][to]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def counted(outcome: str) -> float:
    labels = {"receiver": "shop", "outcome": outcome}
    return metrics.REGISTRY.get_sample_value("rollback_receiver_notifications_total", labels) or 0.0


def test_each_receiver_is_told_each_notice_once_in_order(scene: Scene) -> None:
    before = counted("sent")
    shop = scene.shop()
    scene.bring(shop, shop, scene.shop(OTHER))
    assert scene.endpoint.taken == ["Started", "Failed"]
    assert counted("sent") == before + 2
    scene.bring(scene.shop(name="pager"))
    assert scene.endpoint.taken == ["Started", "Failed", "Failed"]
    assert list(scene.records.untold()) == []


def test_what_is_not_taken_stays_and_stops_the_round(scene: Scene) -> None:
    scene.endpoint.fault = NotifyError("it answered 500")
    shop = scene.shop()
    for _ in range(3):
        with pytest.raises(Later, match="500"):
            scene.bring(shop)
    assert scene.endpoint.tries == 3
    scene.endpoint.fault = None
    scene.bring(shop)
    assert scene.endpoint.taken == ["Started", "Failed"]


def test_a_message_that_is_refused_holds_up_no_other(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.endpoint.fault = Refused("it answered 400")
    shop = scene.shop()
    scene.bring(shop)
    assert scene.endpoint.tries == 2
    scene.bring(shop)
    assert scene.endpoint.tries == 2
    monkeypatch.setattr(delivering, "REFUSED_SECONDS", 0.0)
    other = scene.shop()
    scene.bring(other)
    scene.endpoint.fault = None
    scene.bring(other)
    assert scene.endpoint.taken == ["Started", "Failed"]


def test_while_one_receiver_sends_no_other_does(scene: Scene) -> None:
    other = scene.shop(OTHER)
    scene.endpoint.meanwhile = lambda: setattr(scene.endpoint, "meanwhile", lambda: scene.bring(other))
    scene.bring(scene.shop())
    assert scene.endpoint.taken == ["Started", "Failed"]


def test_what_a_dead_receiver_claimed_is_sent_by_another_once_the_claim_is_stale(scene: Scene) -> None:
    scene.endpoint.fault = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        scene.bring(scene.shop())
    scene.endpoint.fault = None
    scene.now += timedelta(seconds=29)
    scene.bring(scene.shop(OTHER))
    assert scene.endpoint.taken == ["Failed"]
    scene.now += timedelta(seconds=2)
    scene.bring(scene.shop(OTHER))
    assert scene.endpoint.taken == ["Failed", "Started"]


def test_what_an_earlier_run_claimed_is_sent_at_once(scene: Scene) -> None:
    scene.endpoint.fault = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        scene.bring(scene.shop())
    scene.endpoint.fault = None
    scene.bring(scene.shop(Instance(ME.address, "later")))
    assert scene.endpoint.taken == ["Started", "Failed"]


def test_what_was_sent_and_could_not_be_marked_is_marked_later_and_not_sent_again(scene: Scene) -> None:
    def lost(method: str, _: str) -> None:
        if method == "PUT" and len(scene.endpoint.taken) == 1:
            raise Unavailable("away")

    scene.fake.before = lost
    shop = scene.shop()
    with pytest.raises(Unavailable):
        scene.bring(shop)
    assert "sentAt" not in scene.delivery(0)
    scene.fake.before = lambda _method, _path: None
    scene.bring(shop)
    assert scene.endpoint.taken == ["Started", "Failed"]
    assert scene.delivery(0) == {"receiver": "shop", "sentAt": format_precise(NOW)}


@pytest.mark.parametrize("phase", ["Pending", None], ids=str)
def test_a_record_whose_patch_may_be_due_is_left_alone(phase: str | None) -> None:
    """A write in between would cost the rollback another round trip."""
    scene = Scene(phase or "")
    if phase is None:
        del scene.fake.objects[f"{FOLDER}/a"]["status"]["phase"]
    scene.bring(scene.shop())
    assert (scene.endpoint.tries, scene.fake.made("PUT", "/status")) == (0, 0)


def test_after_a_day_it_is_given_up(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """By any courier: pager's may be gone from the config file, and the record would be read for ever."""
    before = counted("given_up")
    scene.now += timedelta(hours=25)
    scene.bring(scene.shop())
    assert scene.endpoint.tries == 0
    assert counted("given_up") == before + 2
    assert list(scene.records.untold()) == []
    assert "not notified within a day" in caplog.text


def test_a_record_that_was_deleted_is_nobodys(scene: Scene) -> None:
    (raw,) = scene.records.untold()
    del scene.fake.objects[f"{FOLDER}/a"]
    scene.shop()(raw)
    assert scene.endpoint.tries == 0
