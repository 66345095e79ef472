"""Talks to the API server as one user, with nothing between: no proxy, no retries.

Over verified TLS, but for the sandbox, which has none.
"""

import http.client
import json
import ssl
import urllib.parse
from pathlib import Path
from typing import Any


class ApiError(Exception):
    """The server answered, and refused."""

    def __init__(self, method: str, path: str, code: int, body: Any) -> None:
        message = body.get("message", body) if isinstance(body, dict) else body
        super().__init__(f"{method} {path}: {code} {message}")
        self.code, self.body = code, body


class Api:
    """The server at `url`, whose certificate the file `authority` vouches for; None: it has no TLS."""

    def __init__(self, url: str, authority: Path | None, token: str) -> None:
        self._address = urllib.parse.urlsplit(url)
        self._context = ssl.create_default_context(cafile=authority) if authority else None
        self.authorization = {"Authorization": f"Bearer {token}"}

    def connect(self, timeout_seconds: float = 10) -> http.client.HTTPConnection:
        """Return a connection; what is asked on it needs the headers of `authorization`."""
        host, port = self._address.hostname or "", self._address.port
        if self._context is None:
            return http.client.HTTPConnection(host, port, timeout=timeout_seconds)
        return http.client.HTTPSConnection(host, port, timeout=timeout_seconds, context=self._context)

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        content_type: str = "application/json",
        timeout_seconds: float = 10,
    ) -> Any:
        """Return the answer: what JSON says, or the text if it is none.

        `body` is sent as JSON, bytes as they are.

        Raises:
            ApiError: the server answered with 400 or more.
            OSError: no answer.
        """
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = {**self.authorization, "Content-Type": content_type}
        connection = self.connect(timeout_seconds)
        try:
            connection.request(method, path, body=data, headers=headers)
            response = connection.getresponse()
            answer = parse(response.read())
        finally:
            connection.close()
        if response.status >= 400:
            raise ApiError(method, path, response.status, answer)
        return answer


def parse(raw: bytes) -> Any:
    """Return what `raw` says as JSON, or its text."""
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")
