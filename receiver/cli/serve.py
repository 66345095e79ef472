"""`serve`: the receiver itself."""

import logging
from pathlib import Path
from typing import Any

import click

from receiver.app import serve as serve_settings
from receiver.cli.options import MODE, PROMETHEUS, cluster_options, ends_cleanly, rules_option, settings_from
from receiver.logs import set_up


@click.command("serve")
@cluster_options
@rules_option
@MODE
@click.option("--listen", metavar="HOST:PORT", help="Where to listen. [127.0.0.1:8080]")
@click.option(
    "--webhook-token-file", metavar="FILE", help="The token that POST /alerts needs. [anyone may post]"
)
@click.option("--review-token-file", metavar="FILE", help="The token of everything that people do.")
@click.option("--alertmanager-url", metavar="URL", help="Asked whether an alert still fires.")
@PROMETHEUS
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info")
@ends_cleanly
def serve_command(config_file: Path | None, log_level: str, **flags: Any) -> None:
    """Take alerts, and roll back what they and the rules call for."""
    settings = settings_from(config_file, **flags)
    set_up(level=log_level)
    logging.getLogger(__name__).info(
        "mode %s", settings.mode, extra={"rules": [str(p) for p in settings.rules]}
    )
    raise click.exceptions.Exit(serve_settings(settings))
