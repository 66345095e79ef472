"""Who tells the receiver of alerts: a message of Alertmanager's shape, or a real Alertmanager."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from receiver.demo import messages
from receiver.demo.programs import DemoError, ask

Object = dict[str, Any]
GENERATOR_URL = "http://prometheus.example:9090/graph?g0.expr=error_ratio+%3E+0.05&g0.tab=1"
ANNOTATIONS = {"summary": "More than 5% of the requests fail"}


class Pager(Protocol):
    """Tells of alerts. `said` is how the story names it."""

    said: str

    def fire(self, labels: Mapping[str, str], starts_at: datetime) -> None:
        """Tell that an alert fires, or fires still."""

    def resolve(self, labels: Mapping[str, str], starts_at: datetime) -> None:
        """Tell that it has ended."""


class Messages:
    """Posts the messages itself."""

    said = "a message as Alertmanager sends it"

    def __init__(self, receiver: str) -> None:
        self._receiver = receiver

    def fire(self, labels: Mapping[str, str], starts_at: datetime) -> None:
        """Send the message of an alert that fires."""
        answer = self._send(self._alert(labels, starts_at, None))
        if answer.get("accepted") != 1:
            raise DemoError(f"POST /alerts should have been answered with one alert accepted: {answer}")

    def resolve(self, labels: Mapping[str, str], starts_at: datetime) -> None:
        """Send the message of an alert that has ended."""
        self._send(self._alert(labels, starts_at, datetime.now(UTC)))

    def _alert(self, labels: Mapping[str, str], starts_at: datetime, ends_at: datetime | None) -> Object:
        return messages.alert(
            labels, ANNOTATIONS, starts_at=starts_at, ends_at=ends_at, generator_url=GENERATOR_URL
        )

    def _send(self, alert: Object) -> Object:
        external = "http://alertmanager.example:9093"
        body = messages.message(alert, receiver="rollback-receiver", external_url=external)
        answer: Object = json.loads(ask(f"{self._receiver}/alerts", body))
        return answer


class RealAlertmanager:
    """Tells a real Alertmanager, as Prometheus does; it repeats by itself what fires."""

    said = "the real Alertmanager sends it"

    def __init__(self, url: str) -> None:
        self._url = url

    def fire(self, labels: Mapping[str, str], starts_at: datetime) -> None:
        """Tell it of an alert that fires."""
        self._tell(labels, starts_at, {})

    def resolve(self, labels: Mapping[str, str], starts_at: datetime) -> None:
        """Tell it that an alert has ended."""
        self._tell(labels, starts_at, {"endsAt": messages.timestamp(datetime.now(UTC))})

    def _tell(self, labels: Mapping[str, str], starts_at: datetime, end: Mapping[str, str]) -> None:
        alert = {
            "labels": dict(labels),
            "annotations": ANNOTATIONS,
            "startsAt": messages.timestamp(starts_at),
            "generatorURL": GENERATOR_URL,
            **end,
        }
        ask(f"{self._url}/api/v2/alerts", [alert])
