"""StatefulSets and DaemonSets are rolled back as Deployments are; and what only they can get stuck on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import scenes, sets
from tests.cluster.contracts import Cluster, Folder
from tests.cluster.receivers import Receiver, alert
from tests.cluster.scenes import BAD, GOOD, Object, Start, resolved, rules
from tests.cluster.stories import Story, evidence, run
from tests.testbed.audit import AuditEntry
from tests.testbed.processes import wait_until

BROKEN = "x/web:broken"
HASH_LABELS = {"statefulset": "controller.kubernetes.io/hash", "daemonset": "controller-revision-hash"}
STATEFUL_SET = {
    "target": {"kind": "StatefulSet", "namespace": "{{ $labels.namespace }}", "name": "{{ $labels.app }}"}
}


@dataclass(frozen=True)
class Sets:
    """The test's namespace with its set web, of this kind in lower case, and the receiver's home."""

    cluster: Cluster
    story: Story
    kind: str

    @property
    def folder(self) -> Folder:
        return self.cluster.apps(f"{self.kind}s")

    @property
    def image(self) -> str:
        containers: list[Object] = self.folder.get("web")["spec"]["template"]["spec"]["containers"]
        return str(containers[0]["image"])

    def create(self) -> None:
        """Roll GOOD out."""
        (sets.stateful if self.kind == "statefulset" else sets.daemon)(self.cluster)

    def release(self, image: str) -> None:
        """Roll another image out."""
        sets.set_image(self.folder, image)
        (sets.wait_stateful if self.kind == "statefulset" else sets.wait_daemon)(self.folder)

    def firing(self, **labels: str) -> Object:
        """Return an alert that starts now; its labels are the set's kind and name unless told."""
        return alert("HighErrorRate", {"namespace": self.cluster.namespace, **(labels or {self.kind: "web"})})

    def asked(self, verb: str, resource: str) -> list[AuditEntry]:
        """Return what receivers have asked of a kind here and got, without dry runs."""
        scenes.flush_audit(self.cluster.plane)
        found = self.cluster.plane.audit.requests(
            verb=verb, resource=resource, namespace=self.cluster.namespace
        )
        return [e for e in found if e.user.startswith("receiver-") and e.code == 200 and not e.dry_run]

    @property
    def patches(self) -> int:
        """How often receivers have changed the set."""
        return len(self.asked("patch", f"{self.kind}s"))

    def wait_for_event(self, reason: str) -> list[str]:
        """Return the reasons of the receivers' Events on the set, in order, once this one is among them."""

        def present() -> list[str] | None:
            found = [each for each in self.cluster.core("events").done("GET")["items"] if self._is_ours(each)]
            found.sort(key=lambda event: int(event["metadata"]["resourceVersion"]))
            reasons = [str(event["reason"]) for event in found]
            return reasons if reason in reasons else None

        return wait_until(f"the Event {reason}", present, seconds=20) or []

    def _is_ours(self, event: Object) -> bool:
        about = event["involvedObject"]
        ours = event["source"].get("component") == "rollback-receiver"
        return ours and (about["kind"].lower(), about["name"]) == (self.kind, "web")


@pytest.fixture
def stateful_set(cluster: Cluster, story: Story) -> Sets:
    """StatefulSet web, not created yet."""
    return Sets(cluster, story, "statefulset")


@pytest.mark.parametrize("kind", ["statefulset", "daemonset"])
def test_a_set_is_rolled_back_by_one_patch_and_what_was_restored_is_known(
    cluster: Cluster, story: Story, receiver: Start, kind: str
) -> None:
    """To the revision before; the record tells both by the controller's numbers and hashes."""
    web = Sets(cluster, story, kind)
    web.create()
    web.release(BAD)
    hashes = {
        image: each["metadata"]["labels"][HASH_LABELS[kind]]
        for image, each in sets.revisions(cluster).items()
    }
    running, told = receiver(rules()), web.firing()
    story.tell(running, told)
    story.wait("Verifying", seconds=30)
    story.tell(running, resolved(told))
    record = story.wait("Succeeded")
    suspect, to = record["spec"]["suspect"], record["status"]["decision"]["to"]
    assert (suspect["revision"], suspect["templateHash"], suspect["images"]) == (2, hashes[BAD], {"app": BAD})
    assert (to["revision"], to["templateHash"], to["images"]) == (1, hashes[GOOD], {"app": GOOD})
    assert (web.image, web.patches, set(sets.images(cluster).values())) == (GOOD, 1, {GOOD})
    assert sets.numbers(cluster) == {GOOD: 3, BAD: 2}
    assert web.wait_for_event("RollbackSucceeded") == ["RollbackStarted", "RollbackSucceeded"]

    story.delete_records()
    story.tell(receiver(rules()), web.firing())
    assert "flip_flop" in evidence(story.wait("Refused"))
    assert web.patches == 1


def test_an_alert_about_a_pod_is_about_the_set_that_owns_it(stateful_set: Sets, receiver: Start) -> None:
    """It goes back to the revision that was live last, whatever number that had before it was put back."""
    story = stateful_set.story
    stateful_set.create()
    for image in (BAD, GOOD, "x/web:3"):
        stateful_set.release(image)
    story.tell(receiver(rules()), stateful_set.firing(pod="web-1"))
    record = story.wait("Verifying", seconds=30)
    assert record["spec"]["target"]["kind"] == "StatefulSet"
    assert record["status"]["decision"]["to"]["revision"] == 3
    assert (stateful_set.image, stateful_set.patches) == (GOOD, 1)


def test_a_stateful_set_that_is_stuck_on_a_crashing_pod_is_freed(stateful_set: Sets, receiver: Start) -> None:
    """The controller waits for the pod even on the way back (kubernetes#67250): it is deleted, once."""
    story = stateful_set.story
    stateful_set.create()
    sets.set_image(stateful_set.folder, BROKEN)
    wait_until("the broken pod", lambda: sets.images(stateful_set.cluster).get("web-1") == BROKEN, seconds=20)
    running, told = receiver(rules(STATEFUL_SET)), stateful_set.firing(app="web")
    story.tell(running, told)
    story.wait("Verifying", seconds=30)
    story.tell(running, resolved(told))
    story.wait("Succeeded")
    assert sets.images(stateful_set.cluster) == {"web-0": GOOD, "web-1": GOOD}
    deleted = stateful_set.asked("delete", "pods")
    assert [entry.name for entry in deleted] == ["web-1"]
    assert stateful_set.patches == 1
    told_of = stateful_set.wait_for_event("RollbackSucceeded")
    assert told_of == ["RollbackStarted", "RollbackPodDeleted", "RollbackSucceeded"]


def is_observed(web: Object) -> bool:
    return bool(web["status"]["observedGeneration"] == web["metadata"]["generation"])


@pytest.mark.parametrize("kind", ["statefulset", "daemonset"])
def test_with_on_delete_the_record_says_that_pods_have_to_be_deleted_by_hand(
    cluster: Cluster, story: Story, receiver: Start, kind: str
) -> None:
    """The template is put back and no pod is touched; when somebody has deleted them the rollback is done."""
    web = Sets(cluster, story, kind)
    web.create()
    web.release(BAD)
    strategy: dict[str, Any] = {"type": "OnDelete", "rollingUpdate": None}
    web.folder.merge("web", {"spec": {"updateStrategy": strategy}})
    running: Receiver = receiver(rules())
    story.tell(running, web.firing())
    record = story.wait("RollingBack")
    (warning,) = record["status"]["decision"]["warnings"]
    assert "OnDelete" in warning
    assert f"kubectl delete pod NAME -n {cluster.namespace}" in warning
    assert (web.image, web.patches) == (GOOD, 1)
    web.folder.wait_for("web", "observed", is_observed)
    for name, image in sets.images(cluster).items():
        assert image == BAD
        cluster.core("pods").done("DELETE", name)
    story.wait("Verifying", seconds=30)
    assert set(sets.images(cluster).values()) == {GOOD}
    assert web.asked("delete", "pods") == []


def test_a_canary_above_a_partition_goes_back(stateful_set: Sets, receiver: Start) -> None:
    """The rollback is done when the canary is what the others have been all the while; a warning says so."""
    story, cluster = stateful_set.story, stateful_set.cluster
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    sets.stateful(cluster, updateStrategy=strategy)
    sets.set_image(stateful_set.folder, BAD)
    canary = {"web-0": GOOD, "web-1": BAD}
    wait_until("the canary", lambda: sets.images(cluster) == canary, seconds=20)
    running, told = receiver(rules()), stateful_set.firing()
    story.tell(running, told)
    story.wait("Verifying", seconds=30)
    story.tell(running, resolved(told))
    decision = story.wait("Succeeded")["status"]["decision"]
    assert decision["to"]["revision"] == 1
    assert "partition" in decision["warnings"][0]
    assert sets.images(cluster) == {"web-0": GOOD, "web-1": GOOD}
    assert stateful_set.patches == 1


def test_commands_speak_of_a_stateful_set_as_of_a_deployment(
    stateful_set: Sets, receiver: Start, tmp_path: Path
) -> None:
    """`explain` judges it by its own revisions; `list` and `show` name it."""
    story, file = stateful_set.story, tmp_path / "rules.yaml"
    file.write_text(rules())
    stateful_set.create()
    stateful_set.release(BAD)
    flags = [f"--kubeconfig={story.plane.kubeconfig}", f"--namespace={story.home}"]
    labels = {"alertname": "HighErrorRate", "namespace": story.namespace, "statefulset": "web"}
    asked = [f"--label={name}={value}" for name, value in labels.items()]
    explained = run("explain", f"--rules={file}", "--mode=auto", *asked, *flags)
    assert f"StatefulSet {story.namespace}/web, uid" in explained.stdout
    assert "revision 1 (" in explained.stdout
    assert stateful_set.patches == 0

    (name,) = story.tell(receiver(file), stateful_set.firing())
    story.wait("Verifying", seconds=30)
    path = f"StatefulSet/{story.namespace}/web"
    assert path in run("list", f"--target={path}", *flags).stdout
    assert f"Target:     {path}" in run("show", name, *flags).stdout
