"""A proxy between one receiver and the API server, which can be told to hold, lose or refuse what passes.

It forwards as the caller's own client would, over verified TLS where there is any, with its token and all
else as it came: the audit log says what it would say without it. What it is told holds for the requests that
match, first told first.
"""

import http.client
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.testbed.credentials import write_private
from tests.testbed.plane import Plane

LONGEST_HOLD_SECONDS = 60
OF_THE_HOP = frozenset({"connection", "host", "transfer-encoding", "content-length", "keep-alive"})


@dataclass(frozen=True)
class Asked:
    """A request on its way to the API server."""

    method: str
    uri: str
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.uri).path

    @property
    def dry_run(self) -> bool:
        return "dryRun" in parse_qs(urlsplit(self.uri).query)


Matches = Callable[[Asked], bool]


def is_patch(asked: Asked) -> bool:
    """Tell whether this is the one write to a workload, and not its dry run."""
    return asked.method == "PATCH" and "/deployments/" in asked.path and not asked.dry_run


def is_dry_run(asked: Asked) -> bool:
    """Tell whether the server is asked to try the patch out."""
    return asked.method == "PATCH" and asked.dry_run


def is_new_record(asked: Asked) -> bool:
    """Tell whether a record is to be created."""
    return asked.method == "POST" and asked.path.endswith("/rollbacks")


def is_status(asked: Asked) -> bool:
    """Tell whether a record's status is written."""
    return asked.method == "PUT" and asked.path.endswith("/status")


def is_ledger(asked: Asked) -> bool:
    """Tell whether the ledger is written."""
    return asked.method in {"POST", "PUT"} and "/configmaps" in asked.path


@dataclass
class Hook:
    """What to do with the next `times` requests that match (None: with all of them)."""

    matches: Matches
    times: int | None = 1
    before: Callable[[Asked], object] = lambda _: None
    answer: int | None = None
    loses_answer: bool = False
    met: int = 0


NOTHING = Hook(lambda _: False)


@dataclass
class Hold:
    """Requests that wait at the proxy until they are released, and then go on."""

    arrived: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def __call__(self, _: Asked) -> None:
        self.arrived.set()
        self.released.wait(LONGEST_HOLD_SECONDS)

    def wait(self, seconds: float = 30) -> None:
        """Return when a request has come that is held.

        Raises:
            TimeoutError: none came within `seconds`.
        """
        if not self.arrived.wait(seconds):
            raise TimeoutError(f"nothing came that is to be held within {seconds:g} s")

    def release(self) -> None:
        """Let go what is held, and all that comes later."""
        self.released.set()


class Proxy:
    """Use it as a context manager; a receiver that is given `kubeconfig` talks through it.

    `headers` are laid over each request's: `Impersonate-User` makes the receiver somebody else.
    """

    def __init__(self, plane: Plane, folder: Path, user: str) -> None:
        self.headers: dict[str, str] = {}
        config = json.loads(plane.kubeconfig_for(user).read_text())
        self._upstream = plane.api(user)
        self._hooks: list[Hook] = []
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self._server.server_port}"}
        self.kubeconfig = folder / f"kubeconfig-proxy-{self._server.server_port}"
        write_private(self.kubeconfig, json.dumps(config))

    @property
    def flags(self) -> list[str]:
        """Return what a receiver, or any command, is to be given to talk through it."""
        return [f"--kubeconfig={self.kubeconfig}"]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            if isinstance(hook.before, Hold):
                hook.before.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def before(self, matches: Matches, do: Callable[[Asked], object], *, times: int | None = 1) -> Hook:
        """Call `do` before a request that matches is forwarded."""
        return self._add(Hook(matches, times, before=do))

    def hold(self, matches: Matches) -> Hold:
        """Keep the next request that matches from the server until it is released."""
        hold = Hold()
        self._add(Hook(matches, before=hold))
        return hold

    def answer(self, matches: Matches, status: int, *, times: int | None = 1) -> Hook:
        """Answer with this status instead of forwarding."""
        return self._add(Hook(matches, times, answer=status))

    def lose_answer(self, matches: Matches, *, times: int | None = 1) -> Hook:
        """Forward, wait until the server has done it, and close the connection instead of answering."""
        return self._add(Hook(matches, times, loses_answer=True))

    def _add(self, hook: Hook) -> Hook:
        with self._lock:
            self._hooks.append(hook)
        return hook

    def hook_for(self, asked: Asked) -> Hook | None:
        """Return what is to be done with a request, and count that it was met."""
        with self._lock:
            for hook in self._hooks:
                if (hook.times is None or hook.met < hook.times) and hook.matches(asked):
                    hook.met += 1
                    return hook
        return None

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection to the API server."""
        return self._upstream.connect(LONGEST_HOLD_SECONDS)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a receiver that is killed resets its connections."""


class _Handler(BaseHTTPRequestHandler):
    """Serves one connection that comes, with one connection onward."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    onward: http.client.HTTPConnection | None = None

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(self.command, self.path, body)
        hook = self.server.proxy.hook_for(asked) or NOTHING
        hook.before(asked)
        if hook.answer is not None:
            self.reply(hook.answer, "application/json", refusal(hook.answer))
        elif (answer := self.forward(asked)) is None or hook.loses_answer:
            self.close_connection = True
        else:
            self.reply(*answer)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def forward(self, asked: Asked) -> tuple[int, str, bytes] | None:
        """Return the server's answer, None where it gives none."""
        self.onward = self.onward or self.server.proxy.connect()
        kept = {name: value for name, value in self.headers.items() if name.lower() not in OF_THE_HOP}
        headers = {**kept, **self.server.proxy.headers}
        try:
            self.onward.request(asked.method, asked.uri, body=asked.body or None, headers=headers)
            response = self.onward.getresponse()
            content_type = response.headers.get("Content-Type", "application/json")
            return response.status, content_type, response.read()
        except (OSError, http.client.HTTPException):
            self.onward.close()
            return None

    def reply(self, status: int, content_type: str, answer: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def finish(self) -> None:
        if self.onward is not None:
            self.onward.close()
        super().finish()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def refusal(status: int) -> bytes:
    """Return the Status object that says this."""
    message = f"the proxy says {status}"
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": status}
    return json.dumps(body).encode()
