"""The metrics' names are promises, and follow Prometheus' rules."""

import re

import pytest
from prometheus_client import Histogram, Metric
from prometheus_client.parser import text_string_to_metric_families

from receiver import __version__, metrics
from receiver.policy.record import Phase

PROMISED = {
    "alerts_received_total": ("status",),
    "alerts_matched_total": ("rule",),
    "alerts_ignored_total": ("reason",),
    "alerts_truncated_total": (),
    "refusals_total": ("guard", "rule"),
    "rollbacks_total": ("phase", "rule"),
    "words_total": ("act", "outcome"),
    "notifications_total": ("receiver", "outcome"),
    "forms_refused_total": ("reason",),
    "records_deleted_total": ("reason",),
    "records_not_final": (),
    "records_not_final_oldest_timestamp_seconds": (),
    "records_awaiting_approval": (),
    "ready": (),
    "mode": ("mode",),
    "paused": (),
    "budget_max": ("rule",),
    "budget_left": ("rule",),
    "receipt_to_patch_seconds": (),
    "receipt_to_finished_seconds": (),
    "api_requests_total": ("verb", "resource", "code"),
    "api_errors_total": ("reason",),
    "api_request_duration_seconds": ("verb",),
    "rules": (),
    "rules_last_reload_successful": (),
    "rules_last_reload_success_timestamp_seconds": (),
    "webhook_authentication_enabled": (),
    "tls_last_reload_successful": (),
    "rule_precision": ("rule",),
    "rule_shadow_precision": ("rule",),
    "rule_shadow_recall": ("rule",),
    "rule_reviews": ("rule", "verdict"),
    "http_requests_total": ("endpoint", "method", "code"),
    "build_info": ("version", "python"),
}
OF_SENDERS = {"alertname", "namespace", "deployment", "fingerprint", "target", "path", "url", "user_agent"}
COLLECTORS = [value for value in vars(metrics).values() if hasattr(value, "_labelnames")]


def families() -> list[Metric]:
    return list(metrics.REGISTRY.collect())


def full_name(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def test_every_promised_metric_is_there_with_its_labels() -> None:
    """Dashboards and alerts are written against these."""
    found = {
        full_name(next(iter(collector.describe()))).removeprefix("rollback_receiver_"): collector._labelnames
        for collector in COLLECTORS
    }
    assert found == PROMISED


@pytest.mark.parametrize("family", families(), ids=lambda family: family.name)
def test_names_follow_prometheus_rules(family: Metric) -> None:
    """A counter ends in _total, nothing else does; base units; a help text; snake case."""
    name = full_name(family)
    assert re.fullmatch(r"(rollback_receiver|process)_[a-z0-9]+(_[a-z0-9]+)*", name)
    assert family.documentation
    assert (family.type == "counter") == name.endswith("_total")
    assert family.type not in {"summary", "unknown", "info", "stateset"}
    assert not re.search(r"(milli|micro|nano)seconds|_ms_|_minutes|_hours|kilobytes|_percent", name)
    if family.type == "histogram":
        assert name.endswith(("_seconds", "_bytes"))


def test_no_label_takes_what_a_sender_chooses() -> None:
    """Labels are rule names and enums: an attacker cannot make series."""
    assert not OF_SENDERS & {label for labels in PROMISED.values() for label in labels}


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda collector: collector._name)
def test_histograms_have_rising_buckets(collector: Histogram) -> None:
    """Bounds rise, so that quantiles mean something."""
    bounds = list(getattr(collector, "_upper_bounds", []))
    assert bounds == sorted(set(bounds))


def test_text_is_what_prometheus_reads() -> None:
    """The text parses; what ran is told; both statuses are there before the first alert."""
    parsed = {family.name: family for family in text_string_to_metric_families(metrics.render().decode())}
    (build,) = parsed["rollback_receiver_build_info"].samples
    assert build.value == 1
    assert build.labels["version"] == __version__
    received = parsed["rollback_receiver_alerts_received"].samples
    assert {sample.labels["status"] for sample in received} == {"firing", "resolved"}
    assert "process_resident_memory_bytes" in parsed
    assert not [name for name in parsed if name.endswith("_created")]


def value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"rollback_receiver_{name}", labels) or 0


@pytest.mark.parametrize(
    ("record", "rule"),
    [
        ({"spec": {"rule": "first"}, "status": {"decision": {"rule": "leading"}}}, "leading"),
        ({"spec": {"rule": "first"}, "status": {}}, "first"),
        ({}, ""),
    ],
    ids=["decided", "claimed", "empty"],
)
def test_phase_is_counted_under_the_rule_that_decided(record: dict[str, object], rule: str) -> None:
    """The deciding rule counts, before there is one the first that matched."""
    before = value("rollbacks_total", phase="Pending", rule=rule)
    assert metrics.count_phase(Phase.PENDING, record) == rule
    assert value("rollbacks_total", phase="Pending", rule=rule) == before + 1


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/apis/apps/v1/namespaces/shop/deployments/checkout?dryRun=All", "deployments"),
        ("/apis/apps/v1/namespaces/shop/deployments/checkout/scale", "deployments/scale"),
        ("/apis/apps/v1/namespaces/shop/replicasets?labelSelector=a", "replicasets"),
        ("/apis/apps/v1/deployments", "deployments"),
        ("/api/v1/namespaces/shop/configmaps/x", "configmaps"),
        ("/api/v1/namespaces/shop", "namespaces"),
        ("/apis/rollback-receiver.dev/v1alpha1/namespaces/x/rollbacks/y/status", "rollbacks/status"),
        ("/k8s/clusters/c-1/apis/apps/v1/namespaces/shop/deployments/checkout", "deployments"),
        ("/version", "other"),
        ("/", "other"),
        ("", "other"),
    ],
)
def test_api_request_is_counted_under_its_resource(path: str, resource: str) -> None:
    """Names of namespaces and objects, which are without number, never become labels."""
    before = value("api_requests_total", verb="GET", resource=resource, code="200")
    metrics.count_api_request("GET", f"https://10.0.0.1:6443{path}", 200)
    assert value("api_requests_total", verb="GET", resource=resource, code="200") == before + 1
