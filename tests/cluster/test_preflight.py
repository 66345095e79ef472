"""What a revision needs and is gone: it is passed over, or refused, and nothing is patched."""

from typing import Any

from tests.cluster import scenes
from tests.cluster.scenes import BAD, GOOD, Deploy, Object, Start, rules
from tests.cluster.stories import Story, evidence, guards
from tests.testbed import workloads

OLDEST = "x/web:0"
CONFIG: Object = {"volumes": [{"name": "config", "configMap": {"name": "web-1"}}]}
SECRET: Object = {"volumes": [{"name": "key", "secret": {"secretName": "web-key"}}]}
ACCOUNT: Object = {"serviceAccountName": "web"}
JUDGED = guards(preflight={"secrets": True})


def folder(story: Story, plural: str) -> str:
    return f"/api/v1/namespaces/{story.namespace}/{plural}"


def put(story: Story, plural: str, name: str) -> None:
    story.plane.request("POST", folder(story, plural), {"metadata": {"name": name}})


def remove(story: Story, plural: str, name: str) -> None:
    story.plane.request("DELETE", f"{folder(story, plural)}/{name}")


def release(story: Story, image: str, **needs: Any) -> None:
    """Release an image that needs this, and nothing that those before it needed; wait for the rollout."""
    nothing = {"volumes": None, "serviceAccountName": "default", "serviceAccount": None}
    containers = [{"name": workloads.CONTAINER, "image": image}]
    story.change({"spec": {"template": {"spec": {**nothing, "containers": containers, **needs}}}})
    workloads.wait_rolled_out(story.plane, story.namespace, "web")


def said(record: Object, guard: str) -> str:
    (verdict,) = [v for v in record["status"]["decision"]["verdicts"] if v["guard"] == guard]
    return str(verdict["evidence"])


def test_a_revision_whose_configmap_is_gone_is_passed_over(
    story: Story, deploy: Deploy, receiver: Start
) -> None:
    """The one before it needs nothing, and is as good."""
    deploy("web", OLDEST)
    put(story, "configmaps", "web-1")
    release(story, GOOD, **CONFIG)
    release(story, BAD)
    remove(story, "configmaps", "web-1")
    story.tell(receiver(rules()))
    record = story.wait("Verifying")
    gone = f"ConfigMap {story.namespace}/web-1"
    assert f"revision 2 passed over: what it needs is gone: {gone}" in said(record, "history")
    assert (story.image(), len(story.patches())) == (OLDEST, 1)


def test_a_revision_whose_secret_is_gone_is_refused(story: Story, deploy: Deploy, receiver: Start) -> None:
    """With `secrets: true`; not even a dry run is sent."""
    deploy("web", GOOD)
    put(story, "secrets", "web-key")
    release(story, GOOD, **SECRET)
    release(story, BAD)
    remove(story, "secrets", "web-key")
    story.tell(receiver(rules({**JUDGED, "rollback": {"to": "previous"}})))
    refused = story.wait("Refused")
    gone = f"revision 2: what it needs is gone: Secret {story.namespace}/web-key"
    assert evidence(refused) == {"preflight": gone}
    assert (story.image(), scenes.patches(story.plane, story.namespace)) == (BAD, [])


def test_a_revision_whose_needs_are_there_is_restored(story: Story, deploy: Deploy, receiver: Start) -> None:
    """The server's word and what is there make one verdict."""
    deploy("web", OLDEST)
    put(story, "secrets", "web-key")
    put(story, "serviceaccounts", "web")
    release(story, GOOD, **SECRET, **ACCOUNT)
    release(story, BAD)
    story.tell(receiver(rules(JUDGED)))
    record = story.wait("Verifying")
    there = f"Secret {story.namespace}/web-key, ServiceAccount {story.namespace}/web"
    accepts = "the API server accepts the patch in a dry run; it accepts a pod of the revision"
    assert said(record, "preflight") == f"{accepts}; what revision 2 needs is there: {there}"
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def test_a_secret_that_nobody_looked_at_is_a_warning(story: Story, deploy: Deploy, receiver: Start) -> None:
    """No Secret is read where the rule does not ask for it."""
    deploy("web", OLDEST)
    release(story, GOOD, **SECRET)
    release(story, BAD)
    story.tell(receiver(rules()))
    record = story.wait("Verifying")
    (warning,) = record["status"]["decision"]["warnings"]
    assert f"whether Secret {story.namespace}/web-key is still there" in warning
    reads = story.plane.audit.requests(verb="get", resource="secrets", namespace=story.namespace)
    assert [entry for entry in reads if entry.user.startswith("receiver-")] == []
    assert story.image() == GOOD
