"""The process: gunicorn inside ours, one worker with threads, started and stopped with the engine.

Nothing but the code below configures it: no gunicorn.conf.py, no GUNICORN_CMD_ARGS, no WEB_CONCURRENCY. The
supervising process does nothing but wait; when its worker ends unasked, it ends too, and whoever started it
starts it again.
"""

import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger

from receiver.web.tls import Certificates, TlsError, TlsFiles
from receiver.web.worker import Worker

log = logging.getLogger(__name__)

THREADS = 64
CONNECTIONS = 400
KEEPALIVE_SECONDS = 75
IN_FLIGHT_SECONDS = 6
STOP_SECONDS = 9
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
OF_GUNICORN = ("GUNICORN_CMD_ARGS", "GUNICORN_FD", "GUNICORN_PID", "LISTEN_FDS", "LISTEN_PID", "SCRIPT_NAME")

STOPPING = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT})

Hook = Callable[[], None]
_Made = TypeVar("_Made")


def run(
    app_factory: Callable[[int], Flask],
    listen: tuple[str, int],
    on_start: Hook,
    on_stop: Hook,
    *,
    tls: TlsFiles | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT, and return the exit status: 0, or 1 if it could not start or broke down.

    `listen` is host and port; port 0 is any that is free, an empty host every address. Once the port is
    ours, a forked process calls `app_factory` with it, then `on_start`, and then takes requests: `on_start`
    must return soon, and it is where threads are started. After a signal, requests under way have 6 s to be
    answered; then `on_stop` is called, which has 3 s, or longer the sooner they were. Without `tls` it is
    plain HTTP.
    """
    try:
        certificates = None if tls is None else Certificates(tls)
        listener = _bind(*listen)
    except TlsError as e:
        log.error("cannot serve HTTPS: %s", e)  # noqa: TRY400
        return 1
    except OSError as e:
        reason = e.strerror if isinstance(e, socket.gaierror) else os.strerror(e.errno or 0)
        log.error("cannot listen on %s: %s", _shown(listen), reason)  # noqa: TRY400
        return 1
    log.info("listening on %s", _shown(listener.getsockname()), extra={"tls": tls is not None})
    make = partial(app_factory, listener.getsockname()[1])
    for name in OF_GUNICORN:
        os.environ.pop(name, None)
    supervisor = os.getpid()
    options = {**_options(listener, _Hooks(on_start, on_stop)), **_tls_options(certificates)}
    status = _supervise(_Application(make, options))
    if os.getpid() != supervisor:
        # The worker's copy of the stack: its callers' cleanup is the supervisor's.
        logging.shutdown()
        os._exit(status)
    return min(status, 1)


def _supervise(application: "_Application") -> int:
    try:
        _Supervisor(application).run()
    except SystemExit as e:
        return e.code & 0xFF if isinstance(e.code, int) else int(e.code is not None)
    return 0


def _bind(host: str, port: int) -> socket.socket:
    """Bind to the first address of a host name; `::` takes IPv4 as well."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    both = family == socket.AF_INET6 and address[0] == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((address[0], port), family=family, backlog=2048, dualstack_ipv6=both)


def _shown(address: tuple[Any, ...]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _options(listener: socket.socket, hooks: "_Hooks") -> dict[str, Any]:
    return {
        "bind": [f"fd://{listener.detach()}"],
        "worker_class": Worker,
        "workers": 1,
        "threads": THREADS,
        "worker_connections": CONNECTIONS,
        "keepalive": KEEPALIVE_SECONDS,
        "graceful_timeout": STOP_SECONDS,
        # A stopped or starved process must not be killed for it; /-/healthy tells who hangs.
        "timeout": 0,
        "worker_tmp_dir": str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None,
        "control_socket_disable": True,
        "logger_class": _Logger,
        "proc_name": "rollback-receiver",
        # Nobody in front of us may rewrite paths or schemes.
        "forwarded_allow_ips": "",
        "forwarder_headers": "",
        "pre_fork": hooks.pre_fork,
        "post_worker_init": hooks.post_worker_init,
        "worker_exit": hooks.worker_exit,
        "child_exit": hooks.child_exit,
    }


def _tls_options(certificates: Certificates | None) -> dict[str, Any]:
    if certificates is None:
        return {}
    return {
        # These make gunicorn speak TLS; how, it asks the hook for each connection.
        "certfile": str(certificates.files.cert),
        "keyfile": str(certificates.files.key),
        "ssl_context": lambda _config, _default: certificates.context(),
        # The worker bounds the handshake, on the connection's own thread.
        "do_handshake_on_connect": False,
    }


class _Application(BaseApplication):  # type: ignore[misc]
    def __init__(self, app_factory: Callable[[], Flask], options: Mapping[str, Any]) -> None:
        self._app_factory = app_factory
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return _or_give_up(self._app_factory)


class _Hooks:
    """What gunicorn calls; the arguments are its own."""

    def __init__(self, on_start: Hook, on_stop: Hook) -> None:
        self._on_start = on_start
        self._on_stop = on_stop
        self._started = False

    def pre_fork(self, arbiter: Any, _worker: Any) -> None:
        self._early_signals = arbiter.SIG_QUEUE
        # What was imported stays shared with the worker: the collector no longer writes into it.
        gc.collect()
        gc.freeze()

    def post_worker_init(self, worker: Any) -> None:
        worker.cfg.set("graceful_timeout", IN_FLIGHT_SECONDS)
        _or_give_up(self._on_start)
        self._started = True
        # A signal that came before the worker had its own handlers went into its copy of this queue.
        while not self._early_signals.empty():
            worker.alive = self._early_signals.get() not in STOPPING and worker.alive

    def worker_exit(self, _arbiter: Any, _worker: Any) -> None:
        if self._started:
            log.info("stopping")
            self._on_stop()

    def child_exit(self, arbiter: Any, _worker: Any) -> None:
        # An arbiter that is being stopped has given up its listeners.
        if arbiter.LISTENERS:
            raise HaltServer("the worker ended unasked", 1)


def _or_give_up(step: Callable[[], _Made]) -> _Made:
    """Take a step of the start; a failure is logged and ends worker and supervisor."""
    try:
        return step()
    except Exception:
        log.exception("cannot start")
        raise SystemExit(Arbiter.WORKER_BOOT_ERROR) from None


class _Supervisor(Arbiter):  # type: ignore[misc]
    """gunicorn's supervising process, without what would replace or multiply the worker."""

    def _ignore(self) -> None:
        log.info("signal ignored: POST /-/reload reloads the rules")

    handle_hup = handle_usr1 = handle_usr2 = handle_ttin = handle_ttou = handle_winch = _ignore

    def handle_int(self) -> None:
        """Stop as gracefully as on SIGTERM; a second Ctrl-C stops at once."""
        self.handle_term()


class _Logger(Logger):  # type: ignore[misc]
    """Hands gunicorn's own lines, from warning up, to our log; there is no access log."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self._access_log_enabled = False
        self.loglevel = logging.WARNING
        self.error_log.handlers.clear()
        self.error_log.setLevel(logging.WARNING)
        self.error_log.propagate = True
