"""`demo`: the whole job on an embedded cluster, told step by step."""

import sys
from pathlib import Path
from typing import NoReturn

import click

from receiver.cli.options import ends_cleanly, stop
from receiver.demo.performance import perform
from receiver.demo.places import address
from receiver.demo.programs import DemoError
from receiver.demo.remains import LeftBehind

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("demo")
@click.option("--fast", is_flag=True, help="Leave no time to read.")
@click.option("--once", is_flag=True, help="End with the story, instead of waiting for Ctrl-C.")
@click.option("--alertmanager", metavar="PATH", type=FILE, help="A real Alertmanager's binary, to take part.")
@click.option(
    "--kubeconfig", metavar="FILE", type=FILE, help="Play on a real cluster, in namespaces of its own."
)
@ends_cleanly
def demo(fast: bool, once: bool, alertmanager: Path | None, kubeconfig: Path | None) -> None:
    """Show the whole job: a cluster, a bad release, an alert, the rollback, and what is refused."""
    if kubeconfig is not None:
        _confirm(kubeconfig)
    try:
        perform(fast=fast, once=once, alertmanager=alertmanager, kubeconfig=kubeconfig)
    except LeftBehind as e:
        _stop_with(e)
    except DemoError as e:
        stop(f"the demo ended early: {e}", status=1)
    except KeyboardInterrupt:
        stop("\nInterrupted; everything is taken down.", status=130)


def _confirm(kubeconfig: Path) -> None:
    question = (
        f"The demo will create two namespaces, two Deployments and the CRD of the records in the cluster at"
        f" {address(kubeconfig)}, and remove them at the end (the CRD only if it was not there, and nobody"
        " else has records). Go on?"
    )
    if sys.stdout is None:
        stop("the demo asks before it plays on a real cluster, and its standard output is closed", status=1)
    click.confirm(question, abort=True)


def _stop_with(left: LeftBehind) -> NoReturn:
    """Say how the demo ended, and what of it is left."""
    match left.__context__:
        case None:
            stop(str(left), status=1)
        case KeyboardInterrupt():
            stop(f"\nInterrupted. {left}", status=130)
        case early:
            stop(f"the demo ended early: {early}\n{left}", status=1)
