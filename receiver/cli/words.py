"""`approve`, `reject` and `review`: the on-call's words, straight to the cluster, whatever receivers run."""

import time
from typing import Any, NoReturn

import click

from receiver.app import Cluster, open_cluster
from receiver.cli.completion import record_names
from receiver.cli.options import REFUSED, cluster_options, ends_cleanly, settings_from, stop
from receiver.cli.person import person
from receiver.engine.words import Words
from receiver.logs import printable
from receiver.policy.intake import WrongPhase
from receiver.policy.record import IN_WORK, Phase, Review

Record = dict[str, Any]
LOOK_SECONDS = 0.5
LONELY_SECONDS = 15.0
"""A receiver that runs takes an approval up within 5 s."""


@click.command("approve")
@cluster_options
@click.option("--wait", is_flag=True, help="Say how it goes, until it has ended.")
@click.argument("name", shell_complete=record_names(Phase.AWAITING_APPROVAL))
@ends_cleanly
def approve(name: str, *, wait: bool, **place: Any) -> None:
    """Have a rollback that awaits approval carried out.

    Every guard judges once more first. A receiver takes it up within 5 s.
    """
    cluster = open_cluster(settings_from(**place))
    record = _kept(name, cluster, lambda words: words.approve(name, person()))
    click.echo(f"{name} approved")
    if wait:
        _watch(cluster, record)


@click.command("reject")
@cluster_options
@click.option("--note", default="", help="Why, for whoever reads the record.")
@click.argument("name", shell_complete=record_names(Phase.AWAITING_APPROVAL))
@ends_cleanly
def reject(name: str, note: str, **place: Any) -> None:
    """End a rollback that awaits approval; the same release is not taken up again."""
    cluster = open_cluster(settings_from(**place))
    _kept(name, cluster, lambda words: words.reject(name, person(), note))
    click.echo(f"{name} rejected")


@click.command("review")
@cluster_options
@click.option(
    "--verdict", required=True, type=click.Choice([verdict.value for verdict in Review]), help="What it was."
)
@click.option("--note", default="", help="Why, for whoever reads the record.")
@click.argument("name", shell_complete=record_names())
@ends_cleanly
def review(name: str, verdict: str, note: str, **place: Any) -> None:
    """Say whether a decision was right; the last word counts.

    wrong clears the suspect, so that it may be gone back to; right of a dry run makes sure that it is not.
    """
    cluster = open_cluster(settings_from(**place))
    _kept(name, cluster, lambda words: words.review(name, Review(verdict), note, person()))
    click.echo(f"{name} reviewed: {verdict}")


def _kept(name: str, cluster: Cluster, say: Any) -> Record:
    """Return the record after somebody's word; what cannot be done ends the command."""
    try:
        record: Record | None = say(Words(cluster.records, cluster.ledger))
    except WrongPhase as e:
        stop(printable(str(e)), status=REFUSED)
    if record is None:
        stop(f"no rollback {name!r} in namespace {cluster.namespace}", status=REFUSED)
    return record


def _watch(cluster: Cluster, record: Record) -> None:
    """Print each change of a record until nobody works on it any more."""
    name, told, lonely_at = record["metadata"]["name"], "", time.monotonic() + LONELY_SECONDS
    while True:
        status = record["status"]
        if told != (line := f"{status['phase']}: {printable(status.get('message', ''))}"):
            click.echo(line)
            told = line
        if status["phase"] not in IN_WORK:
            _end(Phase(status["phase"]))
        if not status.get("holder") and time.monotonic() > lonely_at:
            click.echo(
                "no receiver has taken it up yet: is one running? It will, as soon as one is", err=True
            )
            lonely_at = float("inf")
        time.sleep(LOOK_SECONDS)
        record = cluster.records.get(name)


def _end(phase: Phase) -> NoReturn:
    raise click.exceptions.Exit(0 if phase is Phase.SUCCEEDED else REFUSED)
