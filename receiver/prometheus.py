"""Asks Prometheus since when its alerts are active: what a webhook message does not tell of an alert."""

import json
import time
import urllib.request
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError

from receiver.policy.times import parse_time
from receiver.policy.troubles import ActiveAlert

TIMEOUT_SECONDS = 1.0
ANSWER_LIMIT = 16 * 1024 * 1024
CHUNK = 64 * 1024
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
        url = f"{self.url.rstrip('/')}/api/v1/alerts"
        deadline = time.monotonic() + TIMEOUT_SECONDS
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                content = _content(answer, deadline)
            listed = json.loads(content)["data"]["alerts"]
            return tuple(_firing(listed, frozenset(alertnames)))
        except HTTPError as e:
            e.close()
            raise self._error(e) from e
        except (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
            raise self._error(e) from e

    def _error(self, fault: Exception) -> PrometheusError:
        """Say what is wrong; it ends up on a record and in a terminal, so without control characters."""
        return PrometheusError(f"cannot ask Prometheus at {self.url}: {ascii(str(fault))[1:-1]}")


def _content(answer: HTTPResponse, deadline: float) -> bytes:
    """Read an answer as far as it comes in time; a longer one is not read to its end."""
    content, length = bytearray(), answer.length
    while (length is None or len(content) < length) and (chunk := answer.read1(CHUNK)):
        content += chunk
        if len(content) > ANSWER_LIMIT:
            raise ValueError(f"the answer is longer than {ANSWER_LIMIT} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError(f"no whole answer within {TIMEOUT_SECONDS:.0f} s")
    if length is not None and len(content) < length:
        raise ValueError(f"{length - len(content)} bytes of the answer are missing")
    return bytes(content)


def _firing(listed: Iterable[Any], alertnames: Collection[str]) -> Iterator[ActiveAlert]:
    for alert in listed:
        labels = alert["labels"]
        if alert["state"] == FIRING and labels.get("alertname") in alertnames:
            since = parse_time(alert["activeAt"])
            if since is None:
                raise ValueError("an alert without activeAt")
            yield ActiveAlert({str(name): str(value) for name, value in labels.items()}, since)
