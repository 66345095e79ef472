"""What is said at the end of a verification."""

from datetime import UTC, datetime
from typing import Any

import pytest

from receiver.engine.watching import success_sentence
from tests.engine.builders import record

NOW = datetime(2026, 4, 7, 12, 5, tzinfo=UTC)
ALERT = {"name": "HighErrorRate", "fingerprint": "f1", "startsAt": "2026-04-07T11:58:00Z"}


@pytest.mark.parametrize(
    ("rule", "cleared", "said"),
    [
        pytest.param("errors", "2026-04-07T12:00:02Z", "the alert cleared 2s after the patch", id="heard"),
        pytest.param("errors", None, "the alert cleared 5m after the patch", id="when-is-not-known"),
        pytest.param("errors", "2026-04-07T11:59:59Z", "the alert cleared before the patch", id="before"),
        pytest.param("by-hand", None, "it was rolled out 5m after the patch", id="by-hand"),
    ],
)
def test_success_says_when_the_alert_cleared(rule: str, cleared: str | None, said: str) -> None:
    """Not when the rollout was done, which may be much later."""
    status: dict[str, Any] = {
        "patchedAt": "2026-04-07T12:00:00Z",
        "alerts": [{**ALERT, "rule": rule, "status": "resolved"}],
    }
    if cleared:
        status["clearedAt"] = cleared
    assert success_sentence(record(**status), NOW) == f"Rolled Deployment shop/checkout back; {said}"
