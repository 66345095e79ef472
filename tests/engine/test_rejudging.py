"""Later acts: each rule answers for its own alerts, whether they still fire."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from receiver.alertmanager import AlertmanagerError
from receiver.engine.service import Engine
from receiver.policy.alerts import Alert, Status
from receiver.policy.rules import Mode, Rule
from tests.engine.builders import eventually, rule
from tests.engine.engines import (
    bad_release,
    firing,
    live_image,
    make_engine,
    message,
    phases,
    records,
    working,
)
from tests.kubernetes.fake import FakeApi

ASKING = rule(mode=Mode.APPROVE)
SLOW = rule("latency", 'alertname="HighLatency"', mode=Mode.DRY_RUN)
CLEARED = "firing: the alert has cleared before the rollback was due"


class Alertmanager:
    """Says that these alerts fire; None: it does not answer."""

    def __init__(self, *alerts: Alert | None) -> None:
        self.alerts = alerts

    def firing(self, name: str) -> frozenset[str]:
        found = [alert for alert in self.alerts if alert is None or alert.name == name]
        if None in found:
            raise AlertmanagerError("no answer")
        return frozenset(alert.fingerprint for alert in found if alert)


@contextmanager
def waiting(
    fake: FakeApi, *alerts: Alert, rules: Sequence[Rule] = (ASKING, SLOW), **outside: Any
) -> Iterator[tuple[Engine, str]]:
    """A running engine, and its record, which awaits approval."""
    bad_release(fake)
    with working(make_engine(fake, *rules, **outside)) as engine:
        (name,) = engine.accept(message(*alerts), datetime.now(UTC)).records
        assert phases(fake) == ["AwaitingApproval"]
        yield engine, name


def approve(fake: FakeApi, engine: Engine, name: str) -> dict[str, Any]:
    """Approve, and return the status that comes of it."""
    engine.approve(name, "ann")
    eventually(lambda: phases(fake) in (["Refused"], ["RollingBack"]))
    status: dict[str, Any] = records(fake)[name]["status"]
    return status


@pytest.fixture
def errors() -> Alert:
    return firing(3)


@pytest.fixture
def slow() -> Alert:
    return firing(3, alertname="HighLatency")


def test_another_rules_alert_does_not_fire_for_the_approved_rule(
    fake: FakeApi, errors: Alert, slow: Alert
) -> None:
    """Alertmanager lists that of the rule in dry-run alone; the record says the same then."""
    with waiting(fake, errors, slow, alertmanager=Alertmanager(slow)) as (engine, name):
        status = approve(fake, engine, name)
    assert (status["phase"], live_image(fake)) == ("Refused", "checkout:7")
    assert status["decision"]["rule"] == "errors"
    assert CLEARED in status["message"]
    assert [entry["status"] for entry in status["alerts"]] == ["resolved", "firing"]


def test_resolved_message_of_the_approved_rules_alert_is_what_firing_names(
    fake: FakeApi, errors: Alert, slow: Alert
) -> None:
    """Nobody has lowered a mode."""
    with waiting(fake, errors, slow) as (engine, name):
        engine.accept(message(Alert(Status.RESOLVED, errors.labels, errors.starts_at)), datetime.now(UTC))
        status = approve(fake, engine, name)
    assert (status["phase"], status["decision"]["rule"]) == ("Refused", "errors")
    assert CLEARED in status["message"]


def test_approved_rule_whose_alert_fires_is_carried_out(fake: FakeApi, errors: Alert, slow: Alert) -> None:
    """What has cleared for another rule does not count against it, and is said."""
    with waiting(fake, errors, slow, alertmanager=Alertmanager(errors)) as (engine, name):
        status = approve(fake, engine, name)
    assert (status["phase"], live_image(fake)) == ("RollingBack", "checkout:6")
    (other,) = status["decision"]["others"]
    firing_says = [v for v in other["verdicts"] if v["guard"] == "firing"]
    assert [v["allowed"] for v in firing_says] == [False]


def test_only_what_still_fires_is_judged(fake: FakeApi) -> None:
    """The trouble that fitted the release has cleared; what still fires began before it."""
    fits, older = firing(3), firing(20, alertname="HighLatency")
    both = rule("errors", 'alertname=~"High.*"', mode=Mode.APPROVE)
    outside = {"alertmanager": Alertmanager(older)}
    with waiting(fake, fits, older, rules=(both,), **outside) as (engine, name):
        status = approve(fake, engine, name)
    assert (status["phase"], live_image(fake)) == ("Refused", "checkout:7")
    assert "blame: revision 7 went live " in status["message"]


def test_alertmanager_that_cannot_tell_blocks(fake: FakeApi, errors: Alert, slow: Alert) -> None:
    with waiting(fake, errors, slow, alertmanager=Alertmanager(None)) as (engine, name):
        status = approve(fake, engine, name)
    assert (status["phase"], live_image(fake)) == ("Refused", "checkout:7")
    assert "whether the alert still fires" in status["message"]
