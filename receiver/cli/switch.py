"""`pause` and `resume`: the kill switch, for all replicas."""

from typing import Any

import click

from receiver.app import Cluster
from receiver.cli.homes import open_home
from receiver.cli.options import cluster_options, ends_cleanly, settings_from
from receiver.cli.person import person
from receiver.engine.words import Words, since_when
from receiver.logs import printable
from receiver.policy.ledger import Pause
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
    held, before = words.pause(person(), reason)
    click.echo(
        f"paused {_told(held, before, cluster.namespace)};"
        f" `rollback-receiver resume -n {cluster.namespace}` ends it"
    )


def _told(held: Pause, before: Pause | None, namespace: str) -> str:
    """Say since when nothing is rolled back; where somebody was first, by whom it is now, and why."""
    if before is None:
        return f"in namespace {namespace} at {format_time(held.at)}"
    now = "" if held == before else "now "
    return f"already in namespace {namespace}, {now}{printable(since_when(held))}"


@click.command()
@cluster_options
@ends_cleanly
def resume(**place: Any) -> None:
    """End a pause."""
    cluster, words = _opened(**place)
    ended = words.resume(person())
    click.echo(f"{'not paused' if ended is None else 'resumed'} in namespace {cluster.namespace}")
