"""Where the records and the ledger are that a command is about, where nobody says so.

In a namespace where no receiver looks, a kill switch would stop nothing, and one that holds would be missed.
"""

from dataclasses import replace

from receiver.app import Cluster, open_cluster
from receiver.cli.options import stop
from receiver.cluster.homes import find_homes
from receiver.settings import Settings


def open_home(settings: Settings, *, flag: str) -> Cluster:
    """Connect, to the namespace that is set, or else the only one that has records; `flag` chooses one.

    Raises:
        ClusterError: there is no usable configuration, or no answer.
    """
    cluster = open_cluster(settings)
    return cluster if settings.namespace else replace(cluster, namespace=_home(cluster, flag))


def _home(cluster: Cluster, flag: str) -> str:
    homes = find_homes(cluster.api)
    if len(homes) > 1:
        known = ", ".join(sorted(homes))
        stop(f"there are records in several namespaces ({known}): choose with {flag}", status=2)
    return next(iter(homes), cluster.namespace)
