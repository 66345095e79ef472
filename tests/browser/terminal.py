"""A picture of the command line: what a command really prints on a terminal, with its colours."""

import io
import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Browser
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

COLUMNS, SECONDS = 100, 30
PAGE = """<meta charset="utf-8"><style>
body {{ margin: 0; background: {background}; color: {foreground} }}
pre {{ margin: 0; padding: 16px 20px; width: max-content; font: 14px/1.35 "DejaVu Sans Mono", monospace }}
{stylesheet}
</style><pre>{code}</pre>"""


def take_terminal(
    browser: Browser, picture: Path, commands: Sequence[Sequence[str]], settings: Mapping[str, str]
) -> None:
    """Run commands of `rollback-receiver` one after the other, and take a picture of all that they print.

    `settings` are variables of the environment, as a person sets them once.
    """
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    for command in commands:
        console.print(Text(f"$ rollback-receiver {' '.join(command)}", style="bold"))
        console.print(Text.from_ansi(printed(command, settings)), "\n")
    page = browser.new_page(viewport={"width": 940, "height": 200})
    page.set_content(console.export_html(theme=MONOKAI, code_format=PAGE, inline_styles=False))
    page.locator("pre").screenshot(path=picture)
    page.close()


def printed(command: Sequence[str], settings: Mapping[str, str]) -> str:
    """Return what a command prints on a terminal of 100 columns.

    Raises:
        RuntimeError: it fails.
    """
    ours, theirs = pty.openpty()
    environment = {**os.environ, **settings, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    process = subprocess.Popen(
        [sys.executable, "-m", "receiver", *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    )
    os.close(theirs)
    said = b"".join(_chunks(ours))
    os.close(ours)
    if process.wait(SECONDS):
        raise RuntimeError(f"rollback-receiver {' '.join(command)}: {said.decode()}")
    return said.decode().replace("\r\n", "\n").rstrip()


def _chunks(terminal: int) -> list[bytes]:
    """Read until the other side is closed, which Linux tells by an error."""
    chunks = []
    with suppress(OSError):
        while chunk := os.read(terminal, 65536):
            chunks.append(chunk)
    return chunks
