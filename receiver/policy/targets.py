"""From an alert's labels to the workload that they name, as far as labels alone tell.

Without a `target` in the rule the labels of kubernetes-mixin decide: `deployment`, `statefulset`,
`daemonset`, else `pod`; else Argo's `rollout`. Whose a pod is, and what a Service selects, the cluster tells.
Label values are hostile until they prove to be names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from receiver.policy.problems import quoted
from receiver.policy.rules import Kind, PodTarget, Rule, ServiceTarget, Target
from receiver.policy.templates import MissingLabel
from receiver.policy.workload import WorkloadRef

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
SUBDOMAIN = re.compile(rf"{LABEL.pattern}(\.{LABEL.pattern})*", re.ASCII)
KIND_LABELS = {
    "deployment": Kind.DEPLOYMENT,
    "statefulset": Kind.STATEFUL_SET,
    "daemonset": Kind.DAEMON_SET,
    "pod": None,
    "rollout": Kind.ROLLOUT,
}
"""The first that an alert has tells; a pod's owner may be of any kind."""


class TargetReason(StrEnum):
    """How the search for the target came out."""

    FOUND = "found"
    LABEL_MISSING = "label_missing"
    INVALID_NAME = "invalid_name"
    NOT_FOUND = "not_found"
    NO_OWNER = "no_owner"
    NO_SELECTOR = "no_selector"
    SELECTS_NONE = "selects_none"
    SELECTS_SEVERAL = "selects_several"
    TEMPLATE_ELSEWHERE = "template_elsewhere"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class TargetFault:
    """Why an alert has no target."""

    reason: TargetReason
    evidence: str


@dataclass(frozen=True, slots=True)
class PodRef:
    """A pod whose owner is the target."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"Pod {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class ServiceRef:
    """A Service that selects the pods of the target."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"Service {self.namespace}/{self.name}"


Clue = PodRef | ServiceRef
"""What leads to the target; only the cluster tells where."""


def find_target(rule: Rule, labels: Mapping[str, str]) -> WorkloadRef | Clue | TargetFault:
    """Name the workload that an alert of this rule is about, or the pod or the Service that leads to it."""
    try:
        return _by_mixin_labels(labels) if rule.target is None else _checked(_named(rule.target, labels))
    except MissingLabel as e:
        return TargetFault(TargetReason.LABEL_MISSING, f"the alert has no label {e.label}")


def _named(target: Target, labels: Mapping[str, str]) -> WorkloadRef | Clue:
    namespace = target.namespace.render(labels)
    if isinstance(target, PodTarget):
        return PodRef(namespace, target.pod.render(labels))
    if isinstance(target, ServiceTarget):
        return ServiceRef(namespace, target.service.render(labels))
    return WorkloadRef(target.kind.value, namespace, target.name.render(labels))


def _by_mixin_labels(labels: Mapping[str, str]) -> WorkloadRef | Clue | TargetFault:
    namespace = labels.get("namespace")
    if not namespace:
        return TargetFault(TargetReason.LABEL_MISSING, "the alert has no label namespace")
    for label, kind in KIND_LABELS.items():
        if name := labels.get(label):
            return _checked(WorkloadRef(kind.value, namespace, name) if kind else PodRef(namespace, name))
    wanted = ", ".join(KIND_LABELS)
    return TargetFault(TargetReason.LABEL_MISSING, f"the alert has none of the labels {wanted}")


def _checked(ref: WorkloadRef | Clue) -> WorkloadRef | Clue | TargetFault:
    """Refuse what cannot be a Kubernetes name, so that no label's value ever reaches an API path unproven."""
    if not LABEL.fullmatch(ref.namespace):
        return TargetFault(
            TargetReason.INVALID_NAME, f"namespace {quoted(ref.namespace)} is not a valid name"
        )
    if len(ref.name) > 253 or not SUBDOMAIN.fullmatch(ref.name):
        return TargetFault(TargetReason.INVALID_NAME, f"name {quoted(ref.name)} is not a valid name")
    return ref
