"""One POST: no redirect is followed, and within 10 s it has been answered or is cut off, however it drips."""

import json
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError

from receiver import __version__
from receiver.bounded import exchange
from receiver.notify.errors import NotifyError, Refused

TIMEOUT_SECONDS = 10.0
PATIENCE = frozenset({408, 425, 429})
"""The answers of 4xx that mean later, not never."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Send a JSON body, and return once it was taken (2xx). Proxies of the environment are used.

    Raises:
        Refused: the answer was 4xx, so only this message is at fault.
        NotifyError: there was no answer, or another one.
    """
    ours = {"Content-Type": "application/json", "User-Agent": f"rollback-receiver/{__version__}"}
    try:
        request = urllib.request.Request(url, data=body, headers={**ours, **headers})  # noqa: S310
        with exchange(request, _NoRedirect, seconds=TIMEOUT_SECONDS):
            pass
    except HTTPError as e:
        e.close()
        kind = Refused if 400 <= e.code < 500 and e.code not in PATIENCE else NotifyError
        raise kind(f"it answered {e.code}") from None
    except (URLError, OSError, HTTPException, ValueError) as e:
        # No `from e`: what these errors say may repeat the address.
        raise NotifyError(_fault(e)) from None


def as_json(body: Mapping[str, Any]) -> bytes:
    """Return a body as bytes, always the same ones for the same data."""
    return json.dumps(body, separators=(",", ":"), sort_keys=True).encode()


def _fault(fault: Exception) -> str:
    """Name a fault by its type and the system's words: texts of other libraries may hold the address."""
    reason = fault.reason if isinstance(fault, URLError) else fault
    words = f": {reason.strerror}" if isinstance(reason, OSError) and reason.strerror else ""
    kind = "the time was over" if isinstance(reason, TimeoutError) else type(reason).__name__
    return f"no answer: {kind}{words}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves a redirect the answer that it is: it would take the message, and a secret, elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        return None
