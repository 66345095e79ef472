"""`rollback-receiver`: the group of all commands.

A command's module is imported when it is asked for, so that `check` does not wait for Kubernetes' client.
"""

import importlib
import os
import sys
import traceback
from typing import Any

import click

from receiver import __version__
from receiver.policy.problems import quoted

COMMANDS = {
    "serve": "serve",
    "demo": "demo",
    "check": "check",
    "test": "test",
    "explain": "explain",
    "list": "records",
    "show": "records",
    "approve": "words",
    "reject": "words",
    "review": "words",
    "report": "report",
    "pause": "switch",
    "resume": "switch",
    "history": "history",
    "undo": "undo",
    "doctor": "doctor",
    "crd": "crd",
    "schema": "check",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; where what it says cannot be written, say so and end with status 1."""
        try:
            return super().main(*args, **kwargs)
        except OSError as e:
            if not _is_of_output(e):
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            click.echo(f"cannot write to standard output: {e.strerror}", err=True)
            sys.exit(1)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line, all of which must be UTF-8: where it is not, gunicorn cannot be imported."""
        if not ctx.resilient_parsing:
            _demand_utf8(args, ctx)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order of the manual."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command, None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"receiver.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command", None) or getattr(module, cmd_name)
        return command


def _is_of_output(fault: OSError) -> bool:
    """Tell whether it was in printing, not in reading a file, that a command failed."""
    *_, (innermost, _) = traceback.walk_tb(fault.__traceback__)
    return innermost.f_code is click.echo.__code__


def _demand_utf8(args: list[str], ctx: click.Context) -> None:
    for arg in args:
        try:
            os.fsencode(arg).decode()
        except UnicodeError as e:
            raise click.UsageError(f"{quoted(arg)} is not UTF-8 text: write it so", ctx) from e


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rollback-receiver")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Roll Kubernetes workloads back when Alertmanager says so: once, safely, and on the record."""
    if os.environ.get("NO_COLOR"):
        ctx.color = False
