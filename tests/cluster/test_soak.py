"""Which revision was good: what is left of a broken release when another has taken its place, on every plane.

And the on-call's word about a release, which counts for more than what the objects say.
"""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.cluster import scenes, sets
from tests.cluster.contracts import Cluster, Folder
from tests.cluster.receivers import Receiver, alert
from tests.cluster.scenes import GOOD, Deploy, Object, Start, resolved, rules
from tests.cluster.stories import Story
from tests.testbed import components, workloads
from tests.testbed.processes import wait_until

BROKEN, WORSE = "x/web:broken-2", "x/web:broken-3"
PASSED_OVER = "revision 2 passed over: it never was fully available"
TWO = {"rollback": {"to": 2}}

Release = Callable[[str], Object]


def history_verdict(record: Object) -> Object:
    """Return what guard history said of a record's decision."""
    (verdict,) = [v for v in record["status"]["decision"]["verdicts"] if v["guard"] == "history"]
    found: Object = verdict
    return found


def wait_replica_sets(story: Story, wanted: dict[str, int]) -> None:
    """Return when ReplicaSets of these images have so many replicas each, and no more to come."""

    def seen() -> bool:
        path = workloads.path_of(story.namespace, resource="replicasets")
        found = story.plane.request("GET", path)["items"]
        sizes = {workloads.image_of(each): each["spec"]["replicas"] for each in found}
        return bool(sizes == wanted)

    wait_until(f"ReplicaSets of sizes {wanted}", seen, seconds=15)


@pytest.fixture
def stuck(story: Story, deploy: Deploy, release: Deploy) -> Release:
    """GOOD, complete, and BROKEN after it, which is stuck; what releases one more and waits for it."""
    deploy("web", GOOD, replicas=3)
    release("web", BROKEN, wait=False)
    wait_replica_sets(story, {GOOD: 3, BROKEN: 1})
    return partial(release, "web", wait=False)


def test_a_release_that_never_was_available_is_not_what_the_next_one_goes_back_to(
    story: Story, stuck: Release, receiver: Start
) -> None:
    """However long it was live. The one before it has kept its replicas all the while."""
    stuck(WORSE)
    wait_replica_sets(story, {GOOD: 3, BROKEN: 0, WORSE: 1})
    story.tell(receiver(rules()))
    record = story.wait("RollingBack", "Verifying")
    assert record["status"]["decision"]["to"]["revision"] == 1
    assert PASSED_OVER in history_verdict(record)["evidence"]
    assert (story.image(), len(story.patches())) == (GOOD, 1)


@pytest.mark.usefixtures("stuck")
def test_a_release_that_never_was_available_is_not_even_gone_back_to_by_number(
    story: Story, receiver: Start
) -> None:
    """Nor once a third one is complete, and no older one has replicas any more."""
    # The API's times have whole seconds: the third takes longer than that, as any does outside of tests.
    container = {"name": workloads.CONTAINER, "image": "x/web:3"}
    story.change({"spec": {"minReadySeconds": 2, "template": {"spec": {"containers": [container]}}}})
    workloads.wait_rolled_out(story.plane, story.namespace, "web")
    wait_replica_sets(story, {GOOD: 0, BROKEN: 0, "x/web:3": 3})
    story.tell(receiver(rules(TWO)))
    refused = story.wait("Refused")
    assert history_verdict(refused)["evidence"] == PASSED_OVER
    assert story.image() == "x/web:3"


def test_what_else_happens_to_a_workload_does_not_make_its_history_look_broken(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """Scaled, annotated, paused and resumed: none of it touches the ReplicaSets of older revisions."""
    deploy("web", GOOD)
    release("web", "x/web:2")
    story.change({"spec": {"replicas": 3}})
    story.change({"metadata": {"annotations": {"note": "x"}}, "spec": {"minReadySeconds": 1}})
    story.change({"spec": {"paused": True}})
    story.change({"spec": {"paused": False}})
    workloads.wait_rolled_out(story.plane, story.namespace, "web")
    release("web", "x/web:3")
    story.tell(receiver(rules()))
    assert story.wait("RollingBack", "Verifying")["status"]["decision"]["to"]["revision"] == 2
    assert story.image() == "x/web:2"


def test_what_a_stuck_release_has_not_replaced_is_good(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """In the middle of a rollout that gets no further: the old one has some replicas, and is no less good."""
    deploy("web", GOOD, replicas=4)
    release("web", BROKEN, wait=False)
    wait_replica_sets(story, {GOOD: 3, BROKEN: 2})
    story.tell(receiver(rules()))
    assert story.wait("RollingBack", "Verifying")["status"]["decision"]["to"]["revision"] == 1
    assert story.image() == GOOD


def is_revision(cluster: Cluster, image: str) -> bool:
    return image in sets.numbers(cluster)


def runs(cluster: Cluster, image: str) -> bool:
    return image in sets.images(cluster).values()


@pytest.mark.parametrize("partition", [0, 1], ids=["all", "partition"])
def test_a_stateful_sets_last_complete_revision_is_gone_back_to(
    cluster: Cluster, story: Story, receiver: Start, partition: int
) -> None:
    """Its status keeps naming that one while two releases after it never get ready."""
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}
    folder = sets.stateful(cluster, updateStrategy=strategy)
    for image in (BROKEN, WORSE):
        sets.set_image(folder, image)
        wait_until(f"a revision of {image}", partial(is_revision, cluster, image), seconds=30)
    target = {"kind": "StatefulSet", "namespace": "{{ $labels.namespace }}", "name": "web"}
    story.tell(receiver(rules({"target": target})), alert("HighErrorRate", {"namespace": cluster.namespace}))
    record = story.wait("RollingBack", "Verifying", "Succeeded")
    assert record["status"]["decision"]["to"]["revision"] == 1
    assert PASSED_OVER in history_verdict(record)["evidence"]


@pytest.fixture
def another_node(cluster: Cluster) -> Iterator[None]:
    """A node more, so that a DaemonSet's rollout can stop on the way; no pod is left when it goes."""
    name = f"more-{cluster.namespace}"
    nodes = Folder(cluster.plane, "/api/v1/nodes")
    nodes.create(components.node(name))
    yield
    cluster.apps("daemonsets").done("DELETE", "web")
    wait_until("no pods", lambda: not sets.pods(cluster), seconds=20)
    nodes.done("DELETE", name)


@pytest.mark.usefixtures("another_node")
def test_a_daemon_sets_last_complete_revision_is_gone_back_to(
    cluster: Cluster, story: Story, receiver: Start
) -> None:
    """It has kept a pod while two releases after it never get ready."""
    folder = sets.daemon(cluster)
    for image in (BROKEN, WORSE):
        sets.set_image(folder, image)
        wait_until(f"a pod of {image}", partial(runs, cluster, image), seconds=20)
    story.tell(
        receiver(rules()), alert("HighErrorRate", {"namespace": cluster.namespace, "daemonset": "web"})
    )
    record = story.wait("RollingBack", "Verifying", "Succeeded")
    assert record["status"]["decision"]["to"]["revision"] == 1
    assert PASSED_OVER in history_verdict(record)["evidence"]


def review(story: Story, name: str, verdict: str) -> None:
    """Enter the on-call's word, as whoever writes it does."""
    said = {"status": {"review": {"verdict": verdict, "by": "on-call", "at": "2026-05-01T12:00:00Z"}}}
    path = f"{scenes.path_of_records(story.home)}/{name}/status"
    story.plane.request("PATCH", path, said, "application/merge-patch+json")


def tell_again(story: Story, running: Receiver) -> Object:
    """Send another alert about what is live now, and return its record once it is decided."""
    (name,) = story.tell(running, story.firing())
    return story.wait_for(name, "Refused", "DryRun", "RollingBack", "Verifying")


@pytest.mark.parametrize(
    ("verdict", "number"),
    [
        pytest.param("wrong", 2, id="wrong-clears-it"),
        pytest.param("unsure", 1, id="unsure-leaves-it"),
    ],
)
def test_the_on_calls_wrong_clears_what_was_rolled_back_from(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, *, verdict: str, number: int
) -> None:
    """Revision 2 was rolled back from, released again, and 4 after it goes back to it only if cleared."""
    scenes.bad_release(deploy, release)
    running = receiver(rules())
    fired = story.firing()
    (first,) = story.tell(running, fired)
    story.wait_for(first, "Verifying")
    story.tell(running, resolved(fired))
    story.wait_for(first, "Succeeded")
    review(story, first, verdict)
    release("web", scenes.BAD)
    release("web", "x/web:3")
    decided = tell_again(story, running)
    images = {1: GOOD, 2: scenes.BAD}
    assert list(decided["status"]["decision"]["to"]["images"].values()) == [images[number]]


@pytest.mark.parametrize(
    ("verdict", "image"),
    [
        pytest.param("right", GOOD, id="right-makes-it-known-bad"),
        pytest.param("unsure", scenes.BAD, id="unsure-does-not"),
    ],
)
def test_the_on_calls_right_on_a_dry_run_makes_its_suspect_known_bad(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, *, verdict: str, image: str
) -> None:
    """The release after it goes back past it."""
    scenes.bad_release(deploy, release)
    running = receiver(rules({"mode": "dry-run"}))
    (first,) = story.tell(running)
    story.wait_for(first, "DryRun")
    review(story, first, verdict)
    release("web", "x/web:3")
    decided = tell_again(story, running)
    assert list(decided["status"]["decision"]["to"]["images"].values()) == [image]
    passed_over = f"the on-call says that record {first} was right about it"
    assert (passed_over in history_verdict(decided)["evidence"]) is (verdict == "right")
