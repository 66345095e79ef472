"""Whether the receiver is ready: it is as soon as the API server answers, and not a moment before."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from receiver import metrics
from receiver.cluster.errors import ClusterError, Forbidden, NotFound, Unavailable
from receiver.cluster.ledger import LedgerStore
from receiver.cluster.records import Records
from receiver.engine import pulse as pulse_module
from receiver.engine.pulse import EVERY_SECONDS, NO_CRD, TIMEOUT_SECONDS, Pulse
from receiver.policy.ledger import Ledger
from receiver.policy.rules import Budget, GuardSettings, Ruleset
from receiver.policy.times import format_precise
from receiver.policy.vocabulary import Over
from receiver.policy.workload import Unreadable
from tests.engine.builders import eventually, rule
from tests.kubernetes.fake import FakeApi

LEDGER = "/api/v1/namespaces/rollbacks/configmaps/rollback-receiver"


RULES = Ruleset(
    (rule(guards=GuardSettings(budget=Budget(max=3, per=timedelta(hours=1), over=Over.CLUSTER))),)
)
LINE = {"record": "r-1", "target": "Deployment/shop/web", "rule": "errors"}
PAUSE = {"by": "ann", "reason": ""}


@pytest.fixture
def store(fake: FakeApi) -> LedgerStore:
    return LedgerStore(fake, "rollbacks")


@pytest.fixture
def pulse(fake: FakeApi, store: LedgerStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pulse]:
    monkeypatch.setattr(pulse_module, "EVERY_SECONDS", 0.01)
    made = Pulse(Records(fake, "rollbacks"), store, lambda: RULES)
    yield made
    made.stop()


def failing(fake: FakeApi, error: ClusterError | None, *, ending: str = "") -> None:
    def before(_method: str, path: str) -> None:
        if error is not None and path.endswith(ending):
            raise error

    fake.before = before


def test_nobody_is_ready_before_the_first_answer(pulse: Pulse) -> None:
    """What was not tried is not known to work."""
    assert pulse.fault() == "the API server has not been reached yet"
    pulse.start()
    eventually(lambda: pulse.fault() is None)


def test_an_outage_is_seen_within_five_seconds() -> None:
    """Where the server falls silent right after a beat, the next one begins and is given up in that time."""
    assert EVERY_SECONDS + TIMEOUT_SECONDS < 5


@pytest.mark.parametrize(
    ("error", "ending", "said"),
    [
        pytest.param(NotFound("x", code=404), "rollbacks", NO_CRD, id="no-crd"),
        pytest.param(Unavailable("GET x: no answer"), "rollbacks", "GET x: no answer", id="no-answer"),
        pytest.param(Forbidden("GET x: no (403)"), "rollbacks", "GET x: no (403)", id="forbidden"),
        pytest.param(Forbidden("GET y: no (403)"), "rollback-receiver", "GET y: no (403)", id="ledger"),
    ],
)
def test_fault_is_said_and_passes(
    fake: FakeApi,
    pulse: Pulse,
    caplog: pytest.LogCaptureFixture,
    error: ClusterError,
    ending: str,
    said: str,
) -> None:
    """With what to do where that is known; once in the log, not at every beat."""
    caplog.set_level(logging.INFO)
    pulse.start()
    eventually(lambda: pulse.fault() is None)
    failing(fake, error, ending=ending)
    eventually(lambda: pulse.fault() == said)
    beats = len(fake.calls)
    eventually(lambda: len(fake.calls) > beats + 5)
    failing(fake, None)
    eventually(lambda: pulse.fault() is None)
    pulse.stop()
    assert caplog.text.count("not ready: ") == 1
    assert sum(record.getMessage() == "ready" for record in caplog.records) == 2


def test_ledger_that_is_not_there_is_no_fault(fake: FakeApi, pulse: Pulse) -> None:
    """The first rollback makes it."""
    assert LEDGER not in fake.objects
    pulse.start()
    eventually(lambda: pulse.fault() is None)


def test_ledger_is_kept_young(fake: FakeApi, store: LedgerStore, pulse: Pulse) -> None:
    """So that what an alert begins with is a moment old; one that is broken does not end the beat."""
    pulse.start()
    eventually(lambda: pulse.fault() is None)
    fake.put(LEDGER, data={"paused": "[" * 100_000})
    eventually(lambda: isinstance(store.last().ledger, Unreadable))
    fake.put(LEDGER, data={})
    eventually(lambda: store.last().ledger == Ledger())


def published(name: str, **labels: str) -> float | None:
    return metrics.REGISTRY.get_sample_value(f"rollback_receiver_{name}", labels)


def test_whether_it_is_ready_is_published(fake: FakeApi, pulse: Pulse) -> None:
    pulse.start()
    eventually(lambda: published("ready") == 1)
    failing(fake, Unavailable("GET x: no answer"))
    eventually(lambda: published("ready") == 0)


def test_kill_switch_and_budgets_are_published_as_they_stand_in_the_ledger(
    fake: FakeApi, pulse: Pulse
) -> None:
    """Whoever changed it. What cannot be read has no series, which nobody takes for a full budget."""
    at = format_precise(datetime.now(UTC))
    pulse.start()
    fake.put(
        LEDGER, data={"rollbacks": json.dumps({**LINE, "at": at}), "paused": json.dumps({**PAUSE, "at": at})}
    )
    eventually(lambda: published("paused") == 1 and published("budget_left", rule="errors") == 2)
    assert published("budget_max", rule="errors") == 3
    fake.put(LEDGER, data={})
    eventually(lambda: published("paused") == 0 and published("budget_left", rule="errors") == 3)
    fake.put(LEDGER, data={"paused": "["})
    eventually(lambda: published("budget_left", rule="errors") is None)
    assert published("budget_max", rule="errors") is None
