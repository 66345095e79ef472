"""`rollback-receiver`: the group of all commands.

A command's module is imported when it is asked for, so that `check` does not wait for Kubernetes' client.
"""

import importlib
import os

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
