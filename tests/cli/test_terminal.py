"""What a terminal gets and a pipe does not, and what a shell completes."""

import errno
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import click
import pytest
from click.testing import CliRunner

from receiver.cli.colours import PHASES, colour_column, colour_fact
from receiver.cli.main import main
from receiver.cli.tables import describe, table
from receiver.policy.times import format_time
from tests.kubernetes import stub

GREEN, RESET = "\x1b[32m", "\x1b[0m"
UNCOLOURED = re.compile(r"\x1b\[\d+m")
RECORDS = {
    "checkout-1": "AwaitingApproval",
    "checkout-2": "Succeeded",
    "cart-1": "Succeeded",
}
TARGET = {"kind": "Deployment", "namespace": "shop", "name": "checkout"}


class Records(BaseHTTPRequestHandler):
    """An API server that knows these records and nothing else."""

    def do_GET(self) -> None:
        wanted = self.path.partition("status.phase%3D")[2]
        created = format_time(datetime.now(UTC) - timedelta(days=230, hours=9))
        items = [
            {
                "metadata": {"name": name, "creationTimestamp": created},
                "spec": {"target": TARGET, "rule": "http-errors-after-deploy"},
                "status": {"phase": phase, "target": "Deployment/shop/checkout"},
            }
            for name, phase in RECORDS.items()
            if phase.startswith(wanted.partition("&")[0])
        ]
        content = json.dumps({"items": items, "metadata": {}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[Path]:
    """The kubeconfig of that API server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Records) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield stub.kubeconfig(tmp_path, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def on_terminal(*words: str, **variables: str) -> str:
    """Run a command on a terminal of its own and return what it shows there."""
    mine, its = pty.openpty()
    command = [sys.executable, "-m", "receiver", *words]
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    subprocess.run(command, stdout=its, check=True, timeout=60, env={**kept, **variables})
    os.close(its)
    shown = b""
    with closing(os.fdopen(mine, "rb", buffering=0)) as terminal:
        # Where the other end is closed Linux answers with an error.
        try:
            while chunk := terminal.read(4096):
                shown += chunk
        except OSError:
            pass
    return shown.decode()


def test_phases_are_coloured_on_a_terminal_only(kubeconfig: Path) -> None:
    """Neither in a pipe nor where NO_COLOR asks for none."""
    words = ("list", f"--kubeconfig={kubeconfig}")
    assert f"{GREEN}Succeeded{RESET}" in on_terminal(*words)
    plain = on_terminal(*words, NO_COLOR="1")
    assert "Succeeded" in plain
    assert "\x1b" not in plain
    piped = subprocess.run([sys.executable, "-m", "receiver", *words], capture_output=True, check=True)
    assert b"\x1b" not in piped.stdout


@pytest.mark.parametrize(
    ("columns", "headers"),
    [
        pytest.param(110, ["NAME", "TARGET", "RULE", "PHASE", "FROM", "TO", "AGE"], id="wide"),
        pytest.param(90, ["NAME", "TARGET", "PHASE", "FROM", "TO", "AGE"], id="narrower"),
        pytest.param(80, ["NAME", "PHASE", "FROM", "TO", "AGE"], id="80"),
    ],
)
def test_the_list_fits_the_terminal(kubeconfig: Path, columns: int, headers: list[str]) -> None:
    header, *rows = on_terminal("list", f"--kubeconfig={kubeconfig}", COLUMNS=str(columns)).splitlines()
    assert header.split() == headers
    assert max(len(UNCOLOURED.sub("", line)) for line in [header, *rows]) <= columns


def test_a_pipe_gets_the_whole_list(kubeconfig: Path) -> None:
    words = [sys.executable, "-m", "receiver", "list", f"--kubeconfig={kubeconfig}"]
    piped = subprocess.run(
        words, capture_output=True, check=True, text=True, env={**os.environ, "COLUMNS": "20"}
    )
    assert "RULE" in piped.stdout.splitlines()[0].split()


@pytest.mark.parametrize("words", [["crd"], ["list", "--help"], ["--version"]], ids=" ".join)
def test_what_cannot_be_written_is_one_sentence(words: list[str]) -> None:
    """However much of it there is."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "receiver", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr == "cannot write to standard output: No space left on device\n"


def test_a_pipe_that_is_closed_is_no_fault() -> None:
    its, mine = os.pipe()
    os.close(its)
    with os.fdopen(mine, "w") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "receiver", "crd"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert done.stderr == b""


def test_what_else_the_system_refuses_is_not_laid_to_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(main, "get_command", lambda *_: click.Command("schema", callback=refuse))
    assert isinstance(CliRunner().invoke(main, ["schema"]).exception, OSError)


def test_colours_change_no_column_but_their_own() -> None:
    """A record that is called like a phase stays as it is."""
    laid_out = table(("NAME", "PHASE", "AGE"), [("Failed", "Succeeded", "1m"), ("x", "Refused", "2m")])
    coloured = colour_column(laid_out, "PHASE", PHASES)
    assert coloured.replace(GREEN, "").replace(RESET, "") == laid_out
    assert coloured.count("\x1b") == 2
    facts = describe({"Name": "Phase: Failed", "Phase": "Succeeded"})
    assert colour_fact(facts, "Phase", PHASES) == facts.replace("Succeeded", f"{GREEN}Succeeded{RESET}")


def completed(kubeconfig: Path, *words: str) -> list[str]:
    """Return what bash is offered for the last of these words."""
    given = ["rollback-receiver", words[0], f"--kubeconfig={kubeconfig}", *words[1:]]
    asked = {
        "_ROLLBACK_RECEIVER_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(given),
        "COMP_CWORD": str(len(given) - 1),
    }
    done = CliRunner().invoke(main, prog_name="rollback-receiver", env=asked)
    return [line.partition(",")[2] for line in done.output.splitlines() if line]


def test_shell_completes_the_names_of_records(kubeconfig: Path) -> None:
    """Those that fit: of `approve` only those that await approval."""
    assert completed(kubeconfig, "show", "ch") == ["checkout-1", "checkout-2"]
    assert completed(kubeconfig, "approve", "c") == ["checkout-1"]


def test_shell_completes_commands_and_nothing_where_the_cluster_is_not_reached(tmp_path: Path) -> None:
    assert completed(tmp_path / "none", "show", "ch") == []
    asked = {
        "_ROLLBACK_RECEIVER_COMPLETE": "bash_complete",
        "COMP_WORDS": "rollback-receiver und",
        "COMP_CWORD": "1",
    }
    assert "plain,undo" in CliRunner().invoke(main, prog_name="rollback-receiver", env=asked).output


def test_shell_is_given_what_it_needs_to_complete() -> None:
    """As the manual says: eval "$(_ROLLBACK_RECEIVER_COMPLETE=bash_source rollback-receiver)"."""
    asked = {"_ROLLBACK_RECEIVER_COMPLETE": "zsh_source"}
    script = CliRunner().invoke(main, prog_name="rollback-receiver", env=asked).output
    assert "compdef" in script
