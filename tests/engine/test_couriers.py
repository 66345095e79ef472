"""Each courier goes to the records that it has something to see to on, what waits longest first."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from receiver.cluster.records import Records
from receiver.engine import couriers as couriers_module
from receiver.engine.couriers import Couriers, Outside
from receiver.engine.desk import utc_now
from receiver.notifications import ByUrl, NotificationReceiver, Notifications
from receiver.policy.times import format_precise
from tests.engine.builders import FOLDER, ME, eventually, record
from tests.engine.test_silencing import Told
from tests.kubernetes.fake import FakeApi

UNUSED = ByUrl(url_file=Path("unused"))
SHOP = Notifications(receivers=(NotificationReceiver(name="shop", slack=UNUSED),))


@pytest.fixture
def fake() -> FakeApi:
    return FakeApi()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The records that shop has been told of, in order."""
    made: list[str] = []

    def sender(_: NotificationReceiver) -> Any:
        return lambda message: made.append(message.record)

    monkeypatch.setattr(couriers_module, "sender_of", sender)
    return made


def put(fake: FakeApi, name: str, *, ago: timedelta, to: str = "shop") -> None:
    notice = {"id": f"{name}-1", "event": "Failed", "at": format_precise(utc_now() - ago)}
    notices = [{**notice, "deliveries": [{"receiver": to}]}]
    fake.put(f"{FOLDER}/{name}", **record(name, phase="Failed", untold="yes", notifications=notices))


@contextmanager
def at_work(fake: FakeApi, outside: Outside) -> Iterator[None]:
    couriers = Couriers(outside, lambda _: None)
    couriers.hire(Records(fake, "rollbacks"), ME)
    couriers.start()
    yield
    couriers.stop()
    couriers.finish()


def test_the_notice_that_waits_longest_is_told_first(fake: FakeApi, told: list[str]) -> None:
    for name, minutes in (("a", 1), ("b", 3), ("c", 2)):
        put(fake, name, ago=timedelta(minutes=minutes))
    with at_work(fake, Outside(notifications=SHOP)):
        eventually(lambda: len(told) == 3)
    assert told == ["b", "c", "a"]


def test_what_is_anothers_is_not_read_until_it_is_given_up(fake: FakeApi, told: list[str]) -> None:
    """Whoever it was for may be gone from the config file; then nobody else would give it up."""
    put(fake, "a", ago=timedelta(minutes=1), to="gone")
    put(fake, "b", ago=timedelta(hours=25), to="gone")
    put(fake, "c", ago=timedelta(minutes=1))
    with at_work(fake, Outside(notifications=SHOP)):
        eventually(lambda: told == ["c"])
    assert "untold" not in fake.objects[f"{FOLDER}/b"]["status"]
    assert fake.made("GET", "/a") == 0


def test_silences_are_seen_to_until_they_are_removed(fake: FakeApi) -> None:
    until, alertmanager = {"until": format_precise(utc_now() + timedelta(minutes=5))}, Told()
    for name, silence in (("a", {**until, "id": "s0"}), ("b", {**until, "removedAt": until["until"]})):
        fake.put(f"{FOLDER}/{name}", **record(name, phase="Failed", untold="yes", silence=silence))
    put(fake, "c", ago=timedelta(minutes=1))
    with at_work(fake, Outside(alertmanager=alertmanager, silence=True)):
        eventually(lambda: alertmanager.ended == ["s0"])
    assert (fake.made("GET", "/b"), fake.made("GET", "/c")) == (0, 0)
