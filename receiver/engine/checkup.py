"""A check of what a receiver works with: the cluster, Alertmanager, Prometheus. It changes nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml

from receiver.alertmanager import Alertmanager, AlertmanagerError
from receiver.cluster import rights
from receiver.cluster.api import Api, path
from receiver.cluster.crd import crd_text
from receiver.cluster.errors import ClusterError, Forbidden, NotFound, Unavailable
from receiver.cluster.kinds import is_served
from receiver.cluster.ledger import NAME as LEDGER
from receiver.cluster.ledger import LedgerStore
from receiver.cluster.records import Records
from receiver.engine.words import since_when
from receiver.notifications import Notifications
from receiver.notify.senders import missing_extras
from receiver.policy.alertroute import judge_route
from receiver.policy.checkup import Finding, bad, good, unasked
from receiver.policy.record import GROUP, PLURAL
from receiver.policy.rules import Ruleset, ServiceTarget
from receiver.policy.vocabulary import Kind
from receiver.policy.workload import Unreadable
from receiver.prometheus import Prometheus, PrometheusError

CRD = f"{PLURAL}.{GROUP}"
INSTALL = "install it: rollback-receiver crd | kubectl apply -f -"
Object = Mapping[str, Any]


def check_cluster(
    api: Api, *, namespace: str, scope: tuple[str, ...], kinds: tuple[str, ...], ruleset: Ruleset
) -> Iterator[Finding]:
    """Yield what is found at the API server, as whoever asks; nothing more where it does not answer.

    `scope` are the namespaces of the workloads, all where it is empty; `kinds` likewise, all that are served.
    """
    try:
        version = api.call("GET", "/version")
    except ClusterError as e:
        answered = not isinstance(e, Unavailable)
        yield replace(bad("API server", f"{api.host}: {e}"), reached=answered)
        return
    yield good("API server", f"{api.host}, Kubernetes {version.get('gitVersion', 'of an unknown version')}")
    yield _crd(api, Records(api, namespace))
    yield _namespace(api, namespace)
    yield _rights(api, namespace, scope, kinds, ruleset)
    yield _ledger(LedgerStore(api, namespace), namespace)


def _crd(api: Api, records: Records) -> Finding:
    try:
        found = api.call("GET", path("apis", "apiextensions.k8s.io", "v1", "customresourcedefinitions", CRD))
    except NotFound:
        return bad("CRD", f"{CRD} is not there; {INSTALL}")
    except Forbidden:
        return _crd_unseen(records)
    except ClusterError as e:
        return bad("CRD", str(e))
    conditions = (found.get("status") or {}).get("conditions") or []
    if not any(c["type"] == "Established" and c["status"] == "True" for c in conditions):
        return bad("CRD", f"{CRD} is not established: kubectl describe crd {CRD}")
    if not _holds(_of_version(found), _of_version(yaml.safe_load(crd_text()))):
        return bad("CRD", f"{CRD} is of another version of the receiver; {INSTALL}")
    return good("CRD", f"{CRD}, established, as this version has it")


def _crd_unseen(records: Records) -> Finding:
    try:
        records.probe(timeout_seconds=4.0)
    except NotFound:
        return bad("CRD", f"{CRD} is not there; {INSTALL}")
    except ClusterError as e:
        return bad("CRD", str(e))
    return good("CRD", f"{CRD} is served; its schema was not compared, which takes the right to get it")


def _of_version(crd: Object) -> list[object]:
    """Return what has to agree; the API server adds defaults elsewhere."""
    (version, *_) = crd["spec"]["versions"]
    return [version["name"], version["schema"], version.get("selectableFields")]


def _holds(found: object, wanted: object) -> bool:
    """Tell whether everything that is wanted is there; a later version's may have more."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return all(key in found and _holds(found[key], value) for key, value in wanted.items())
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) >= len(wanted) and all(map(_holds, found, wanted))
    return found == wanted


def _namespace(api: Api, namespace: str) -> Finding:
    try:
        api.call("GET", path("api", "v1", "namespaces", namespace))
    except NotFound:
        return bad("namespace", f"{namespace} is not there: kubectl create namespace {namespace}")
    except ClusterError as e:
        return bad("namespace", str(e))
    return good("namespace", f"the records live in {namespace}")


def _rights(
    api: Api, namespace: str, scope: tuple[str, ...], kinds: tuple[str, ...], ruleset: Ruleset
) -> Finding:
    wanted = dict.fromkeys(rights.rights(rights.OF_RECORDS, namespace))
    wanted |= dict.fromkeys(rights.rights(rights.OF_LEDGER, namespace, name=LEDGER))
    try:
        served = kinds or tuple(kind for kind in Kind if is_served(api, kind))
        table = (*rights.of_workloads(served), *_more(ruleset))
        for place in scope or (None,):
            wanted |= dict.fromkeys(rights.rights(table, place))
        lacking = rights.missing(api, list(wanted))
    except NotFound:
        return unasked("rights", "this API server does not review rights")
    except ClusterError as e:
        return bad("rights", str(e))
    if lacking:
        return bad(
            "rights", f"not allowed to {'; '.join(map(str, lacking))}: grant it (docs/security.md, Rights)"
        )
    return good("rights", f"all {len(wanted)} that are needed")


def _more(ruleset: Ruleset) -> Iterator[tuple[str, str, str]]:
    """Yield the rights that only some rules need."""
    if any(isinstance(rule.target, ServiceTarget) for rule in ruleset.rules):
        yield rights.SERVICES
    if any(rule.guards.preflight.secrets for rule in ruleset.rules):
        yield rights.SECRETS


def _ledger(store: LedgerStore, namespace: str) -> Finding:
    try:
        ledger = store.read().ledger
    except ClusterError as e:
        return bad("ledger", str(e))
    if isinstance(ledger, Unreadable):
        return bad("ledger", str(ledger))
    if ledger.pause is not None:
        end = f"rollback-receiver resume -n {namespace} ends it"
        return bad("ledger", f"the kill switch is on, {since_when(ledger.pause)}; {end}")
    return good("ledger", f"{len(ledger.spendings)} rollbacks counted in namespace {namespace}")


def check_alertmanager(alertmanager: Alertmanager | None) -> Iterator[Finding]:
    """Yield whether Alertmanager answers, and whether it sends what it should."""
    if alertmanager is None:
        yield unasked(
            "Alertmanager", "not set (--alertmanager-url): nobody is asked whether an alert still fires"
        )
        return
    try:
        config = alertmanager.configuration()
    except AlertmanagerError as e:
        yield bad("Alertmanager", f"{e}; does it run there? --alertmanager-url says where")
        return
    yield good("Alertmanager", alertmanager.url)
    yield judge_route(config)


def check_prometheus(prometheus: Prometheus | None) -> Finding:
    """Return whether Prometheus answers."""
    if prometheus is None:
        return unasked(
            "Prometheus", "not set (--prometheus-url): startsAt and a rule's `for` tell when it began"
        )
    try:
        prometheus.active(())
    except PrometheusError as e:
        return bad("Prometheus", f"{e}; does it run there? --prometheus-url says where")
    return good("Prometheus", prometheus.url)


def check_notifications(notifications: Notifications, ruleset: Ruleset, *, configured: bool) -> Finding:
    """Return whether everybody is known whom rules notify, and what that takes is installed.

    Who is not `configured`, without a config file, and not set otherwise, is not looked at.
    """
    names = {each.name for each in notifications.receivers}
    unknown = [
        f"rule {rule.name} notifies {name}, which the config file does not have"
        for rule in ruleset.rules
        for name in rule.notify or ()
        if name not in names
    ]
    if unknown and not names and not configured:
        return unasked("notifications", "not set (--config): whom rules notify was not looked at")
    faults = [*missing_extras(notifications.receivers), *unknown]
    if faults:
        return bad("notifications", "; ".join(faults))
    return good("notifications", ", ".join(sorted(names))) if names else unasked("notifications", "not set")
