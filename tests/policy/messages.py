"""Webhook messages made by hand, for the tests of what reads them."""

import json
from typing import Any

ALERT: dict[str, Any] = {
    "status": "firing",
    "labels": {"alertname": "HighErrorRate", "namespace": "shop"},
    "startsAt": "2026-05-01T12:00:00Z",
}


def message(*alerts: object, **frame: object) -> bytes:
    """Return the body of a message with these alerts."""
    return json.dumps({"alerts": alerts, **frame}).encode()


def alert_with(**fields: object) -> dict[str, Any]:
    """Return an alert that is right but for these fields."""
    return {**ALERT, **fields}
