"""`serve`: the receiver itself."""

import logging
from typing import Any

import click

from receiver.app import serve as serve_settings
from receiver.cli.options import (
    ALERTMANAGER,
    MODE,
    PROMETHEUS,
    cluster_options,
    ends_cleanly,
    rules_option,
    settings_from,
    stop,
    tls_options,
    token_options,
)
from receiver.logs import set_up
from receiver.notify.senders import missing_extras


@click.command("serve")
@cluster_options
@rules_option
@MODE
@click.option("--listen", metavar="HOST:PORT", help="Where to listen. [127.0.0.1:8080]")
@token_options
@tls_options
@ALERTMANAGER
@PROMETHEUS
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    help="How much is logged. [info]",
)
@ends_cleanly
def serve_command(log_level: str, **flags: Any) -> None:
    """Take alerts, and roll back what they and the rules call for."""
    settings = settings_from(**flags)
    if missing := missing_extras(settings.notifications.receivers):
        stop("\n".join(missing), status=2)
    set_up(level=log_level)
    logging.getLogger(__name__).info(
        "mode %s", settings.mode, extra={"rules": [str(p) for p in settings.rules]}
    )
    raise click.exceptions.Exit(serve_settings(settings))
