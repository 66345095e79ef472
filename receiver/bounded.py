"""HTTP to other services: within its time an exchange has ended or is cut off, however slowly it drips.

A socket's own limit begins anew with every byte, in the head of an answer as in its body.
"""

import http.client
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError


def fetch(request: urllib.request.Request, *, seconds: float, limit_bytes: int) -> bytes:
    """Return the body of an answer, all of it.

    Raises:
        HTTPError: the answer was no success; the caller closes it.
        OSError: there was no whole answer; TimeoutError: not within its time.
        HTTPException: what came is no HTTP.
        ValueError: the body is longer than the limit, or was cut short.
    """
    until = time.monotonic() + seconds
    try:
        with exchange(request, seconds=seconds) as answer:
            content, missing = answer.read(limit_bytes + 1), answer.length
    except HTTPError:
        raise
    except (OSError, HTTPException):
        content, missing = b"", None
        if time.monotonic() < until:
            raise
    if len(content) > limit_bytes:
        raise ValueError(f"the answer is longer than {limit_bytes} bytes")
    if time.monotonic() >= until:
        raise TimeoutError(f"no whole answer within {seconds:.0f} s")
    if missing:
        raise ValueError(f"{missing} bytes of the answer are missing")
    return content


def said(fault: Exception) -> str:
    """Return what a fault of `fetch` says to people: without urllib's wrapping and the system's number."""
    reason = fault.reason if type(fault) is URLError else fault
    return (isinstance(reason, OSError) and reason.strerror) or str(reason)


@contextmanager
def exchange(
    request: urllib.request.Request, *handlers: type[urllib.request.BaseHandler], seconds: float
) -> Iterator[HTTPResponse]:
    """Send a request and give its answer, of which no more can be read when the time is over.

    Proxies of the environment are used; `handlers` are urllib's, beside or instead of its own.

    Raises:
        HTTPError, OSError, HTTPException: there was no answer that is a success.
    """
    with ExitStack() as closing:
        opener = urllib.request.build_opener(*handlers, _Http(closing), _Https(closing))
        with opener.open(request, timeout=seconds) as answer:
            yield answer


class _Bounded(http.client.HTTPConnection):
    """Cuts the connection off when its time is over."""

    _watch: threading.Timer | None = None
    _handle: socket.socket | None = None

    def connect(self) -> None:
        began = time.monotonic()
        super().connect()
        left = (self.timeout or 0.0) - (time.monotonic() - began)
        if left <= 0:
            raise TimeoutError("the time was over before anything was sent")
        # A handle of its own, because TLS takes the socket's from it.
        self._handle = self.sock.dup()
        self._watch = threading.Timer(left, _cut, [self._handle])
        self._watch.daemon = True
        self._watch.start()

    def end(self) -> None:
        """Close it for good: `close` comes earlier, as soon as a last answer's head is read."""
        if self._watch is not None:
            self._watch.cancel()
        if self._handle is not None:
            self._handle.close()
        self.close()


class _BoundedTls(http.client.HTTPSConnection, _Bounded):
    """The same over TLS."""


def _cut(handle: socket.socket) -> None:
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


class _Http(urllib.request.HTTPHandler):
    """Makes connections that end with `closing`, whatever the library does with them."""

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


def _closed_with(closing: ExitStack, kind: type[_Bounded]) -> Any:
    def connection(*args: Any, **options: Any) -> _Bounded:
        made = kind(*args, **options)
        closing.callback(made.end)
        return made

    return connection
