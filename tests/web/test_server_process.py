"""How the process starts, stops and breaks down."""

import http.client
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.web.server_process import Server, message


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_stopping_answers_what_is_in_flight(server: Server, stop: signal.Signals) -> None:
    """The request is answered, then the engine stopped, then the process ends with 0."""
    idle = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    server.post(message(), idle)
    silent = server.connect()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(server.post, message({"sleep": "2"}))
        server.says("sleeping")
        status, seconds = server.stop(stop)
        assert answer.result()[0] == 202
    assert status == 0
    assert seconds < 5.5
    assert [line["msg"] for line in server.lines[-2:]] == ["stopping", "stopped"]
    idle.close()
    silent.close()


def test_stopping_waits_for_nobody_for_ever(server: Server) -> None:
    """A request that takes longer than the stop is cut, and the process still ends in time, with 0."""
    with ThreadPoolExecutor(1) as pool:
        cut = pool.submit(server.post, message({"sleep": "30"}))
        server.says("sleeping")
        status, seconds = server.stop(within_seconds=28)
        assert isinstance(cut.exception(), http.client.RemoteDisconnected | ConnectionError)
    assert status == 0
    assert 5 < seconds < 25
    assert server.lines[-1]["msg"] == "stopped"


def test_idle_server_stops_at_once(server: Server) -> None:
    """Nothing to wait for."""
    status, seconds = server.stop()
    assert status == 0
    assert seconds < 5.5


def test_port_in_use_is_one_line_and_exit_1(server: Server, launch: Callable[..., Server]) -> None:
    """No retries, no traceback, no listener left half bound."""
    second = launch(port=server.port)
    assert second.end() == 1
    (line,) = second.lines
    assert line["msg"] == f"cannot listen on 127.0.0.1:{server.port}: Address already in use"


def test_death_of_the_worker_ends_the_process(server: Server) -> None:
    """Whoever started us starts us again; nothing respawns silently with half an engine."""
    with suppress(http.client.HTTPException, ConnectionError):
        server.post(message({"crash": "yes"}))
    assert server.end() == 1
    assert any("ended unasked" in line["msg"] for line in server.lines)


def test_killed_worker_ends_the_process(server: Server) -> None:
    """The same when the kernel kills it."""
    os.kill(server.says("started")["pid"], signal.SIGKILL)
    assert server.end() == 1


@pytest.mark.parametrize("what", ["fail-app", "fail-start"])
def test_failed_start_ends_the_process(launch: Callable[..., Server], what: str) -> None:
    """One logged exception, exit 1, and no restart."""
    server = launch(what)
    assert server.end() == 1
    failures = [line for line in server.lines if line["msg"] == "cannot start"]
    assert len(failures) == 1
    assert "RuntimeError: no " in failures[0]["exc"]
    assert not [line for line in server.lines if line["msg"] == "stopped"]


def test_engine_runs_in_the_worker_once_the_port_is_ours(server: Server) -> None:
    """Started after the fork, and after the listener was bound."""
    told = [line["msg"] for line in server.lines]
    assert told.index("started") > [message.startswith("listening on") for message in told].index(True)
    assert server.says("started")["pid"] != server.process.pid


def test_gunicorns_own_settings_are_not_heeded(launch: Callable[..., Server], tmp_path: Path) -> None:
    """Neither arguments nor variables of gunicorn change what runs."""
    server = launch(
        GUNICORN_CMD_ARGS=f"--workers=3 --bind=unix:{tmp_path}/x --access-logfile=-", WEB_CONCURRENCY="3"
    ).listening()
    assert server.post(message())[0] == 202
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    assert len(children) == 1
    assert not (tmp_path / "x").exists()


def test_signals_of_gunicorn_change_nothing(server: Server) -> None:
    """No second worker, no re-execution, no reload of the process."""
    for number in (
        signal.SIGHUP,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGTTIN,
        signal.SIGTTOU,
        signal.SIGWINCH,
    ):
        server.process.send_signal(number)
        time.sleep(0.1)
    assert server.post(message())[0] == 202
    assert [line["msg"] for line in server.lines].count("started") == 1


@pytest.mark.parametrize("milliseconds", [5, 10, 15, 20, 40])
def test_signal_during_the_start_is_heeded(launch: Callable[..., Server], milliseconds: int) -> None:
    """The worker's first moments, in which gunicorn alone would lose it and wait 9 s."""
    server = launch()
    server.says("listening on")
    time.sleep(milliseconds / 1000)
    status, seconds = server.stop()
    assert status in {0, -signal.SIGTERM}
    assert seconds < 8
