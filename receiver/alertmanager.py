"""Asks Alertmanager whether an alert still fires, and has it silence one while its rollback runs."""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

import yaml

from receiver.bounded import fetch, said

TIMEOUT_SECONDS = 2.0
CREATED_BY = "rollback-receiver"
ANSWER_LIMIT = 32 * 1024 * 1024
_NO_ANSWER = (ValueError, KeyError, TypeError, RecursionError, yaml.YAMLError)
"""What an answer of another shape than the API's raises."""


class AlertmanagerError(Exception):
    """Alertmanager did not answer, or not what its API promises."""


class AlertmanagerRefused(AlertmanagerError):
    """It does not take what it was asked (4xx), now or later."""


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """One Alertmanager; `url` is its address without the API's path."""

    url: str

    def firing(self, alertname: str) -> frozenset[str]:
        """Return the fingerprints of all alerts of a name that fire, silenced and inhibited ones included.

        An empty name asks for those without one.

        Raises:
            AlertmanagerError: it cannot tell.
        """
        quoted = alertname.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        query = urllib.parse.urlencode({"filter": f'alertname="{quoted}"'})
        with self._translated():
            return frozenset(str(alert["fingerprint"]) for alert in self._get(f"alerts?{query}"))

    def configuration(self) -> dict[str, Any]:
        """Return the configuration that is in force, its secrets hidden.

        Raises:
            AlertmanagerError: it cannot tell.
        """
        with self._translated():
            config = yaml.safe_load(self._get("status")["config"]["original"])
            if not isinstance(config, dict):
                raise TypeError("its configuration is no mapping")
            return config

    def silence(self, labels: Mapping[str, str], *, starts_at: str, ends_at: str, comment: str) -> str:
        """Silence one alert, by all of its labels, between two RFC3339 times; return the silence's id.

        Raises:
            AlertmanagerError: it is not known to be silenced.
        """
        exactly = {"isRegex": False, "isEqual": True}
        matchers = [{"name": name, "value": value, **exactly} for name, value in labels.items()]
        silence = {"matchers": matchers, "startsAt": starts_at, "endsAt": ends_at, "createdBy": CREATED_BY}
        with self._translated():
            return str(self._ask("silences", {**silence, "comment": comment})["silenceID"])

    def end_silence(self, silence: str) -> None:
        """End a silence; one that has ended, or is gone, is left as it is.

        Raises:
            AlertmanagerError: it is not known to have ended.
        """
        what = f"silence/{urllib.parse.quote(silence, safe='')}"
        with self._translated():
            try:
                if self._get(what)["status"]["state"] != "expired":
                    self._ask(what, method="DELETE")
            except HTTPError as e:
                if e.code != HTTPStatus.NOT_FOUND:
                    raise
                e.close()

    def _ask(self, what: str, body: Any = None, *, method: str = "POST") -> Any:
        data = None if body is None else json.dumps(body).encode()
        content = self._send(what, data, {"Content-Type": "application/json"}, method)
        return json.loads(content) if content else None

    def _get(self, what: str) -> Any:
        return json.loads(self._send(what, None, {}, "GET"))

    def _send(self, what: str, data: bytes | None, headers: dict[str, str], method: str) -> bytes:
        url = f"{self.url.rstrip('/')}/api/v2/{what}"
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
        return fetch(request, seconds=TIMEOUT_SECONDS, limit_bytes=ANSWER_LIMIT)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except HTTPError as e:
            e.close()
            kind = AlertmanagerRefused if 400 <= e.code < 500 else AlertmanagerError
            raise kind(f"cannot ask Alertmanager at {self.url}: {e}") from e
        except (OSError, HTTPException, *_NO_ANSWER) as e:
            raise AlertmanagerError(f"cannot ask Alertmanager at {self.url}: {said(e)}") from e
