"""What `--help` says of every command and option, and what no command takes."""

import subprocess
import sys

import click
import pytest

from receiver.cli.main import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_explained(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.help
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([b"s\xff"], id="command"),
        pytest.param([b"show", b"a\xff"], id="argument"),
        pytest.param([b"check", b"rules/\xff"], id="file"),
        pytest.param([b"doctor", b"--kubeconfig", b"\xff"], id="option"),
    ],
)
def test_what_is_no_utf_8_is_named_in_one_line(words: list[bytes]) -> None:
    """The process title is one of gunicorn's, which reads the whole command line as UTF-8."""
    done = subprocess.run(
        [sys.executable, "-m", "receiver", *words], capture_output=True, check=False, timeout=60
    )
    *_, last = done.stderr.decode("ascii").splitlines()
    assert done.returncode == 2
    assert last.startswith("Error: '")
    assert last.endswith("\\udcff' is not UTF-8 text: write it so")
