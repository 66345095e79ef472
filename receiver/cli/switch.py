"""`pause` and `resume`: the kill switch, for all replicas."""

from pathlib import Path

import click

from receiver.app import open_cluster
from receiver.cli.options import cluster_options, ends_cleanly, settings_from
from receiver.cli.person import person
from receiver.engine.words import Words
from receiver.policy.times import format_time
from receiver.settings import Settings


def _words(settings: Settings) -> Words:
    cluster = open_cluster(settings)
    return Words(cluster.records, cluster.ledger)


@click.command()
@cluster_options
@click.option("--reason", default="", help="Why, for whoever wonders.")
@ends_cleanly
def pause(
    kubeconfig: str | None, context: str | None, namespace: str | None, config_file: Path | None, reason: str
) -> None:
    """Refuse every rollback from now on, dry runs included, in all replicas."""
    settings = settings_from(config_file, kubeconfig=kubeconfig, context=context, namespace=namespace)
    held = _words(settings).pause(person(), reason)
    click.echo(f"paused at {format_time(held.at)}; `rollback-receiver resume` ends it")


@click.command()
@cluster_options
@ends_cleanly
def resume(
    kubeconfig: str | None, context: str | None, namespace: str | None, config_file: Path | None
) -> None:
    """End a pause."""
    settings = settings_from(config_file, kubeconfig=kubeconfig, context=context, namespace=namespace)
    _words(settings).resume(person())
    click.echo("resumed")
