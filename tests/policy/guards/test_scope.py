"""Guard scope: namespaces that are allowed or protected, and people who opted out."""

from collections.abc import Mapping

import pytest

from receiver.policy.context import Installation
from receiver.policy.guards import scope
from receiver.policy.guards.scope import Reason
from receiver.policy.matchers import parse_matchers
from receiver.policy.verdict import Common, block
from receiver.policy.workload import Unreadable, WorkloadRef
from tests.policy.builders import AUTO, annotated, context, workload

OFF = annotated(mode="off")
NOT_BY = "is not selected by "


def in_namespace(name: str, installation: Installation) -> Reason:
    """The verdict's reason for a workload there."""
    seen = context(workload=workload(ref=WorkloadRef("Deployment", name, "x")), installation=installation)
    verdict = scope.judge(seen)
    assert verdict.blocks is (verdict.reason is not Reason.IN_SCOPE)
    return Reason(verdict.reason)


@pytest.mark.parametrize(
    ("namespace", "installation", "reason"),
    [
        pytest.param("shop", AUTO, Reason.IN_SCOPE, id="all-are-allowed"),
        pytest.param("shop", Installation(namespaces=frozenset({"shop"})), Reason.IN_SCOPE, id="listed"),
        pytest.param(
            "shop", Installation(namespaces=frozenset({"blog"})), Reason.OUT_OF_SCOPE, id="not-listed"
        ),
        pytest.param("kube-system", AUTO, Reason.PROTECTED, id="kube-system"),
        pytest.param("kube-public", AUTO, Reason.PROTECTED, id="kube-public"),
        pytest.param("kube-node-lease", AUTO, Reason.PROTECTED, id="kube-node-lease"),
        pytest.param(
            "tools",
            Installation(namespaces=frozenset({"tools"}), protected_namespaces=frozenset({"tools"})),
            Reason.PROTECTED,
            id="protected-beats-listed",
        ),
    ],
)
def test_the_namespace_must_be_in_scope(namespace: str, installation: Installation, reason: Reason) -> None:
    """Kubernetes' own are protected unless somebody says otherwise."""
    assert in_namespace(namespace, installation) is reason


@pytest.mark.parametrize(
    ("labels", "evidence"),
    [
        pytest.param({"team": "shop", "tier": "web"}, "", id="all-match"),
        pytest.param({"team": "blog"}, "", id="a-label-that-is-not-there-is-empty"),
        pytest.param({"team": "shop", "tier": "db"}, "tier!=\"db\": its label tier is 'db'", id="excluded"),
        pytest.param(
            {"team": "ops\n"}, "team=~\"shop|blog\": its label team is 'ops\\n'", id="another-value"
        ),
        pytest.param({}, 'team=~"shop|blog": its label team is not there', id="no-label"),
        pytest.param(None, 'team=~"shop|blog": its label team is not there', id="none-at-all"),
    ],
)
def test_the_workloads_labels_must_match_the_selectors(
    labels: Mapping[str, str] | None, evidence: str
) -> None:
    """All of them; the first that does not is named."""
    installation = Installation(selectors=parse_matchers('team=~"shop|blog",tier!="db"'))
    verdict = scope.judge(context(workload=workload(labels=labels), installation=installation))
    if evidence:
        assert verdict == block("scope", Reason.NOT_SELECTED, f"Deployment shop/checkout {NOT_BY}{evidence}")
    else:
        assert not verdict.blocks


@pytest.mark.parametrize(
    ("on_workload", "on_namespace", "reason"),
    [
        pytest.param({}, {}, Reason.IN_SCOPE, id="nothing-said"),
        pytest.param(None, None, Reason.IN_SCOPE, id="no-annotations"),
        pytest.param(annotated(mode="auto"), annotated(mode="dry-run"), Reason.IN_SCOPE, id="known-words"),
        pytest.param(OFF, {}, Reason.OPTED_OUT, id="off-on-the-workload"),
        pytest.param({}, OFF, Reason.OPTED_OUT, id="off-on-the-namespace"),
        pytest.param(annotated(mode="auto"), OFF, Reason.OPTED_OUT, id="a-workload-cannot-opt-in-again"),
        pytest.param(annotated(mode="OFF"), {}, Reason.UNKNOWN_MODE, id="another-spelling"),
        pytest.param(annotated(mode=""), {}, Reason.UNKNOWN_MODE, id="empty"),
        pytest.param({}, annotated(mode="approve"), Reason.IN_SCOPE, id="approve"),
    ],
)
def test_people_may_opt_out(
    on_workload: Mapping[str, str] | None, on_namespace: Mapping[str, str] | None, reason: Reason
) -> None:
    """By annotation, on workload or namespace; a word that nobody understands is as good as off."""
    verdict = scope.judge(
        context(workload=workload(annotations=on_workload, namespace_annotations=on_namespace))
    )
    assert verdict.reason is reason
    assert verdict.blocks is (reason is not Reason.IN_SCOPE)


@pytest.mark.parametrize(
    ("annotations", "evidence"),
    [
        pytest.param(
            OFF, "Deployment shop/checkout has the annotation rollback-receiver.dev/mode: off", id="off"
        ),
        pytest.param(
            annotated(mode="never\n" + "r" * 9000),
            "Deployment shop/checkout has the annotation rollback-receiver.dev/mode: "
            f"'never\\n{'r' * 74}'…; known are off, dry-run, approve, auto",
            id="hostile",
        ),
    ],
)
def test_the_evidence_says_where_and_what(annotations: Mapping[str, str], evidence: str) -> None:
    """So that the on-call finds it; hostile text is quoted and cut."""
    assert scope.judge(context(workload=workload(annotations=annotations))).evidence == evidence


def test_the_evidence_lists_what_is_allowed() -> None:
    """In order, for the one who forgot a namespace."""
    seen = context(installation=Installation(namespaces=frozenset({"b", "a"})))
    assert scope.judge(seen).evidence == "namespace shop is not among those allowed: a, b"


def test_it_cannot_tell_without_the_namespace() -> None:
    """Somebody may have opted out there."""
    unreadable = Unreadable("namespace shop", "403")
    verdict = scope.judge(context(workload=workload(namespace_annotations=unreadable)))
    assert verdict.blocks
    assert verdict.reason is Common.UNREADABLE
    assert verdict.evidence == "cannot read namespace shop: 403"
