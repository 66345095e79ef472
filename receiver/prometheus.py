"""Asks Prometheus since when its alerts are active: what a webhook message does not tell of an alert."""

import json
import urllib.request
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from receiver.bounded import fetch, said
from receiver.policy.times import parse_time
from receiver.policy.troubles import ActiveAlert

TIMEOUT_SECONDS = 1.0
ANSWER_LIMIT = 16 * 1024 * 1024
FIRING = "firing"


class PrometheusError(Exception):
    """Prometheus did not answer in time, or not what its API promises."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One Prometheus; `url` is its address without the API's path."""

    url: str

    def active(self, alertnames: Collection[str]) -> tuple[ActiveAlert, ...]:
        """Return all alerts of these names that fire there.

        Raises:
            PrometheusError: it cannot tell.
        """
        try:
            request = urllib.request.Request(f"{self.url.rstrip('/')}/api/v1/alerts")  # noqa: S310
            content = fetch(request, seconds=TIMEOUT_SECONDS, limit_bytes=ANSWER_LIMIT)
            listed = json.loads(content)["data"]["alerts"]
            return tuple(_firing(listed, frozenset(alertnames)))
        except HTTPError as e:
            e.close()
            raise self._error(e) from e
        except (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
            raise self._error(e) from e

    def _error(self, fault: Exception) -> PrometheusError:
        """Say what is wrong; it ends up on a record and in a terminal, so without control characters."""
        return PrometheusError(f"cannot ask Prometheus at {self.url}: {ascii(said(fault))[1:-1]}")


def _firing(listed: Iterable[Any], alertnames: Collection[str]) -> Iterator[ActiveAlert]:
    for alert in listed:
        labels = alert["labels"]
        if alert["state"] == FIRING and labels.get("alertname") in alertnames:
            since = parse_time(alert["activeAt"])
            if since is None:
                raise ValueError("an alert without activeAt")
            yield ActiveAlert({str(name): str(value) for name, value in labels.items()}, since)
