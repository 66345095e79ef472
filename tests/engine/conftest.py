"""An API server in memory for the engine, and patience with a busy machine."""

import pytest

from tests.kubernetes.fake import FakeApi


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is late because the machine is busy; a test of what ends in time sets the time itself."""
    monkeypatch.setattr("receiver.engine.beginnings.WAIT_SECONDS", 30.0)
    monkeypatch.setattr("receiver.prometheus.TIMEOUT_SECONDS", 30.0)
    monkeypatch.setattr("receiver.engine.service.ANSWER_WITHIN_SECONDS", 60.0)


@pytest.fixture
def fake() -> FakeApi:
    return FakeApi()
