"""`pause` and `resume`: the kill switch, for all replicas."""

from typing import Any

import click

from receiver.app import Cluster
from receiver.cli.homes import open_home
from receiver.cli.options import cluster_options, ends_cleanly, settings_from
from receiver.cli.person import person
from receiver.engine.words import Words
from receiver.policy.times import format_time


def _opened(**place: Any) -> tuple[Cluster, Words]:
    cluster = open_home(settings_from(**place), flag="--namespace")
    return cluster, Words(cluster.records, cluster.ledger)


@click.command()
@cluster_options
@click.option("--reason", default="", help="Why, for whoever wonders.")
@ends_cleanly
def pause(reason: str, **place: Any) -> None:
    """Refuse every rollback from now on, dry runs included, in all replicas."""
    cluster, words = _opened(**place)
    held = words.pause(person(), reason)
    click.echo(
        f"paused in namespace {cluster.namespace} at {format_time(held.at)};"
        f" `rollback-receiver resume -n {cluster.namespace}` ends it"
    )


@click.command()
@cluster_options
@ends_cleanly
def resume(**place: Any) -> None:
    """End a pause."""
    cluster, words = _opened(**place)
    ended = words.resume(person())
    click.echo(f"{'not paused' if ended is None else 'resumed'} in namespace {cluster.namespace}")
