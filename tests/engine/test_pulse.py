"""Whether the receiver is ready: it is as soon as the API server answers, and not a moment before."""

import logging
from collections.abc import Iterator

import pytest

from receiver.cluster.errors import ClusterError, Forbidden, NotFound, Unavailable
from receiver.cluster.ledger import LedgerStore
from receiver.cluster.records import Records
from receiver.engine import pulse as pulse_module
from receiver.engine.pulse import NO_CRD, Pulse
from receiver.policy.ledger import Ledger
from receiver.policy.workload import Unreadable
from tests.engine.builders import eventually
from tests.kubernetes.fake import FakeApi

LEDGER = "/api/v1/namespaces/rollbacks/configmaps/rollback-receiver"


@pytest.fixture
def store(fake: FakeApi) -> LedgerStore:
    return LedgerStore(fake, "rollbacks")


@pytest.fixture
def pulse(fake: FakeApi, store: LedgerStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pulse]:
    monkeypatch.setattr(pulse_module, "EVERY_SECONDS", 0.01)
    made = Pulse(Records(fake, "rollbacks"), store)
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
