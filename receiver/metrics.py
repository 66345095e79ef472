"""What Prometheus is told. Every metric stands here, in one registry of our own.

No label ever takes a value that a sender chooses: rule names come from our files, all else from enums.
"""

import platform
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from receiver import __version__
from receiver.policy.overview import Remaining
from receiver.policy.record import Phase, Review
from receiver.policy.rules import Mode
from receiver.policy.score import RuleScore

# A second series for each counter, which nobody reads.
disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry()
PREFIX = "rollback_receiver"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
TO_PATCH_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
TO_FINISHED_BUCKETS = (1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600)
_API_PATH = re.compile(
    r"/(?:api/v1|apis/[^/]+/[^/]+)(?:/namespaces/[^/]+(?=/))?/([^/]+)(?:/[^/]+(?:/([^/]+))?)?$"
)
API_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(f"{PREFIX}_{name}", text, labels, registry=REGISTRY)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(f"{PREFIX}_{name}", text, labels, registry=REGISTRY)


def _histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(f"{PREFIX}_{name}", text, labels, registry=REGISTRY, buckets=buckets)


ALERTS_RECEIVED = _counter("alerts_received_total", "Alerts in messages that were read.", "status")
ALERTS_MATCHED = _counter("alerts_matched_total", "Firing alerts that a rule matched.", "rule")
ALERTS_IGNORED = _counter("alerts_ignored_total", "Alerts that went into no record.", "reason")
ALERTS_TRUNCATED = _counter(
    "alerts_truncated_total", "Alerts that Alertmanager left out of its messages (max_alerts): lost."
)
REFUSALS = _counter("refusals_total", "Verdicts that blocked a rollback.", "guard", "rule")
ROLLBACKS = _counter("rollbacks_total", "Records that entered a phase.", "phase", "rule")
WORDS = _counter("words_total", "What people said of records and the kill switch.", "act", "outcome")
FORMS_REFUSED = _counter("forms_refused_total", "Forms of the page that were sent and not done.", "reason")
NOTIFICATIONS = _counter(
    "notifications_total", "What became of tries to notify, by receiver.", "receiver", "outcome"
)
RECORDS_DELETED = _counter("records_deleted_total", "Old records that were deleted.", "reason")
RECORDS_NOT_FINAL = _gauge("records_not_final", "Records that are still being worked on.")
RECORDS_NOT_FINAL_OLDEST = _gauge(
    "records_not_final_oldest_timestamp_seconds",
    "Since when the oldest of them is worked on; 0 where there is none.",
)
RECORDS_AWAITING_APPROVAL = _gauge(
    "records_awaiting_approval", "Records that somebody is to approve or reject."
)
READY = _gauge("ready", "Whether alerts can be taken: 1 or 0, as /-/ready answers.")
MODE = _gauge("mode", "The mode of the installation, above which no rule goes: 1 for that one.", "mode")
PAUSED = _gauge("paused", "Whether the kill switch is on, by the ledger as it was last read: 1 or 0.")
BUDGET_MAX = _gauge("budget_max", "Rollbacks that the budget of a rule allows in its window.", "rule")
BUDGET_LEFT = _gauge("budget_left", "Of these, how many are left where most are spent.", "rule")
RECEIPT_TO_PATCH = _histogram(
    "receipt_to_patch_seconds",
    "From the receipt of an alert to its accepted patch.",
    buckets=TO_PATCH_BUCKETS,
)
RECEIPT_TO_FINISHED = _histogram(
    "receipt_to_finished_seconds",
    "From the receipt of an alert to the end of its rollback.",
    buckets=TO_FINISHED_BUCKETS,
)
API_REQUESTS = _counter(
    "api_requests_total", "Answers of the Kubernetes API by HTTP status.", "verb", "resource", "code"
)
API_ERRORS = _counter("api_errors_total", "Requests to the Kubernetes API that failed.", "reason")
API_REQUEST_DURATION = _histogram(
    "api_request_duration_seconds", "How long the Kubernetes API took.", "verb", buckets=API_BUCKETS
)
RULES = _gauge("rules", "Rules in force.")
RULES_LAST_RELOAD_SUCCESSFUL = _gauge(
    "rules_last_reload_successful", "Whether the rules on disk could be loaded when last tried: 1 or 0."
)
RULES_LAST_RELOAD_SUCCESS_TIMESTAMP = _gauge(
    "rules_last_reload_success_timestamp_seconds", "When rules were last loaded without a fault."
)
WEBHOOK_AUTHENTICATION_ENABLED = _gauge(
    "webhook_authentication_enabled", "Whether posting alerts needs a token: 1, or 0 where anyone may."
)
TLS_LAST_RELOAD_SUCCESSFUL = _gauge(
    "tls_last_reload_successful",
    "Whether the certificate files could be used when last read: 1, also without TLS, or 0.",
)
RULE_PRECISION = _gauge(
    "rule_precision", "Of the rollbacks of a rule in the last 30 days, the share that was right.", "rule"
)
RULE_SHADOW_PRECISION = _gauge(
    "rule_shadow_precision", "Of those that it would have made in the last 30 days, likewise.", "rule"
)
RULE_SHADOW_RECALL = _gauge(
    "rule_shadow_recall", "Of what people rolled back by hand, the share that it would have.", "rule"
)
RULE_REVIEWS = _gauge("rule_reviews", "Verdicts of the on-call in the last 30 days.", "rule", "verdict")
HTTP_REQUESTS = _counter("http_requests_total", "Requests answered.", "endpoint", "method", "code")
BUILD_INFO = _gauge("build_info", "Always 1; the labels tell what runs.", "version", "python")

ProcessCollector(registry=REGISTRY)
TLS_LAST_RELOAD_SUCCESSFUL.set(1)
BUILD_INFO.labels(version=__version__, python=platform.python_version()).set(1)
for _status in ("firing", "resolved"):
    ALERTS_RECEIVED.labels(status=_status)


def count_phase(phase: Phase, record: Mapping[str, Any]) -> str:
    """Count a record's entry into a phase; return the rule that it is counted under, empty if it has none."""
    decision = (record.get("status") or {}).get("decision") or {}
    rule = str(decision.get("rule") or (record.get("spec") or {}).get("rule") or "")
    ROLLBACKS.labels(phase=phase.value, rule=rule).inc()
    return rule


def set_scores(scores: Iterable[RuleScore]) -> None:
    """Publish the scores of the rules in force; what has no answers has no series, nor has any other rule."""
    shares: dict[Gauge, dict[tuple[str, ...], float | None]] = defaultdict(dict)
    for one in scores:
        shares[RULE_PRECISION][(one.rule,)] = one.acted.share
        shares[RULE_SHADOW_PRECISION][(one.rule,)] = one.shadow.share
        shares[RULE_SHADOW_RECALL][(one.rule,)] = one.recall.share
        for verdict in Review:
            shares[RULE_REVIEWS][one.rule, verdict.value] = one.reviews.get(verdict, 0)
    for gauge in (RULE_PRECISION, RULE_SHADOW_PRECISION, RULE_SHADOW_RECALL, RULE_REVIEWS):
        _set_all(gauge, shares[gauge])


def set_mode(mode: Mode) -> None:
    """Publish the mode of the installation."""
    for each in Mode:
        MODE.labels(mode=each.value).set(each is mode)


def set_budgets(remaining: Mapping[str, Remaining]) -> None:
    """Publish what is left of each rule's budget; one that has none, or may not act, has no series."""
    _set_all(BUDGET_MAX, {(rule,): one.budget.max for rule, one in remaining.items()})
    _set_all(BUDGET_LEFT, {(rule,): one.left for rule, one in remaining.items()})


def _set_all(gauge: Gauge, values: Mapping[tuple[str, ...], float | None]) -> None:
    known = {labels: value for labels, value in values.items() if value is not None}
    for sample in next(iter(gauge.collect())).samples:
        if (labels := tuple(sample.labels.values())) not in known:
            gauge.remove(*labels)
    for labels, value in known.items():
        gauge.labels(*labels).set(value)


def count_api_request(verb: str, url: str, code: int) -> None:
    """Count an answer of the Kubernetes API under the resource that the URL names."""
    API_REQUESTS.labels(verb=verb, resource=_resource(url), code=str(code)).inc()


def _resource(url: str) -> str:
    """Return the plural in a URL, with its subresource: `deployments`, `rollbacks/status`; `other` if none.

    The API server's paths: /api/v1 or /apis/GROUP/VERSION, then namespaces/NAMESPACE or nothing, then
    RESOURCE/NAME/SUBRESOURCE, of which the last two may be missing.
    """
    found = _API_PATH.search(urlsplit(url).path)
    return "/".join(part for part in found.groups() if part) if found else "other"


def render() -> bytes:
    """Return all metrics in Prometheus' text format, whose media type is `CONTENT_TYPE`."""
    return generate_latest(REGISTRY)
