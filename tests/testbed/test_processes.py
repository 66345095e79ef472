"""A child process ends when it is told to, says why where it fails, and does not outlive the test process."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.testbed.processes import PORTS, Process, ProcessFailedError, free_port, is_alive, wait_until

ROOT = Path(__file__).parents[2]
ORPHAN = """
import os, signal, sys, threading
from pathlib import Path
from tests.testbed.processes import Process
child = Process("child", ["sh", "-c", "sleep 60 & echo $!; wait"], Path(sys.argv[1]))
starter = threading.Thread(target=child.start)
starter.start()
starter.join()
while not (grandchild := child.log.read_text()):
    pass
print(child.pid, grandchild, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Callable[[str], Process]]:
    """Start a shell script as a child process."""
    started: list[Process] = []

    def start(script: str) -> Process:
        process = Process("child", ["sh", "-c", script], tmp_path / "child.log")
        started.append(process)
        process.start()
        return process

    yield start
    for process in started:
        process.kill()


def test_a_process_that_ended_by_itself_is_named_with_its_last_words(
    shell: Callable[[str], Process],
) -> None:
    process = shell("echo cannot bind; exit 7")
    with pytest.raises(ProcessFailedError, match=r"child ended with exit code 7; its log .*\ncannot bind"):
        process.wait_until("never", lambda: False, seconds=5)


def test_a_process_that_does_not_get_ready_is_named_with_its_last_words(
    shell: Callable[[str], Process],
) -> None:
    process = shell("echo still starting; sleep 60")
    wait_until("the line", process.log.read_text, seconds=5)
    with pytest.raises(
        ProcessFailedError, match=r"child: it is not up: not within 0.1 s; .*\nstill starting"
    ):
        process.wait_until("it is not up", lambda: False, seconds=0.1)


def test_terminate_returns_the_exit_code(shell: Callable[[str], Process]) -> None:
    process = shell("trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done")
    wait_until("the trap", process.log.read_text, seconds=5)
    assert process.terminate(20) == 5
    assert not process.running


def test_terminate_reaches_a_frozen_process(shell: Callable[[str], Process]) -> None:
    process = shell("exec sleep 60")
    process.signal(signal.SIGSTOP)
    assert process.terminate(20) == -signal.SIGTERM


def test_a_process_that_runs_on_is_killed_and_reported(shell: Callable[[str], Process]) -> None:
    process = shell("trap '' TERM; echo up; while :; do sleep 0.05; done")
    wait_until("the trap", process.log.read_text, seconds=5)
    pid = process.pid
    with pytest.raises(ProcessFailedError, match=r"child ran on after 0.2 s"):
        process.terminate(0.2)
    assert not is_alive(pid)


def test_kill_ends_the_children_too(shell: Callable[[str], Process]) -> None:
    process = shell("sleep 60 & echo $!; wait")
    grandchild = int(wait_until("its child", process.log.read_text, seconds=5))
    assert process.kill() == -signal.SIGKILL
    wait_until("the child's end", lambda: not is_alive(grandchild), seconds=5)


def test_a_killed_test_process_leaves_nothing_behind(tmp_path: Path) -> None:
    """Also when the thread that started the child is gone, and for the child's children."""
    command = [sys.executable, "-c", ORPHAN, str(tmp_path / "child.log")]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=30)
    assert answer.returncode == -signal.SIGKILL, answer.stderr
    child, grandchild = map(int, answer.stdout.split())
    wait_until("the child's end", lambda: not is_alive(child), seconds=5)
    wait_until("its child's end", lambda: not is_alive(grandchild), seconds=5)


def test_a_free_port_is_no_port_of_an_outgoing_connection() -> None:
    first, _ = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert free_port() in PORTS
    assert PORTS.stop <= first


def test_processes_of_the_tests_have_ports_of_their_own() -> None:
    """And one that was just given up is not given out again soon: somebody may still knock there."""
    code = "from tests.testbed.processes import free_port; print(*(free_port() for _ in range(200)))"
    found = [_ports_of(f"gw{n}", code) for n in range(3)]
    assert [len(ports) for ports in found] == [200] * 3
    assert len(set[str]().union(*found)) == 600


def _ports_of(worker: str, code: str) -> set[str]:
    env = {**os.environ, "PYTEST_XDIST_WORKER": worker, "PYTEST_XDIST_WORKER_COUNT": "3"}
    command = [sys.executable, "-c", code]
    return set(
        subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout.split()
    )
