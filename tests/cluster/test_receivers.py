"""A receiver's process is started, spoken to and ended as the tests of the real one rely on."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.receivers import Receiver, environment
from tests.testbed.processes import ProcessFailedError, is_alive, wait_until

STAND_IN = """
import json, os, signal, subprocess, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, b"ready")
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = {"got": body, "path": self.path, "token": self.headers.get("Authorization")}
        self.answer(202, json.dumps(said).encode())
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

def end(*_):
    time.sleep(0.5)
    sys.exit(3)

flags = dict(word.removeprefix("--").split("=", 1) for word in sys.argv[2:])
worker = subprocess.Popen(["sleep", "60"])
print(json.dumps({"command": sys.argv[1], "flags": flags, "worker": worker.pid}), flush=True)
if flags["mode"] == "off":
    sys.exit("no such mode")
signal.signal(signal.SIGTERM, end)
host, port = flags["listen"].split(":")
HTTPServer((host, int(port)), Handler).serve_forever()
"""


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    """A receiver whose program is a stand-in that lies in the folder where the process runs."""
    (tmp_path / "receiver").mkdir()
    (tmp_path / "receiver" / "__init__.py").touch()
    (tmp_path / "receiver" / "__main__.py").write_text(STAND_IN)
    receiver = Receiver(Path("kubeconfig"), "home", Path("rules.yaml"), tmp_path, extra=["--x=y"])
    yield receiver
    receiver.kill()


def test_the_flags_are_those_of_serve(receiver: Receiver) -> None:
    receiver.start()
    receiver.wait_ready()
    (entry,) = receiver.log()
    listen = f"127.0.0.1:{receiver.port}"
    flags = {
        "kubeconfig": "kubeconfig",
        "namespace": "home",
        "rules": "rules.yaml",
        "mode": "auto",
        "listen": listen,
    }
    assert (entry["command"], entry["flags"]) == ("serve", {**flags, "x": "y"})


def test_answers_are_parsed(receiver: Receiver) -> None:
    receiver.start()
    receiver.wait_ready()
    assert receiver.get("/-/ready") == (200, "ready")
    assert receiver.post({"a": 1}) == (202, {"got": {"a": 1}, "path": "/alerts", "token": None})
    assert receiver.post(b"[2]", token="secret") == (
        202,
        {"got": [2], "path": "/alerts", "token": "Bearer secret"},
    )


def test_a_killed_receiver_takes_its_workers_along_and_comes_back_on_its_port(receiver: Receiver) -> None:
    receiver.start()
    receiver.wait_ready()
    worker, url = receiver.log()[0]["worker"], receiver.url
    receiver.kill()
    wait_until("the worker's end", lambda: not is_alive(worker), seconds=20)
    assert not receiver.running
    with pytest.raises(ConnectionRefusedError):
        receiver.get("/-/ready")
    receiver.restart()
    assert receiver.is_ready()
    assert (receiver.url, len(receiver.log())) == (url, 2)


def test_terminate_waits_for_the_exit_code(receiver: Receiver) -> None:
    receiver.start()
    receiver.wait_ready()
    started = time.monotonic()
    assert receiver.terminate() == 3
    assert time.monotonic() - started >= 0.5
    receiver.restart()
    with pytest.raises(ProcessFailedError, match=r"receiver ran on after 0\.1 s"):
        receiver.terminate(seconds=0.1)


def test_a_receiver_that_does_not_start_says_why(tmp_path: Path, receiver: Receiver) -> None:
    failing = Receiver(Path("kubeconfig"), "home", Path("rules.yaml"), tmp_path, mode="off")
    failing.start()
    with pytest.raises(ProcessFailedError, match=r"receiver ended with exit code 1; (.|\n)*no such mode"):
        failing.wait_ready()
    failing.kill()


def test_the_environment_steers_a_receiver_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ROLLBACK_RECEIVER_MODE", "KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    kept = environment()
    assert "elsewhere" not in kept.values()
    assert kept["NO_PROXY"] == "127.0.0.1"


def test_a_frozen_receiver_answers_when_it_is_thawed(receiver: Receiver) -> None:
    receiver.start()
    receiver.wait_ready()
    receiver.signal(signal.SIGSTOP)
    assert receiver.running
    assert not receiver.is_ready()
    receiver.signal(signal.SIGCONT)
    receiver.wait_ready()


def test_a_receiver_that_does_not_run_has_no_pid(receiver: Receiver) -> None:
    with pytest.raises(ProcessFailedError, match="receiver is not running"):
        _ = receiver.pid
