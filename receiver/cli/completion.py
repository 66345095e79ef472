"""What a shell completes on the command line: the names of records, asked of the cluster."""

import os
from collections.abc import Callable

import click
from click.shell_completion import CompletionItem

from receiver.app import open_cluster
from receiver.cluster.errors import ClusterError
from receiver.policy.record import Phase
from receiver.settings import SettingsError, load_settings

LIMIT = 100
Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def record_names(phase: Phase | None = None) -> Completion:
    """Return what completes a record's name, of those in a phase or (None) of all.

    Whatever is wrong completes nothing: a shell is no place for it.
    """
    selector = "" if phase is None else f"status.phase={phase}"

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        flags = {name: ctx.params.get(name) for name in ("kubeconfig", "context", "namespace")}
        try:
            settings = load_settings(ctx.params.get("config_file"), os.environ, flags)
            found = open_cluster(settings).records.page(field_selector=selector, limit=LIMIT, continue_=None)
        except (ClusterError, SettingsError):
            return []
        names = (str(raw["metadata"]["name"]) for raw in found["items"])
        return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]

    return complete
