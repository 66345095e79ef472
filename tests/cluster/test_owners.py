"""What somebody else declared about a workload: that a tool owns it, that there is no way back."""

from typing import Any

import pytest

from tests.cluster import scenes
from tests.cluster.scenes import BAD, GOOD, Deploy, Start, blocked_by
from tests.cluster.stories import Story, guards
from tests.testbed import workloads

RECONCILE = "kustomize.toolkit.fluxcd.io/reconcile"
TRACKING_ID = "argocd.argoproj.io/tracking-id"
FLUX = {"kustomize.toolkit.fluxcd.io/name": "shop", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
FLUX_HELM = {"helm.toolkit.fluxcd.io/name": "web", "helm.toolkit.fluxcd.io/namespace": "flux-system"}


def marks(story: Story, owner: str) -> dict[str, Any]:
    """Return what a tool leaves on Deployment web."""
    tracked = {TRACKING_ID: f"shop-app:apps/Deployment:{story.namespace}/web"}
    return {
        "Argo CD application shop-app": {"annotations": tracked},
        "Flux Kustomization flux-system/shop": {"labels": FLUX},
        "Flux HelmRelease flux-system/web": {"labels": FLUX_HELM},
    }[owner]


@pytest.mark.parametrize(
    "owner",
    [
        "Argo CD application shop-app",
        "Flux Kustomization flux-system/shop",
        "Flux HelmRelease flux-system/web",
    ],
)
def test_what_a_tool_owns_is_refused(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, owner: str
) -> None:
    deploy("web", GOOD, **marks(story, owner))
    release("web", BAD)
    story.tell(receiver(scenes.rules()))
    record = story.wait("Refused")
    assert blocked_by(record) == ["gitops"]
    assert owner in record["status"]["message"]
    assert (story.image(), story.patches()) == (BAD, [])


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


def test_there_is_no_way_back_past_a_barrier(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """The release that migrated the database cannot be undone; the one after it can."""
    deploy("web", GOOD, annotations={"rollback-receiver.dev/barrier": "2: orders.status renamed"})
    release("web", BAD)
    running = receiver(scenes.rules())
    story.tell(running)
    record = story.wait("Refused")
    assert blocked_by(record) == ["barrier"]
    assert (story.image(), story.patches()) == (BAD, [])
    release("web", "x/web:3")
    (name,) = story.tell(running)
    story.wait_for(name, "Verifying")
    assert (story.image(), len(story.patches())) == (BAD, 1)
