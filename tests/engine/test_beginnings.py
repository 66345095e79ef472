"""Asking Prometheus beside the other reads: a second at most, a few at once, and never an exception."""

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import pytest

from receiver.engine import beginnings as beginnings_module
from receiver.engine.beginnings import AT_ONCE, Beginnings
from receiver.policy.troubles import ActiveAlert
from receiver.policy.workload import Unreadable
from receiver.prometheus import Prometheus, PrometheusError
from tests.engine.builders import NOW, alert, eventually

FIRED = alert()
SINCE = NOW - timedelta(minutes=5)


@dataclass(frozen=True)
class Known(Prometheus):
    """A Prometheus that knows the alert, once it is let answer; `fault` is raised instead."""

    url: str = "http://prometheus"
    fault: Exception | None = None
    asked: list[Collection[str]] = field(default_factory=list)
    let: threading.Event = field(default_factory=threading.Event)

    def active(self, alertnames: Collection[str]) -> tuple[ActiveAlert, ...]:
        self.asked.append(alertnames)
        self.let.wait(60)
        if self.fault:
            raise self.fault
        return (ActiveAlert(FIRED.labels, SINCE),)


def at_once(fault: Exception | None = None) -> Known:
    prometheus = Known(fault=fault)
    prometheus.let.set()
    return prometheus


def test_what_prometheus_knows_is_told_by_alert() -> None:
    """Every name once, in one question."""
    prometheus = at_once()
    other = alert(alertname="Other")
    assert Beginnings(prometheus).ask([FIRED, FIRED, other])() == {FIRED.key: SINCE}
    assert prometheus.asked == [{"HighErrorRate", "Other"}]


def test_nobody_is_asked_of_nothing_or_without_an_address() -> None:
    prometheus = at_once()
    assert Beginnings(prometheus).ask([])() is None
    assert Beginnings().ask([FIRED])() is None
    assert prometheus.asked == []


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        pytest.param(PrometheusError("refused"), "refused", id="no-answer"),
        pytest.param(ZeroDivisionError(), "a fault of the receiver's own, see its log", id="own-fault"),
    ],
)
def test_what_goes_wrong_is_unreadable(fault: Exception, why: str) -> None:
    """A rollback never fails for it."""
    found = Beginnings(at_once(fault)).ask([FIRED])()
    assert found == Unreadable("when the alerts began", why)


def test_the_second_counts_from_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has had other things to do meanwhile waits no longer for it."""
    now = [0.0]
    monkeypatch.setattr(beginnings_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(beginnings_module, "WAIT_SECONDS", 20.0)
    prometheus = Known()
    answer = Beginnings(prometheus).ask([FIRED])
    now[0] = 20.0
    began = time.monotonic()
    assert isinstance(answer(), Unreadable)
    assert time.monotonic() - began < 15
    prometheus.let.set()


def test_a_few_are_asked_at_once_and_the_others_wait_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Prometheus that hangs holds a few threads, and no more; once it answers it is asked again."""
    monkeypatch.setattr(beginnings_module, "WAIT_SECONDS", 0.3)
    prometheus = Known()
    beginnings = Beginnings(prometheus)
    answers = [beginnings.ask([FIRED]) for _ in range(AT_ONCE + 2)]
    assert all(isinstance(answer(), Unreadable) for answer in answers)
    eventually(lambda: len(prometheus.asked) == AT_ONCE)
    time.sleep(0.1)
    assert len(prometheus.asked) == AT_ONCE
    prometheus.let.set()
    monkeypatch.setattr(beginnings_module, "WAIT_SECONDS", 30.0)
    assert beginnings.ask([FIRED])() == {FIRED.key: SINCE}
