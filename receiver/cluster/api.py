"""The one way in which the API server is called: bounded in time, counted, errors translated once.

A call is repeated only where a repeat is harmless, and only after errors that came fast: a frozen API server
must not cost a webhook's whole deadline twice.
"""

import json
import random
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as UrllibTimeout

from receiver import metrics
from receiver.cluster.access import Access
from receiver.cluster.errors import (
    ClusterError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Rejected,
    Unavailable,
)
from receiver.policy.alerts import cut

Object = dict[str, Any]
JSON = "application/json"
JSON_PATCH = "application/json-patch+json"
TIMEOUT_SECONDS = 4.0
CONNECT_SECONDS = 2.0
TRIES = 3
RETRYABLE_STATUS = frozenset({429, 500, 502, 503, 504})
LONGEST_SAID_BYTES = 1000
"""What an answer says goes to pages, logs and records, and is not always the API server's."""


def path(*segments: str) -> str:
    """Join API path segments, each quoted, so that no name can leave its place."""
    return "/" + "/".join(quote(segment, safe="") for segment in segments)


class Api:
    """One API server."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self.namespace = access.namespace
        self.host = access.host

    def call(
        self,
        method: str,
        url_path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = JSON,
        accept: str = JSON,
        repeatable: bool | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Object:
        """Make one call and return the object that the server answers.

        `accept` is the form in which the object is wanted. `repeatable` says that a second call after an
        unclear first one does no harm; None: only a GET is.

        Raises:
            ClusterError: one of its kinds; Unavailable when a later call may work.
        """
        url = url_path + ("?" + urlencode(query) if query else "")
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers = {"Accept": accept, **({} if body is None else {"Content-Type": content_type})}
        tries = TRIES if (method == "GET" if repeatable is None else repeatable) else 1
        deadline = time.monotonic() + timeout_seconds
        for left in reversed(range(tries)):
            try:
                return self._once(method, url, data, headers, deadline)
            except Unavailable as e:
                metrics.API_ERRORS.labels(reason=_reason(e)).inc()
                pause = random.uniform(0.02, 0.2)  # noqa: S311
                if not left or time.monotonic() + pause >= deadline:
                    raise
                time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _once(
        self, method: str, url: str, data: bytes | None, form: Mapping[str, str], deadline: float
    ) -> Object:
        headers = {**form, "User-Agent": self._access.client.user_agent}
        self._access.authenticate(headers)
        seconds = max(0.05, deadline - time.monotonic())
        timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, seconds), total=seconds)
        with metrics.API_REQUEST_DURATION.labels(verb=method).time():
            try:
                answer = self._access.send(
                    method, url, body=data, headers=headers, timeout=timeout, retries=False
                )
            except NewConnectionError as e:
                # One of urllib3's timeouts, though nobody waited: refused, no route, no such host.
                raise Unavailable(f"{method} {_shown(url)}: no connection: {_why(e)}") from e
            except UrllibTimeout as e:
                raise Unavailable(f"{method} {_shown(url)}: no answer within {seconds:.1f} s") from e
            except (HTTPError, OSError) as e:
                raise Unavailable(f"{method} {_shown(url)}: {_said(e)}") from e
        metrics.count_api_request(method, url, answer.status)
        return _read(method, url, answer)


def _why(error: NewConnectionError) -> str:
    """Return the system's own words, where there are any."""
    cause = error.__cause__
    return (cause.strerror if isinstance(cause, OSError) else None) or str(error)


def _read(method: str, url: str, answer: urllib3.BaseHTTPResponse) -> Object:
    what, code = f"{method} {_shown(url)}", answer.status
    try:
        value = json.loads(answer.data) if answer.data else {}
    except ValueError:
        value = answer.data[:200].decode(errors="replace")
    if 200 <= code < 300:
        if isinstance(value, dict):
            return value
        # A proxy's page, say: whether the call was carried out is unclear.
        raise Unavailable(f"{what}: the answer is no object ({code})", code=code)
    raise _error(what, code, value if isinstance(value, dict) else {"message": value})


def _error(what: str, code: int, status: Object) -> ClusterError:
    message = f"{what}: {_said(status.get('message') or 'no reason given')} ({code})"
    if code in RETRYABLE_STATUS:
        return Unavailable(message, code=code)
    if code == 422:
        return Invalid(message, causes=tuple(_causes(status.get("details") or {})))
    kinds = {401: Forbidden, 403: Forbidden, 404: NotFound, 409: Conflict}
    return kinds.get(code, Rejected)(message, code=code)


def _causes(details: Any) -> Iterator[str]:
    """Yield the causes in words; what has an odd shape is a cause as it stands, never none."""
    causes = (details.get("causes") or []) if isinstance(details, dict) else details
    for cause in causes if isinstance(causes, list) else [causes]:
        yield str(cause.get("message", cause) if isinstance(cause, dict) else cause)


def _said(what: object) -> str:
    return cut(str(what).strip(), limit_bytes=LONGEST_SAID_BYTES)


def _reason(error: Unavailable) -> str:
    return "no_answer" if error.code is None else f"status_{error.code}"


def _shown(url: str) -> str:
    return url.partition("?")[0].removeprefix("/")
