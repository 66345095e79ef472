"""How the story is told: plain words at a reading pace, on any terminal or none."""

import os
import sys
import textwrap
import time
from collections.abc import Iterable

import click

WIDTH = 80
SECONDS_A_WORD, LONGEST_PAUSE_SECONDS = 0.12, 5.0


class Teller:
    """Prints the story. `fast` leaves no time to read."""

    def __init__(self, *, fast: bool) -> None:
        self._fast = fast
        self._chapters = 0
        self._colours = _on_terminal() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self._chapters += 1
        self._print(self._styled(f"{self._chapters}. {title}", bold=True) + "\n")

    def say(self, text: str) -> None:
        """Say a paragraph, and leave the time to read it."""
        self._print(_filled(text))
        self._wait(text)

    def remark(self, text: str) -> None:
        """Say a paragraph, and go on at once."""
        self._print(_filled(text))

    def answer(self, text: str) -> None:
        """Answer a Ctrl-C, which a terminal shows where the text stands, on the next line."""
        self._print("\n" + _filled(text))

    def show(self, lines: str | Iterable[str]) -> None:
        """Show lines as they stand, indented."""
        text = lines if isinstance(lines, str) else "\n".join(lines)
        self._print(textwrap.indent(text.rstrip("\n"), "    ") + "\n")
        self._wait(text)

    def command(self, command: str, output: str) -> None:
        """Show a command as it is typed, and what it printed."""
        self._print(self._styled(f"    $ {command}", dim=True))
        self.show(output)

    def _wait(self, text: str) -> None:
        if not self._fast:
            time.sleep(min(len(text.split()) * SECONDS_A_WORD, LONGEST_PAUSE_SECONDS))

    def _styled(self, text: str, **style: bool) -> str:
        return click.style(text, **style) if self._colours else text

    def _print(self, text: str) -> None:
        click.echo(text)


def _on_terminal() -> bool:
    """Tell whether a terminal is there; of a closed standard output there is not even a file."""
    return sys.stdout is not None and sys.stdout.isatty()


def _filled(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH, break_on_hyphens=False) + "\n"
