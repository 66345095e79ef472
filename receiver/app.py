"""Puts the rooms together: from settings to a connection, an engine, and a server."""

from collections.abc import Iterator
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
from receiver.cluster.sightings import Found
from receiver.cluster.snapshots import SnapshotReader
from receiver.engine.beginnings import Beginnings
from receiver.engine.checkup import check_alertmanager, check_cluster, check_notifications, check_prometheus
from receiver.engine.couriers import Outside
from receiver.engine.explaining import Explanation, explain
from receiver.engine.instance import Instance
from receiver.engine.judging import Judging
from receiver.engine.recollection import Recollection
from receiver.engine.rulebook import Rulebook
from receiver.engine.service import Engine
from receiver.policy.alerts import Alert
from receiver.policy.checkup import Finding, bad, good, unasked
from receiver.policy.context import Installation
from receiver.policy.retention import Limits
from receiver.policy.rules import Ruleset
from receiver.policy.workload import WorkloadRef
from receiver.prometheus import Prometheus
from receiver.rulefiles import RulesError, fingerprint, load_rules
from receiver.settings import Settings
from receiver.web.application import create_app
from receiver.web.auth import TokenFile
from receiver.web.page import Proxies
from receiver.web.server import run
from receiver.web.tls import Certificates, TlsError, TlsFiles

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
        selectors=settings.selectors,
        defaults=settings.defaults,
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
    return Engine(
        cluster.api,
        namespace=cluster.namespace,
        installation=installation(settings, cluster),
        rulebook=rulebook,
        instance=Instance.here(port),
        outside=Outside(
            alertmanager=alertmanager(settings),
            prometheus=prometheus(settings),
            notifications=settings.notifications,
            silence=settings.silence_alerts,
        ),
        aftermath_for=settings.aftermath_for,
        limits=Limits(settings.keep_records_for, settings.keep_records),
    )


def alertmanager(settings: Settings) -> Alertmanager | None:
    """Return who is asked whether alerts still fire, None where no address is configured."""
    return None if settings.alertmanager_url is None else Alertmanager(settings.alertmanager_url)


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


def see_workload(cluster: Cluster, ref: WorkloadRef) -> Found:
    """Read a workload, its revisions, and what was done to it before.

    Raises:
        ClusterError: the cluster cannot be read.
    """
    with ThreadPoolExecutor(4) as pool:
        return SnapshotReader(cluster.api, cluster.records, pool).read(ref)


def check_up(settings: Settings, kinds: tuple[str, ...], *, configured: bool) -> Iterator[Finding]:
    """Look at all that a receiver with these settings works with, and change nothing.

    `kinds` are those that it must have the rights for, all where there are none. `configured`: there is a
    config file, and who is not in it is nowhere.

    Raises:
        ClusterError: there is no usable configuration.
    """
    cluster, ruleset = open_cluster(settings), Ruleset()
    try:
        ruleset = read_rules(settings)
        known = good("rules", f"{len(ruleset.rules)} in force")
        yield known if ruleset.rules else bad("rules", "none, so nothing is rolled back: give --rules PATH")
    except RulesError as e:
        yield bad("rules", "; ".join(map(str, e.problems)))
    yield from check_cluster(
        cluster.api, namespace=cluster.namespace, scope=settings.namespaces, kinds=kinds, ruleset=ruleset
    )
    yield from check_alertmanager(alertmanager(settings))
    yield check_prometheus(prometheus(settings))
    yield check_notifications(settings.notifications, ruleset, configured=configured)
    for what, file in (("webhook", settings.webhook_token_file), ("review", settings.review_token_file)):
        yield _token_finding(f"{what} token", file)
    if (files := _tls(settings)) is not None:
        yield _tls_finding(files)


def _token_finding(what: str, file: Path | None) -> Finding:
    if file is None:
        return unasked(what, "not set")
    fault = TokenFile(file).fault
    return good(what, str(file)) if fault is None else bad(what, fault)


def _tls_finding(files: TlsFiles) -> Finding:
    try:
        Certificates(files)
    except TlsError as e:
        return bad("TLS", str(e))
    return good("TLS", str(files.cert))


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
            proxies=Proxies(settings.trusted_user_header, settings.trusted_proxies),
        )

    open_cluster(settings)
    start, stop = lambda: running[0].start(), lambda: running[0].stop()  # noqa: PLW0108
    return run(make, settings.listen, start, stop, tls=_tls(settings))


def _tls(settings: Settings) -> TlsFiles | None:
    """Return the files of HTTPS, None for plain HTTP; the settings have both of a pair or neither."""
    if settings.tls_cert_file is None or settings.tls_key_file is None:
        return None
    return TlsFiles(settings.tls_cert_file, settings.tls_key_file, settings.tls_client_ca_file)


def _token(file: Path | None) -> TokenFile | None:
    return None if file is None else TokenFile(file)
