"""From labels to a workload, a pod, or the reason why not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.policy.rules import Kind, PodTarget, Rule, ServiceTarget, Target, WorkloadTarget
from receiver.policy.targets import Clue, PodRef, ServiceRef, TargetFault, TargetReason, find_target
from receiver.policy.templates import parse_template
from receiver.policy.workload import WorkloadRef
from tests.policy.builders import CHECKOUT, rule

MIXIN = rule()
BY_NAME = WorkloadTarget(
    kind=Kind.DEPLOYMENT,
    namespace=parse_template("{{ $labels.namespace }}"),
    name=parse_template("{{ $labels.app }}-web"),
)
BY_KIND = WorkloadTarget(
    kind=Kind.STATEFUL_SET,
    namespace=parse_template("{{ $labels.namespace }}"),
    name=parse_template("{{ $labels.cluster }}"),
)
BY_POD = PodTarget(
    pod=parse_template("{{ $labels.instance }}"), namespace=parse_template("{{ $labels.namespace }}")
)
BY_SERVICE = ServiceTarget(
    service=parse_template("{{ $labels.service }}"), namespace=parse_template("{{ $labels.namespace }}")
)


def with_target(target: Target) -> Rule:
    """A rule that says itself what is to be rolled back."""
    return rule().model_copy(update={"target": target})


@pytest.mark.parametrize(
    ("of", "labels", "found"),
    [
        pytest.param(MIXIN, {"namespace": "shop", "deployment": "checkout"}, CHECKOUT, id="deployment"),
        pytest.param(
            MIXIN,
            {"namespace": "shop", "deployment": "checkout", "statefulset": "db", "pod": "checkout-1"},
            CHECKOUT,
            id="deployment-before-all-others",
        ),
        pytest.param(
            MIXIN,
            {"namespace": "shop", "daemonset": "agent", "statefulset": "db", "pod": "db-0"},
            WorkloadRef("StatefulSet", "shop", "db"),
            id="stateful-set-before-daemon-set",
        ),
        pytest.param(
            MIXIN,
            {"namespace": "shop", "daemonset": "agent", "pod": "agent-x7"},
            WorkloadRef("DaemonSet", "shop", "agent"),
            id="daemon-set-before-pod",
        ),
        pytest.param(
            MIXIN,
            {"namespace": "shop", "rollout": "blue", "pod": "web-x7"},
            PodRef("shop", "web-x7"),
            id="pod-before-rollout",
        ),
        pytest.param(
            MIXIN,
            {"namespace": "shop", "rollout": "web", "pod": ""},
            WorkloadRef("Rollout", "shop", "web"),
            id="rollout",
        ),
        pytest.param(
            with_target(BY_KIND),
            {"namespace": "shop", "cluster": "db", "deployment": "exporter"},
            WorkloadRef("StatefulSet", "shop", "db"),
            id="the-rule-says-which-kind",
        ),
        pytest.param(
            MIXIN, {"namespace": "shop", "pod": "checkout-1"}, PodRef("shop", "checkout-1"), id="pod"
        ),
        pytest.param(
            MIXIN,
            {"namespace": "shop", "deployment": "", "pod": "checkout-1"},
            PodRef("shop", "checkout-1"),
            id="an-empty-label-is-none",
        ),
        pytest.param(
            with_target(BY_NAME),
            {"namespace": "shop", "app": "cart", "deployment": "other"},
            WorkloadRef("Deployment", "shop", "cart-web"),
            id="the-rule-says-which-workload",
        ),
        pytest.param(
            with_target(BY_POD),
            {"namespace": "shop", "instance": "checkout-1", "pod": "prometheus-0"},
            PodRef("shop", "checkout-1"),
            id="the-rule-says-which-pod",
        ),
        pytest.param(
            with_target(BY_SERVICE),
            {"namespace": "shop", "service": "web", "deployment": "prometheus", "pod": "prometheus-0"},
            ServiceRef("shop", "web"),
            id="the-rule-says-which-service",
        ),
        pytest.param(
            MIXIN,
            {"namespace": "shop", "service": "kube-state-metrics", "pod": "checkout-1"},
            PodRef("shop", "checkout-1"),
            id="the-service-label-alone-means-nothing",
        ),
        pytest.param(
            MIXIN,
            {"namespace": "shop", "deployment": "v1.checkout"},
            WorkloadRef("Deployment", "shop", "v1.checkout"),
            id="dots-in-a-name",
        ),
        pytest.param(
            MIXIN,
            {"namespace": "a" * 63, "deployment": ".".join(["b" * 63] * 3 + ["c" * 61])},
            WorkloadRef("Deployment", "a" * 63, ".".join(["b" * 63] * 3 + ["c" * 61])),
            id="the-longest",
        ),
    ],
)
def test_labels_name_the_target(of: Rule, labels: dict[str, str], found: WorkloadRef | Clue) -> None:
    """By the rule's own target, else by the labels of kubernetes-mixin."""
    assert find_target(of, labels) == found


@pytest.mark.parametrize(
    ("of", "labels", "reason", "evidence"),
    [
        pytest.param(
            MIXIN,
            {"deployment": "checkout"},
            TargetReason.LABEL_MISSING,
            "the alert has no label namespace",
            id="no-namespace",
        ),
        pytest.param(
            MIXIN,
            {"namespace": "shop", "node": "n1"},
            TargetReason.LABEL_MISSING,
            "the alert has none of the labels deployment, statefulset, daemonset, pod, rollout",
            id="no-workload",
        ),
        pytest.param(
            with_target(BY_NAME),
            {"namespace": "shop"},
            TargetReason.LABEL_MISSING,
            "the alert has no label app",
            id="the-rule-asks-for-another-label",
        ),
        pytest.param(
            with_target(BY_POD),
            {"namespace": "", "instance": "x"},
            TargetReason.LABEL_MISSING,
            "the alert has no label namespace",
            id="the-rule-asks-for-an-empty-label",
        ),
        pytest.param(
            with_target(BY_SERVICE),
            {"namespace": "shop", "deployment": "checkout"},
            TargetReason.LABEL_MISSING,
            "the alert has no label service",
            id="no-service",
        ),
        pytest.param(
            with_target(BY_SERVICE),
            {"namespace": "shop", "service": "web/../../secrets"},
            TargetReason.INVALID_NAME,
            "name 'web/../../secrets' is not a valid name",
            id="a-path-for-a-service",
        ),
        pytest.param(
            MIXIN,
            {"namespace": "shop", "deployment": "../../secrets/x\n"},
            TargetReason.INVALID_NAME,
            r"name '../../secrets/x\n' is not a valid name",
            id="a-path-for-a-name",
        ),
        pytest.param(
            MIXIN,
            {"namespace": "kube-system/pods", "pod": "x"},
            TargetReason.INVALID_NAME,
            "namespace 'kube-system/pods' is not a valid name",
            id="a-path-for-a-namespace",
        ),
        pytest.param(
            MIXIN,
            {"namespace": "shop.eu", "pod": "x"},
            TargetReason.INVALID_NAME,
            "namespace 'shop.eu' is not a valid name",
            id="a-namespace-has-no-dots",
        ),
        pytest.param(
            MIXIN,
            {"namespace": "shop", "deployment": "x" * 9000},
            TargetReason.INVALID_NAME,
            f"name '{'x' * 80}'… is not a valid name",
            id="without-end",
        ),
    ],
)
def test_labels_that_name_no_target_say_why(
    of: Rule, labels: dict[str, str], reason: TargetReason, evidence: str
) -> None:
    """What is hostile in them is quoted and cut."""
    assert find_target(of, labels) == TargetFault(reason, evidence)


NAMES = st.one_of(st.text(), st.text(alphabet="ab-.%/A\n\u0660", min_size=1, max_size=6), st.just("x" * 254))


@given(
    st.sampled_from([MIXIN, with_target(BY_NAME), with_target(BY_POD), with_target(BY_SERVICE)]),
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ["namespace", "deployment", "rollout", "pod", "app", "instance", "service"], NAMES
        ),
    ),
)
@settings(deadline=None)
def test_no_label_ever_reaches_a_path_unproven(of: Rule, labels: dict[str, str]) -> None:
    """Whatever the labels hold: what comes out is a name, or a fault in one printable line."""
    found = find_target(of, labels)
    if isinstance(found, TargetFault):
        assert found.evidence.isprintable()
        assert len(found.evidence) < 500
    else:
        assert set(found.name + found.namespace) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
        assert 0 < len(found.name) <= 253
        assert 0 < len(found.namespace) <= 63
        assert ".." not in f"{found.namespace}/{found.name}"
