"""However many browsers ask, a thing is read once at a time, and again only when it is old."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from receiver.policy.intake import Unavailable
from receiver.web import sharing
from receiver.web.sharing import MOST_KEPT, Reading, Shared


class Source:
    """Counts its readings; may fail, and may be held up."""

    def __init__(self) -> None:
        self.now, self.reads = 0.0, 0
        self.fault: Unavailable | None = None
        self.may = threading.Event()
        self.may.set()
        self.begun = threading.Event()
        self.shared: Shared[str, str | None] = Shared(
            self.read, failure_serves_seconds=2, clock=lambda: self.now
        )

    def read(self, key: str) -> Reading[str | None]:
        self.reads += 1
        self.begun.set()
        assert self.may.wait(10)
        if self.fault:
            raise self.fault
        return Reading(None if key == "none" else f"{key}{self.reads}", 2)


@pytest.fixture
def source() -> Source:
    return Source()


def test_a_reading_serves_all_until_it_is_old(source: Source) -> None:
    assert [source.shared.get("a") for _ in range(3)] == ["a1"] * 3
    source.now = 1.9
    assert source.shared.get("a") == "a1"
    source.now = 2.0
    assert [source.shared.get("a") for _ in range(3)] == ["a2"] * 3


def test_nothing_is_a_reading_too(source: Source) -> None:
    assert [source.shared.get("none") for _ in range(3)] == [None] * 3
    assert source.reads == 1


def test_all_who_come_first_wait_for_one_reading(source: Source) -> None:
    source.may.clear()
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(source.shared.get, "a") for _ in range(8)]
        assert source.begun.wait(10)
        source.may.set()
        assert [each.result() for each in asked] == ["a1"] * 8


def test_whoever_comes_while_it_is_read_anew_gets_what_was_read(source: Source) -> None:
    source.shared.get("a")
    source.now = 3.0
    source.may.clear()
    source.begun.clear()
    with ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(source.shared.get, "a")
        assert source.begun.wait(10)
        assert source.shared.get("a") == "a1"
        source.may.set()
        assert renewing.result() == "a2"


def test_nobody_waits_for_ever(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading that hangs holds one thread, not all of those that serve."""
    monkeypatch.setattr(sharing, "LONGEST_WAIT_SECONDS", 0.05)
    source.may.clear()
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(source.shared.get, "a")
        assert source.begun.wait(10)
        with pytest.raises(Unavailable, match="still being read"):
            source.shared.get("a")
        source.may.set()
        assert hanging.result() == "a1"


def test_a_failure_serves_as_long_as_a_success(source: Source) -> None:
    """An outage costs one call in two seconds, and its end is seen."""
    source.fault = Unavailable("no answer")
    for _ in range(3):
        with pytest.raises(Unavailable, match="no answer"):
            source.shared.get("a")
    assert source.reads == 1
    source.now, source.fault = 2.0, None
    assert source.shared.get("a") == "a2"


def test_a_failure_is_not_hidden_by_what_was_read_before(source: Source) -> None:
    source.shared.get("a")
    source.now, source.fault = 2.0, Unavailable("no answer")
    with pytest.raises(Unavailable):
        source.shared.get("a")


def test_what_was_changed_is_read_at_once(source: Source) -> None:
    source.shared.get("a")
    source.shared.forget("a")
    source.shared.forget("never read")
    assert source.shared.get("a") == "a2"


def test_no_more_is_kept_than_so_much(source: Source) -> None:
    """Names come from outside: they must not fill the memory."""
    for n in range(MOST_KEPT + 1):
        source.shared.get(f"r-{n}-")
    assert len(source.shared._shelves) == MOST_KEPT
    assert source.shared.get(f"r-{MOST_KEPT}-") == f"r-{MOST_KEPT}-{MOST_KEPT + 1}"
