"""How people write and read the name of a workload: as kubectl does."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from receiver.app import Cluster
from receiver.cli.homes import open_home
from receiver.cli.options import settings_from
from receiver.policy.problems import quoted
from receiver.policy.vocabulary import Kind
from receiver.policy.workload import Workload, WorkloadRef
from receiver.settings import Settings

SHORT = {"deploy": "deployment", "sts": "statefulset", "ds": "daemonset", "ro": "rollout"}
DEFAULT = "default"
WORKLOAD = click.argument("workload", nargs=-1, required=True, metavar="KIND/NAME")


def kinds() -> Mapping[str, str]:
    """Return the kinds by every word that kubectl takes for them."""
    full = {kind.value.lower(): kind.value for kind in Kind}
    plural = {f"{word}s": kind for word, kind in full.items()}
    short = {word: full[long] for word, long in SHORT.items() if long in full}
    return {**full, **plural, **short}


def parse_workload(words: Sequence[str], namespace: str) -> WorkloadRef:
    """Read `deployment/checkout`, `deploy checkout` or `deployments.apps/checkout`.

    Raises:
        BadParameter: it is something else.
    """
    parts = words[0].split("/") if len(words) == 1 else list(words)
    if len(parts) != 2 or not all(parts) or "/" in "".join(parts):
        said = quoted(" ".join(words))
        raise click.BadParameter(f"{said} is no workload: write KIND/NAME, for example deployment/checkout")
    known = kinds()
    kind = known.get(parts[0].lower().partition(".")[0])
    if kind is None:
        words_known = ", ".join(sorted({kind.lower() for kind in known.values()}))
        raise click.BadParameter(f"{quoted(parts[0])} cannot be rolled back: known are {words_known}")
    return WorkloadRef(kind, namespace, parts[1])


def find(
    workload: Sequence[str], namespace: str | None, records_namespace: str | None, **flags: Any
) -> tuple[Settings, Cluster, WorkloadRef]:
    """Return the settings, the cluster and the workload that a command is about.

    Where the records live need not be told where only one receiver's are to be found.

    Raises:
        BadParameter: the workload is not written as one.
        ClusterError: there is no usable configuration.
    """
    parse_workload(workload, DEFAULT)
    settings = settings_from(namespace=records_namespace, **flags)
    cluster = open_home(settings, flag="--records-namespace")
    return settings, cluster, parse_workload(workload, namespace or cluster.api.namespace or DEFAULT)


def resource(workload: Workload) -> str:
    """Return how kubectl names a workload: `deployment.apps/checkout`."""
    group = workload.api_version.partition("/")[0]
    return f"{workload.ref.kind.lower()}.{group}/{workload.ref.name}"
