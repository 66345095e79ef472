"""One POST: no redirect is followed, and within 10 s it has been answered or is cut off, however it drips."""

import http.client
import json
import socket
import threading
import time
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError

from receiver import __version__
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
        with ExitStack() as closing:
            opener = urllib.request.build_opener(_NoRedirect, _Http(closing), _Https(closing))
            opener.open(request, timeout=TIMEOUT_SECONDS).close()
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


class _Bounded(http.client.HTTPConnection):
    """Cuts the connection off when its time is over; a socket's own limit begins anew with every byte."""

    _watch: threading.Timer | None = None
    _handle: socket.socket | None = None

    def connect(self) -> None:
        began = time.monotonic()
        super().connect()
        left = TIMEOUT_SECONDS - (time.monotonic() - began)
        if left <= 0:
            raise TimeoutError("the time was over before anything was sent")
        # A handle of its own, because TLS takes the socket's from it.
        self._handle = self.sock.dup()
        self._watch = threading.Timer(left, _cut, [self._handle])
        self._watch.daemon = True
        self._watch.start()

    def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._handle is not None:
            self._handle.close()
        super().close()


class _BoundedTls(http.client.HTTPSConnection, _Bounded):
    """The same over TLS."""


def _cut(handle: socket.socket) -> None:
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


class _Http(urllib.request.HTTPHandler):
    """Makes connections that are closed with `closing`, whatever the library does with them."""

    def __init__(self, closing: ExitStack) -> None:
        super().__init__()
        self._closing = closing

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_closed_with(self._closing, _Bounded), req)


class _Https(urllib.request.HTTPSHandler):
    """The same over TLS."""

    def __init__(self, closing: ExitStack) -> None:
        super().__init__()
        self._closing = closing

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_closed_with(self._closing, _BoundedTls), req)


def _closed_with(closing: ExitStack, kind: type[http.client.HTTPConnection]) -> Any:
    def connection(*args: Any, **options: Any) -> http.client.HTTPConnection:
        made = kind(*args, **options)
        closing.callback(made.close)
        return made

    return connection
