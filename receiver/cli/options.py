"""The options that all commands share, and how faults end a command: 1 no, 2 usage, 3 cluster unreachable."""

import os
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click

from receiver.cluster.errors import ClusterError, Forbidden, Invalid, NotFound, Rejected
from receiver.policy.durations import parse_duration
from receiver.rulefiles import RulesError
from receiver.settings import PREFIX, Settings, SettingsError, load_settings

REFUSED, UNREACHABLE = 1, 3
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
"""What click's decorators are."""


def _together(*options: Decorator) -> Decorator:
    """Return what gives a command several options, in this order."""

    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return give


_KUBECONFIG = _together(
    click.option("--kubeconfig", metavar="FILE", help="The kubeconfig, as for kubectl."),
    click.option("--context", metavar="NAME", help="The kubeconfig's context."),
)
_CONFIG = click.option(
    "--config",
    "config_file",
    metavar="FILE",
    envvar=f"{PREFIX}CONFIG",
    type=click.Path(path_type=Path),
    help="The config file; flags and variables beat it.",
)
cluster_options = _together(
    _KUBECONFIG,
    click.option("-n", "--namespace", metavar="NS", help="Where the records live."),
    _CONFIG,
)
"""Of every command with a cluster; with `**place` a command takes them all, for `settings_from`."""
workload_options = _together(
    _KUBECONFIG,
    click.option("-n", "--namespace", metavar="NS", help="The workload's namespace, as for kubectl."),
    click.option("--records-namespace", metavar="NS", help="Where the records live."),
    _CONFIG,
)
"""Of a command about one workload, for `find`; `--namespace` is that workload's, as for kubectl."""
rules_option = click.option(
    "--rules", metavar="PATH", multiple=True, help="A rule file, or a folder of them. May be repeated."
)
MODE = click.option(
    "--mode", metavar="off|dry-run|approve|auto", help="The ceiling of every rule's mode. [dry-run]"
)
PROMETHEUS = click.option(
    "--prometheus-url", metavar="URL", help="Asked when the trouble behind an alert began."
)
ALERTMANAGER = click.option("--alertmanager-url", metavar="URL", help="Asked whether an alert still fires.")
token_options = _together(
    click.option(
        "--webhook-token-file", metavar="FILE", help="The token that POST /alerts needs. [anyone may post]"
    ),
    click.option("--review-token-file", metavar="FILE", help="The token of everything that people do."),
)
tls_options = _together(
    click.option("--tls-cert-file", metavar="FILE", help="Serve HTTPS with this certificate. [plain HTTP]"),
    click.option("--tls-key-file", metavar="FILE", help="The certificate's key."),
    click.option(
        "--tls-client-ca-file", metavar="FILE", help="The CAs of the clients that may come. [all may]"
    ),
)
OUTPUT = click.option(
    "-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", help="How to print."
)


def duration(_: click.Context, __: click.Parameter, text: str | None) -> timedelta | None:
    """Read an option's duration, None where it is not given."""
    try:
        return None if text is None else parse_duration(text)
    except ValueError as e:
        raise click.BadParameter(str(e)) from e


def settings_from(config_file: Path | None, **flags: Any) -> Settings:
    """Put the settings together of a command's options, or end with status 2 and every fault on a line."""
    try:
        return load_settings(config_file, os.environ, flags)
    except SettingsError as e:
        stop(str(e), status=2)


def stop(message: str, *, status: int) -> NoReturn:
    """End the command with a message on stderr."""
    click.echo(message, err=True)
    raise click.exceptions.Exit(status)


def _remedy(missing: NotFound) -> str:
    if 'namespaces "' in str(missing):
        return "is --namespace right?"
    return "is the CRD installed? rollback-receiver crd | kubectl apply -f -"


def ends_cleanly(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what can go wrong into a message and an exit status."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except NotFound as e:
            stop(f"not found: {e}; {_remedy(e)}", status=REFUSED)
        except (Forbidden, Invalid, Rejected) as e:
            stop(f"the cluster refuses: {e}", status=REFUSED)
        except ClusterError as e:
            stop(f"cannot reach the cluster: {e}", status=UNREACHABLE)
        except RulesError as e:
            stop(str(e), status=REFUSED)

    return run
