"""Repeats are counted together, a moment later, and cost one write a record."""

from collections.abc import Iterator

import pytest

from receiver.cluster.errors import Unavailable
from receiver.engine import tally as tally_module
from receiver.engine.tally import Tally
from tests.engine.builders import FOLDER, desk, eventually, record
from tests.kubernetes.fake import FakeApi

PLACE = f"{FOLDER}/a"


@pytest.fixture
def tally(fake: FakeApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tally]:
    monkeypatch.setattr(tally_module, "EVERY_SECONDS", 0.05)
    made = Tally(desk(fake))
    yield made
    made.stop()


def occurrences(fake: FakeApi, name: str = "a") -> int:
    return int((fake.objects[f"{FOLDER}/{name}"].get("status") or {}).get("occurrences", 0))


def test_repeats_are_entered_together(fake: FakeApi, tally: Tally) -> None:
    """Five messages are one write; each record has its own number."""
    one, other = fake.put(PLACE, **record(occurrences=1)), fake.put(f"{FOLDER}/b", **record("b"))
    for _ in range(5):
        tally.count(one, 2)
    tally.count(other, 1)
    tally.start()
    eventually(lambda: occurrences(fake) == 11 and occurrences(fake, "b") == 1)
    assert fake.made("PUT", "a/status") == 1
    tally.count(fake.objects[PLACE], 1)
    eventually(lambda: occurrences(fake) == 12)


def test_other_changes_of_the_record_are_kept(fake: FakeApi, tally: Tally) -> None:
    """The record has moved on since it was read."""
    seen = fake.put(PLACE, **record(occurrences=1, phase="Pending"))
    fake.put(PLACE, **record(occurrences=4, phase="Verifying"))
    tally.count(seen, 1)
    tally.start()
    eventually(lambda: occurrences(fake) == 5)
    assert fake.objects[PLACE]["status"]["phase"] == "Verifying"
    assert fake.objects[PLACE]["status"]["lastSeenAt"] == "2026-04-07T12:00:00.000000Z"


def test_fault_loses_a_number_and_nothing_else(
    fake: FakeApi, tally: Tally, caplog: pytest.LogCaptureFixture
) -> None:
    """The alerts are stored already; the count goes on."""
    seen = fake.put(PLACE, **record(occurrences=1))

    def fail(method: str, _path: str) -> None:
        if method == "PUT":
            raise Unavailable("no answer")

    fake.before = fail
    tally.count(seen, 3)
    tally.start()
    eventually(lambda: "3 repeats not counted: no answer" in caplog.text)
    fake.before = lambda _method, _path: None
    tally.count(seen, 1)
    eventually(lambda: occurrences(fake) == 2)


def test_deleted_record_counts_nothing(fake: FakeApi, tally: Tally, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody cleaned up."""
    seen = fake.put(PLACE, **record(occurrences=1))
    del fake.objects[PLACE]
    tally.count(seen, 1)
    tally.start()
    eventually(lambda: "repeats not counted" in caplog.text)
    assert PLACE not in fake.objects
