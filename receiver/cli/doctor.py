"""`doctor`: is everything there that the receiver works with, and if not, what to do."""

from pathlib import Path
from typing import Any

import click

from receiver.app import check_up
from receiver.cli.colours import FINDINGS, colour_column
from receiver.cli.options import (
    ALERTMANAGER,
    PROMETHEUS,
    REFUSED,
    UNREACHABLE,
    cluster_options,
    ends_cleanly,
    rules_option,
    settings_from,
    tls_options,
    token_options,
)
from receiver.cli.tables import fitted_table
from receiver.policy.vocabulary import Kind

WORDS = {True: "ok", False: "FAULT", None: "-"}


@click.command("doctor")
@cluster_options
@rules_option
@token_options
@tls_options
@ALERTMANAGER
@PROMETHEUS
@click.option(
    "--kind",
    "kinds",
    type=click.Choice([kind.value for kind in Kind]),
    multiple=True,
    help="A kind that is to be rolled back. May be repeated. [all]",
)
@ends_cleanly
def doctor(kinds: tuple[str, ...], config_file: Path | None, **flags: Any) -> None:
    """Look at all that the receiver works with, a line each: ok, or what to do.

    Rights are those of whoever asks: with the receiver's own kubeconfig, its.
    """
    settings = settings_from(config_file, **flags)
    findings = list(check_up(settings, kinds, configured=config_file is not None))
    rows = [(WORDS[one.good], one.what, one.said) for one in findings]
    told = fitted_table(("STATE", "CHECKED", "FOUND"), rows)
    click.echo(colour_column(told, "STATE", FINDINGS))
    if not all(one.reached for one in findings):
        raise click.exceptions.Exit(UNREACHABLE)
    if any(one.good is False for one in findings):
        raise click.exceptions.Exit(REFUSED)
