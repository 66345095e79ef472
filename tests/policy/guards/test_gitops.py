"""Guard gitops: who owns the workload, and what a rule wants done about it."""

from typing import Any

import pytest

from receiver.policy.guards import gitops
from receiver.policy.ownership import KUSTOMIZE, LABELS, RECONCILE, TRACKING_ID
from receiver.policy.rules import Gitops
from receiver.policy.verdict import Common, Verdict
from receiver.policy.workload import Workload
from tests.policy.builders import context, rule, workload

ARGO: dict[str, Any] = {"annotations": {TRACKING_ID: "shop-app:apps/Deployment:shop/checkout"}}
ARGO_ELSEWHERE: dict[str, Any] = {
    "annotations": {TRACKING_ID: "team-a_shop-app:apps/Deployment:shop/checkout"}
}
FLUX: dict[str, Any] = {"labels": {f"{KUSTOMIZE}/name": "shop", f"{KUSTOMIZE}/namespace": "flux-system"}}
FLUX_HELM: dict[str, Any] = {
    "labels": {
        "helm.toolkit.fluxcd.io/name": "checkout",
        "helm.toolkit.fluxcd.io/namespace": "shop",
        "app.kubernetes.io/managed-by": "Helm",
    },
    "annotations": {"meta.helm.sh/release-name": "checkout", "meta.helm.sh/release-namespace": "shop"},
}
HELM: dict[str, Any] = {**FLUX_HELM, "labels": {"app.kubernetes.io/managed-by": "Helm"}}
OWNED = {
    "Argo CD application shop-app": ARGO,
    "Argo CD application team-a/shop-app": ARGO_ELSEWHERE,
    "Flux Kustomization flux-system/shop": FLUX,
    "Flux HelmRelease shop/checkout": FLUX_HELM,
}


def verdict(of: dict[str, Any], policy: Gitops = Gitops.BLOCK) -> Verdict:
    return gitops.judge(context(workload=workload(**of), rule=rule(gitops=policy)))


@pytest.mark.parametrize(
    "of",
    [
        pytest.param({}, id="no mark"),
        pytest.param({"labels": {"app.kubernetes.io/instance": "shop"}}, id="instance alone"),
        pytest.param({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, id="managed by, without release"),
        pytest.param({"annotations": HELM["annotations"]}, id="release, not managed by"),
        pytest.param(
            {"annotations": {TRACKING_ID: "shop-app:apps/Deployment:shop/cart"}}, id="another object's mark"
        ),
        pytest.param(
            {"annotations": {TRACKING_ID: "shop-app:apps/StatefulSet:shop/checkout"}},
            id="another kind's mark",
        ),
        pytest.param(
            {"annotations": {TRACKING_ID: "shop-app:argoproj.io/Deployment:shop/checkout"}},
            id="another group's mark",
        ),
    ],
)
def test_what_nobody_owns_may_be_rolled_back(of: dict[str, Any]) -> None:
    """A mark that was copied from elsewhere is no ownership."""
    found = verdict(of)
    assert (found.allowed, found.reason, found.warning) == (True, gitops.Reason.NOT_OWNED, None)


@pytest.mark.parametrize("owner", OWNED)
def test_by_default_what_is_owned_is_refused(owner: str) -> None:
    """The tool would put the bad version back."""
    found = verdict(OWNED[owner])
    assert (found.allowed, found.reason) == (False, gitops.Reason.OWNED)
    assert found.evidence.startswith(f"{owner} owns Deployment shop/checkout ")


@pytest.mark.parametrize(
    ("owner", "command"),
    [
        ("Argo CD application shop-app", "argocd app set shop-app --sync-policy none"),
        ("Argo CD application team-a/shop-app", "argocd app set team-a/shop-app --sync-policy none"),
        ("Flux Kustomization flux-system/shop", "flux suspend kustomization shop -n flux-system"),
        ("Flux HelmRelease shop/checkout", "flux suspend helmrelease checkout -n shop"),
    ],
)
def test_a_warning_names_the_command_that_stops_the_owner(owner: str, command: str) -> None:
    """With gitops: warn it goes on."""
    found = verdict(OWNED[owner], Gitops.WARN)
    assert (found.allowed, found.reason) == (True, gitops.Reason.WARNED)
    assert found.warning is not None
    assert found.warning.endswith(command)


def test_flux_is_paused_by_the_patch_itself_and_the_warning_tells_how_to_resume() -> None:
    found = verdict(FLUX, Gitops.PAUSE)
    assert (found.allowed, found.reason) == (True, gitops.Reason.PAUSED)
    assert found.warning is not None
    assert found.warning.endswith(f"kubectl annotate deployment/checkout -n shop {RECONCILE}-")


@pytest.mark.parametrize(
    "owner",
    [
        "Argo CD application shop-app",
        "Argo CD application team-a/shop-app",
        "Flux HelmRelease shop/checkout",
    ],
)
def test_an_owner_that_cannot_be_paused_from_here_is_warned_of(owner: str) -> None:
    """The record names the exact command."""
    found = verdict(OWNED[owner], Gitops.PAUSE)
    assert (found.allowed, found.reason) == (True, gitops.Reason.WARNED)
    assert found.warning == verdict(OWNED[owner], Gitops.WARN).warning
    command = (found.warning or "").partition("to stop that: ")[2]
    assert found.evidence.endswith(
        f"; gitops: pause, but {owner} cannot be paused from here; to pause it: {command}"
    )


def test_with_two_owners_the_one_is_paused_and_the_other_warned_of() -> None:
    """The patch pauses Flux; what is said of Argo CD does not name Flux' command."""
    found = verdict({**ARGO, **FLUX}, Gitops.PAUSE)
    assert (found.allowed, found.reason) == (True, gitops.Reason.WARNED)
    assert found.evidence.endswith(
        "Argo CD application shop-app cannot be paused from here; "
        "to pause it: argocd app set shop-app --sync-policy none"
    )
    assert found.warning == "; ".join(
        (
            str(verdict(FLUX, Gitops.PAUSE).warning),
            str(verdict(ARGO, Gitops.WARN).warning),
        )
    )


@pytest.mark.parametrize("kind", ["Kustomization", "HelmRelease"])
def test_a_command_whose_namespace_no_label_names_says_so(kind: str) -> None:
    """Flux writes both labels; a namespace that was guessed could suspend another's."""
    found = verdict({"labels": {f"{LABELS[kind]}/name": "a"}}, Gitops.WARN)
    assert (found.warning or "").endswith(
        f"flux suspend {kind.lower()} a -n NAMESPACE "
        f"(which the label {LABELS[kind]}/namespace would name, and is missing)"
    )


def test_what_flux_leaves_alone_already_may_be_rolled_back() -> None:
    found = verdict({**FLUX, "annotations": {RECONCILE: "disabled"}})
    assert (found.allowed, found.reason) == (True, gitops.Reason.PAUSED_ALREADY)


def test_one_of_two_owners_that_is_paused_does_not_speak_for_the_other() -> None:
    found = verdict({**FLUX, "annotations": {**ARGO["annotations"], RECONCILE: "disabled"}})
    assert (found.allowed, found.reason) == (False, gitops.Reason.OWNED)
    assert "Argo CD application shop-app owns" in found.evidence


def test_helm_reverts_nothing_by_itself_and_the_next_upgrade_is_warned_of() -> None:
    found = verdict(HELM)
    assert (found.allowed, found.reason) == (True, gitops.Reason.HELM)
    assert found.warning is not None
    assert found.warning.endswith("helm rollback checkout -n shop")


@pytest.mark.parametrize(
    "text", ["", "shop-app", "shop-app:Deployment:shop/checkout", "a:b:c:d", "x" * 10_000]
)
def test_a_tracking_id_that_cannot_be_read_blocks(text: str) -> None:
    found = verdict({"annotations": {TRACKING_ID: text}})
    assert (found.allowed, found.reason) == (False, Common.UNREADABLE)
    assert TRACKING_ID in found.evidence


def test_a_hostile_name_is_quoted_in_evidence_and_command() -> None:
    found = verdict({"labels": {f"{KUSTOMIZE}/name": "x; rm -rf /\n"}}, Gitops.WARN)
    assert "\n" not in found.evidence + (found.warning or "")
    assert "flux suspend kustomization 'x; rm -rf /\\n'" in (found.warning or "")


@pytest.mark.parametrize("name", ["_shop-app", "shop-app_"])
def test_an_application_that_lacks_a_part_of_its_name_is_quoted(name: str) -> None:
    """What is left of it would name another."""
    found = verdict({"annotations": {TRACKING_ID: f"{name}:apps/Deployment:shop/checkout"}}, Gitops.WARN)
    assert (found.warning or "").endswith(f"argocd app set '{name}' --sync-policy none")


@pytest.mark.parametrize(
    ("of", "policy", "expected"),
    [
        pytest.param(FLUX, Gitops.PAUSE, {RECONCILE: "disabled"}, id="Flux, to be paused"),
        pytest.param(FLUX, Gitops.WARN, {}, id="Flux, warned of"),
        pytest.param(ARGO, Gitops.PAUSE, {}, id="Argo CD cannot be paused from here"),
        pytest.param({"annotations": {TRACKING_ID: "?"}}, Gitops.PAUSE, {}, id="unreadable"),
    ],
)
def test_only_flux_is_paused_with_the_patch(
    of: dict[str, Any], policy: Gitops, expected: dict[str, str]
) -> None:
    workload_: Workload = workload(**of)
    assert gitops.pausing_annotations(rule(gitops=policy), workload_) == expected
