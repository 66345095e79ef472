"""What a tool owns it would put back: refused, unless a rule or the tool itself says otherwise."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster import scenes
from tests.cluster.scenes import BAD, GOOD, Deploy, Start, blocked_by
from tests.cluster.stories import Story, guards
from tests.testbed import workloads

RECONCILE = "kustomize.toolkit.fluxcd.io/reconcile"
TRACKING_ID = "argocd.argoproj.io/tracking-id"
INSTANCE = "app.kubernetes.io/instance"
Marks = dict[str, Any]
FLUX = {"kustomize.toolkit.fluxcd.io/name": "shop", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
FLUX_HELM = {"helm.toolkit.fluxcd.io/name": "web", "helm.toolkit.fluxcd.io/namespace": "flux-system"}
BY_HELM = {"app.kubernetes.io/managed-by": "Helm", INSTANCE: "web"}


def tracked(story: Story, name: str = "web") -> Marks:
    return {"annotations": {TRACKING_ID: f"shop-app:apps/Deployment:{story.namespace}/{name}"}}


def released(story: Story) -> Marks:
    """Return what Helm leaves on what it installs."""
    return {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": story.namespace}


@pytest.mark.parametrize(
    ("marks", "owner"),
    [
        pytest.param(tracked, "Argo CD application shop-app", id="argo-cd"),
        pytest.param(
            lambda _: {"labels": FLUX}, "Flux Kustomization flux-system/shop", id="flux-kustomization"
        ),
        pytest.param(
            lambda story: {"labels": {**FLUX_HELM, **BY_HELM}, "annotations": released(story)},
            "Flux HelmRelease flux-system/web",
            id="flux-helm-release",
        ),
    ],
)
def test_what_a_tool_owns_is_refused(
    story: Story,
    deploy: Deploy,
    release: Deploy,
    receiver: Start,
    marks: Callable[[Story], Marks],
    owner: str,
) -> None:
    """Nothing reaches the API server, not even a dry run."""
    deploy("web", GOOD, **marks(story))
    release("web", BAD)
    story.tell(receiver(scenes.rules()))
    record = story.wait("Refused")
    assert blocked_by(record) == ["gitops"]
    assert owner in record["status"]["message"]
    assert (story.image(), scenes.patches(story.plane, story.namespace)) == (BAD, [])


@pytest.mark.parametrize(
    ("marks", "warning"),
    [
        pytest.param(
            lambda story: {"labels": BY_HELM, "annotations": released(story)},
            "the next upgrade of Helm release",
            id="plain-helm-puts-back-nothing-by-itself",
        ),
        pytest.param(
            lambda _: {"labels": {INSTANCE: "shop-app"}}, None, id="the-instance-label-alone-says-nothing"
        ),
        pytest.param(
            lambda story: tracked(story, "cart"), None, id="a-mark-copied-from-another-object-says-nothing"
        ),
    ],
)
def test_what_no_tool_would_put_back_is_rolled_back(
    story: Story,
    deploy: Deploy,
    release: Deploy,
    receiver: Start,
    marks: Callable[[Story], Marks],
    warning: str | None,
) -> None:
    deploy("web", GOOD, **marks(story))
    release("web", BAD)
    story.tell(receiver(scenes.rules()))
    warnings = story.wait("Verifying")["status"]["decision"].get("warnings") or []
    assert [warning in said for said in warnings] == ([] if warning is None else [True])
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def test_flux_is_paused_by_the_patch_that_rolls_back(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """One patch does both, and the record says how Flux is to be resumed."""
    deploy("web", GOOD, labels=FLUX)
    release("web", BAD)
    story.tell(receiver(scenes.rules(guards(gitops="pause"))))
    record = story.wait("Verifying")
    web = workloads.get(story.plane, story.namespace, "web")
    assert web["metadata"]["annotations"][RECONCILE] == "disabled"
    assert (workloads.image_of(web), len(story.patches())) == (GOOD, 1)
    (warning,) = record["status"]["decision"]["warnings"]
    assert warning.endswith(f"kubectl annotate deployment/web -n {story.namespace} {RECONCILE}-")
