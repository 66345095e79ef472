"""Asks the testbed's programs over plain HTTP, each at a port of this host."""

import http.client
from contextlib import suppress


def ask(method: str, port: int, path: str, body: bytes | None = None) -> tuple[int, str]:
    """Send one request, JSON if it has a body, and return the status and the answer.

    Raises:
        OSError: no answer.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, body=body, headers={"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def is_well(port: int, path: str) -> bool:
    """Tell whether a GET answers 200 now."""
    with suppress(OSError):
        return ask("GET", port, path)[0] == 200
    return False
