"""Talks to the API server as one user, over verified TLS and with nothing between: no proxy, no retries."""

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
    """The server at `url`, whose certificate the file `authority` vouches for."""

    def __init__(self, url: str, authority: Path, token: str) -> None:
        self._address = urllib.parse.urlsplit(url)
        self._context = ssl.create_default_context(cafile=authority)
        self._token = token

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
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": content_type}
        host, port = self._address.hostname or "", self._address.port
        connection = http.client.HTTPSConnection(host, port, timeout=timeout_seconds, context=self._context)
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
