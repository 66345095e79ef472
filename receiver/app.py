"""Puts the rooms together: from settings to a connection, an engine, and a server."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from receiver.alertmanager import Alertmanager
from receiver.cluster.access import connect
from receiver.cluster.api import Api
from receiver.cluster.ledger import LedgerStore
from receiver.cluster.records import Records
from receiver.cluster.snapshots import SnapshotReader
from receiver.engine.beginnings import Beginnings
from receiver.engine.explaining import Explanation, explain
from receiver.engine.instance import Instance
from receiver.engine.judging import Judging
from receiver.engine.recollection import Recollection
from receiver.engine.rulebook import Rulebook
from receiver.engine.service import Engine
from receiver.policy.alerts import Alert
from receiver.policy.context import Installation
from receiver.policy.rules import Ruleset
from receiver.prometheus import Prometheus
from receiver.rulefiles import fingerprint, load_rules
from receiver.settings import Settings
from receiver.web.application import create_app
from receiver.web.auth import TokenFile
from receiver.web.server import run

DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A connection, and the namespace where the records live."""

    api: Api
    namespace: str

    @property
    def records(self) -> Records:
        """Return the records."""
        return Records(self.api, self.namespace)

    @property
    def ledger(self) -> LedgerStore:
        """Return the ledger's home."""
        return LedgerStore(self.api, self.namespace)


def open_cluster(settings: Settings) -> Cluster:
    """Connect as the settings say.

    Raises:
        ClusterError: there is no usable configuration.
    """
    api = Api(connect(settings.kubeconfig, settings.context))
    return Cluster(api, settings.namespace or api.namespace or DEFAULT_NAMESPACE)


def installation(settings: Settings, cluster: Cluster) -> Installation:
    """Return what the installation allows; the receiver's own namespace is always protected."""
    return Installation(
        mode=settings.mode,
        namespaces=frozenset(settings.namespaces),
        protected_namespaces=frozenset({*settings.protected_namespaces, cluster.namespace}),
    )


def read_rules(settings: Settings) -> Ruleset:
    """Read the rule files.

    Raises:
        RulesError: they have faults.
    """
    return load_rules(settings.rules, settings.defaults)


def make_engine(settings: Settings, rulebook: Rulebook, *, port: int) -> Engine:
    """Make the receiver that listens on a port of this host; nothing of it runs yet.

    Raises:
        ClusterError: there is no usable configuration.
    """
    cluster = open_cluster(settings)
    url = settings.alertmanager_url
    return Engine(
        cluster.api,
        namespace=cluster.namespace,
        installation=installation(settings, cluster),
        rulebook=rulebook,
        instance=Instance.here(port),
        alertmanager=None if url is None else Alertmanager(url),
        prometheus=prometheus(settings),
    )


def prometheus(settings: Settings) -> Prometheus | None:
    """Return who is asked since when alerts are active, None where no address is configured."""
    return None if settings.prometheus_url is None else Prometheus(settings.prometheus_url)


def make_rulebook(settings: Settings) -> Rulebook:
    """Make the rulebook of the rule files in the settings, still empty."""
    return Rulebook(lambda: read_rules(settings), lambda: fingerprint(settings.rules))


def explain_alerts(settings: Settings, alerts: tuple[Alert, ...]) -> Explanation:
    """Judge alerts against the live cluster, and change nothing.

    Raises:
        RulesError: the rules have faults.
        ClusterError: the cluster cannot be read.
    """
    cluster, ruleset = open_cluster(settings), read_rules(settings)
    allowed = installation(settings, cluster)
    with ThreadPoolExecutor(4) as pool:
        return explain(
            alerts,
            ruleset=ruleset,
            ceiling=allowed.mode,
            reader=SnapshotReader(cluster.api, cluster.records, pool),
            judging=Judging(cluster.ledger, Recollection(cluster.records), lambda: allowed),
            now=datetime.now(UTC),
            beginnings=Beginnings(prometheus(settings)),
        )


def serve(settings: Settings) -> int:
    """Run the receiver until SIGTERM or SIGINT; return the exit status.

    Raises:
        RulesError: the rules have faults.
        ClusterError: there is no usable configuration.
    """
    rulebook = make_rulebook(settings)
    rulebook.load()
    running: list[Engine] = []

    def make(port: int) -> Flask:
        engine = make_engine(settings, rulebook, port=port)
        running.append(engine)
        return create_app(
            engine,
            webhook_token=_token(settings.webhook_token_file),
            review_token=_token(settings.review_token_file),
            max_body_bytes=settings.max_body_bytes,
        )

    open_cluster(settings)
    return run(make, settings.listen, lambda: running[0].start(), lambda: running[0].stop())  # noqa: PLW0108


def _token(file: Path | None) -> TokenFile | None:
    return None if file is None else TokenFile(file)
