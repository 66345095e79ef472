"""`pause` and `resume`: the kill switch, for all replicas."""

from typing import Any

import click

from receiver.app import open_cluster
from receiver.cli.options import cluster_options, ends_cleanly, settings_from
from receiver.cli.person import person
from receiver.engine.words import Words
from receiver.policy.times import format_time


def _words(**place: Any) -> Words:
    cluster = open_cluster(settings_from(**place))
    return Words(cluster.records, cluster.ledger)


@click.command()
@cluster_options
@click.option("--reason", default="", help="Why, for whoever wonders.")
@ends_cleanly
def pause(reason: str, **place: Any) -> None:
    """Refuse every rollback from now on, dry runs included, in all replicas."""
    held = _words(**place).pause(person(), reason)
    click.echo(f"paused at {format_time(held.at)}; `rollback-receiver resume` ends it")


@click.command()
@cluster_options
@ends_cleanly
def resume(**place: Any) -> None:
    """End a pause."""
    _words(**place).resume(person())
    click.echo("resumed")
