"""`pause` and `resume`: the kill switch, for all replicas."""

import getpass
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from receiver.app import open_cluster
from receiver.cli.options import REFUSED, cluster_options, ends_cleanly, settings_from, stop
from receiver.policy.ledger import Ledger, Pause
from receiver.policy.times import format_time
from receiver.policy.workload import Unreadable
from receiver.settings import Settings


def _swap(settings: Settings, pause: Pause | None) -> None:
    ledger = open_cluster(settings).ledger
    seen = ledger.read()
    held: Ledger | Unreadable = ledger.swap(seen, lambda old: replace(old, pause=pause))
    if isinstance(held, Unreadable):
        stop(str(held), status=REFUSED)


@click.command()
@cluster_options
@click.option("--reason", default="", help="Why, for whoever wonders.")
@ends_cleanly
def pause(
    kubeconfig: str | None, context: str | None, namespace: str | None, config_file: Path | None, reason: str
) -> None:
    """Refuse every rollback from now on, dry runs included, in all replicas."""
    settings = settings_from(config_file, kubeconfig=kubeconfig, context=context, namespace=namespace)
    now = datetime.now(UTC)
    _swap(settings, Pause(at=now, by=getpass.getuser(), reason=reason))
    click.echo(f"paused at {format_time(now)}; `rollback-receiver resume` ends it")


@click.command()
@cluster_options
@ends_cleanly
def resume(
    kubeconfig: str | None, context: str | None, namespace: str | None, config_file: Path | None
) -> None:
    """End a pause."""
    settings = settings_from(config_file, kubeconfig=kubeconfig, context=context, namespace=namespace)
    _swap(settings, None)
    click.echo("resumed")
