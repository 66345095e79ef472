"""Asks Alertmanager whether an alert still fires, before a late act and while a rollback is verified."""

import json
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException

TIMEOUT_SECONDS = 2.0
ANSWER_LIMIT = 32 * 1024 * 1024


class AlertmanagerError(Exception):
    """Alertmanager did not answer, or not what its API promises."""


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
        url = f"{self.url.rstrip('/')}/api/v2/alerts?{query}"
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                content = answer.read(ANSWER_LIMIT)
                if answer.length:
                    raise ValueError(f"{answer.length} bytes of the answer are missing")
            return frozenset(str(alert["fingerprint"]) for alert in json.loads(content))
        except (OSError, HTTPException, ValueError, KeyError, TypeError, RecursionError) as e:
            raise AlertmanagerError(f"cannot ask Alertmanager at {self.url}: {e}") from e
