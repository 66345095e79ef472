"""Alerts as Alertmanager 0.34 sends them to a webhook, byte for byte in shape."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from receiver.policy.alerts import fingerprint_of

Object = dict[str, Any]
NEVER = "0001-01-01T00:00:00Z"
GROUPED_BY = ("alertname", "namespace", "deployment")


def alert(
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    *,
    starts_at: datetime,
    ends_at: datetime | None = None,
    generator_url: str,
) -> Object:
    """Return one alert; without an end it fires."""
    return {
        "status": "firing" if ends_at is None else "resolved",
        "labels": dict(sorted(labels.items())),
        "annotations": dict(sorted(annotations.items())),
        "startsAt": timestamp(starts_at),
        "endsAt": NEVER if ends_at is None else timestamp(ends_at),
        "generatorURL": generator_url,
        "fingerprint": fingerprint_of(labels),
    }


def message(alert: Object, *, receiver: str, external_url: str, reason: str = "first notification") -> Object:
    """Return the webhook message of a group that holds this one alert."""
    labels = alert["labels"]
    group = {name: labels[name] for name in sorted(GROUPED_BY) if name in labels}
    key = ", ".join(f"{name}={json.dumps(value)}" for name, value in group.items())
    return {
        "receiver": receiver,
        "status": alert["status"],
        "alerts": [alert],
        "notification_reason": reason,
        "groupLabels": group,
        "commonLabels": labels,
        "commonAnnotations": alert["annotations"],
        "externalURL": external_url,
        "version": "4",
        "groupKey": f"{{}}:{{{key}}}",
        "truncatedAlerts": 0,
        "routeLabels": {},
    }


def timestamp(at: datetime) -> str:
    """Write a time as Go's RFC3339Nano: UTC, no trailing zeros in the fraction."""
    whole, _, fraction = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"
