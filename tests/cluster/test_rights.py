"""What the receiver may not do blocks, and is named; it never stands for a yes."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import scenes, sets
from tests.cluster.contracts import Cluster
from tests.cluster.oldrecords import OldRecords
from tests.cluster.proxy import Proxy
from tests.cluster.receivers import Receiver, alert, payload
from tests.cluster.scenes import BAD, GOOD, Deploy, Start, bad_release
from tests.cluster.stories import Story, evidence, metric
from tests.testbed import workloads
from tests.testbed.plane import Plane
from tests.testbed.processes import wait_until

pytestmark = pytest.mark.real_only("the sandbox knows no rights")
RBAC = "rbac.authorization.k8s.io"
ROLES, BINDINGS = f"/apis/{RBAC}/v1/clusterroles", f"/apis/{RBAC}/v1/clusterrolebindings"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
Right = tuple[str, str, str]
NEEDED: Mapping[tuple[str, str], list[str]] = {
    ("", "namespaces"): ["get"],
    ("", "configmaps"): ["get", "create", "update"],
    ("", "events"): ["create"],
    ("apps", "deployments"): ["get", "list", "patch"],
    ("apps", "replicasets"): ["get", "list"],
    ("", "pods"): ["get", "list", "delete", "create"],
    ("", "services"): ["get"],
    ("", "persistentvolumeclaims"): ["get"],
    ("", "serviceaccounts"): ["get"],
    ("", "secrets"): ["get"],
    ("apps", "statefulsets"): ["get", "list", "patch"],
    ("apps", "daemonsets"): ["get", "list", "patch"],
    ("apps", "controllerrevisions"): ["list"],
    ("rollback-receiver.dev", "rollbacks"): ["get", "list", "create", "delete"],
    ("rollback-receiver.dev", "rollbacks/status"): ["update"],
}
"""All that the receiver needs, by API group and resource."""
UNREADABLE: Mapping[str, tuple[Right, dict[str, str]]] = {
    "deployments": (("apps", "deployments", "get"), {"target": "cannot read Deployment"}),
    "replicasets": (("apps", "replicasets", "list"), {"history": "cannot read the ReplicaSets of namespace"}),
    "namespaces": (("", "namespaces", "get"), {"scope": "cannot read namespace"}),
    "the ledger": (("", "configmaps", "get"), {"paused": "cannot read the ledger"}),
    "a patch": (("apps", "deployments", "patch"), {"preflight": "the API server refuses the patch"}),
}


class Rights:
    """The rights of a user of its own, whom the receiver behind the proxy is."""

    def __init__(self, plane: Plane, user: str) -> None:
        self.plane, self.user = plane, user
        self.plane.request("POST", ROLES, self._role())
        subject = {"apiGroup": RBAC, "kind": "User", "name": user}
        role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": user}
        binding = {"metadata": {"name": user}, "roleRef": role, "subjects": [subject]}
        self.plane.request("POST", BINDINGS, binding)
        self._wait(("apps", "deployments", "patch"), allowed=True)

    def deny(self, right: Right) -> None:
        """Take this right away; the user keeps all others."""
        self.plane.request("PUT", f"{ROLES}/{self.user}", self._role(right))
        self._wait(right, allowed=False)

    def give_back(self, right: Right) -> None:
        """Grant all that is needed again."""
        self.plane.request("PUT", f"{ROLES}/{self.user}", self._role())
        self._wait(right, allowed=True)

    def remove(self) -> None:
        for folder in (BINDINGS, ROLES):
            self.plane.request("DELETE", f"{folder}/{self.user}")

    def _role(self, denied: Right | None = None) -> dict[str, Any]:
        rules = [
            {
                "apiGroups": [group],
                "resources": [resource],
                "verbs": kept,
            }
            for (group, resource), verbs in NEEDED.items()
            if (kept := [verb for verb in verbs if (group, resource, verb) != denied])
        ]
        return {"metadata": {"name": self.user}, "rules": rules}

    def _wait(self, right: Right, *, allowed: bool) -> None:
        """Wait until the API server's authorizer has heard of it."""
        group, resource, verb = right
        asked = {"group": group, "resource": resource, "verb": verb, "namespace": "any"}
        review = {"spec": {"user": self.user, "resourceAttributes": asked}}

        def heard() -> bool:
            return bool(self.plane.request("POST", REVIEWS, review)["status"]["allowed"] is allowed)

        wait_until(f"{self.user}: {right} {allowed}", heard, seconds=30)


@pytest.fixture
def rights(story: Story, proxy: Proxy) -> Iterator[Rights]:
    """A user with the rights that are needed and no others."""
    rights = Rights(story.plane, f"restricted-{story.home}")
    proxy.headers["Impersonate-User"] = rights.user
    yield rights
    rights.remove()


@pytest.fixture
def restricted(rights: Rights, deploy: Deploy, release: Deploy, receiver: Start, proxy: Proxy) -> Receiver:
    """A receiver that is this user, in a namespace where web was GOOD and is BAD."""
    bad_release(deploy, release)
    return receiver(scenes.rules(), extra=proxy.flags)


def restart_unready(receiver: Receiver) -> None:
    """Start it anew, so that it has read nothing before, and wait only until it answers."""

    def answers() -> bool:
        with suppress(OSError):
            return receiver.get("/-/healthy")[0] == 200
        return False

    receiver.kill()
    receiver.start()
    wait_until("/-/healthy is 200", answers, seconds=20)


@pytest.mark.parametrize("unreadable", UNREADABLE)
def test_what_may_not_be_read_blocks_and_is_named(
    story: Story, rights: Rights, restricted: Receiver, unreadable: str
) -> None:
    """The guard says what it could not read; with the right given back, the repeat is judged afresh."""
    right, expected = UNREADABLE[unreadable]
    rights.deny(right)
    restart_unready(restricted)
    alert = story.firing()
    (name,) = story.tell(restricted, alert)
    refused = story.wait_for(name, "Refused")
    assert evidence(refused).keys() >= expected.keys()
    for guard, words in expected.items():
        assert words in evidence(refused)[guard]
        assert "forbidden" in evidence(refused)[guard]
    assert (story.image(), story.patches()) == (BAD, [])

    rights.give_back(right)
    restricted.wait_ready()
    (name,) = story.tell(restricted, alert)
    story.wait_for(name, "Verifying")
    assert (story.image(), len(story.patches())) == (GOOD, 1)


@pytest.mark.parametrize(
    "right",
    [("rollback-receiver.dev", "rollbacks", "create"), ("", "configmaps", "create")],
    ids=" ".join,
)
def test_what_may_not_be_written_down_is_not_done(
    story: Story, rights: Rights, restricted: Receiver, right: Right
) -> None:
    """No record or no place in the budget: no patch, and a 503, so that Alertmanager sends it again."""
    rights.deny(right)
    alert = story.firing()
    status, answer = restricted.post(payload(alert))
    assert status == 503
    assert "forbidden" in answer["error"]
    assert (story.image(), story.patches()) == (BAD, [])
    rights.give_back(right)
    story.tell(restricted, alert)
    story.wait("Verifying", seconds=50)
    assert len(story.patches()) == 1


def test_what_a_revision_needs_and_may_not_be_read_blocks(
    story: Story, rights: Rights, deploy: Deploy, release: Deploy, receiver: Start, proxy: Proxy
) -> None:
    """It may be there, so the revision is not passed over."""
    account = {"metadata": {"name": "web"}}
    story.plane.request("POST", f"/api/v1/namespaces/{story.namespace}/serviceaccounts", account)
    deploy("web", GOOD)
    story.change({"spec": {"template": {"spec": {"serviceAccountName": "web"}}}})
    workloads.wait_rolled_out(story.plane, story.namespace, "web")
    release("web", BAD)
    rights.deny(("", "serviceaccounts", "get"))
    story.tell(receiver(scenes.rules(), extra=proxy.flags))
    refused = evidence(story.wait("Refused"))
    assert refused.keys() == {"preflight"}
    assert f"cannot read ServiceAccount {story.namespace}/web: " in refused["preflight"]
    assert "forbidden" in refused["preflight"]
    assert story.patches() == []


def test_without_the_right_to_read_records_it_is_not_ready(rights: Rights, restricted: Receiver) -> None:
    right = ("rollback-receiver.dev", "rollbacks", "list")
    rights.deny(right)

    def fault() -> str:
        status, answer = restricted.get("/-/ready")
        return str(answer["error"]) if status == 503 else ""

    assert "forbidden" in wait_until("/-/ready is 503", fault, seconds=20)
    rights.give_back(right)
    restricted.wait_ready()


def test_an_event_that_may_not_be_written_is_in_nobodys_way(
    story: Story, rights: Rights, restricted: Receiver
) -> None:
    """Events are for people; the record has it all."""
    rights.deny(("", "events", "create"))
    alert = story.firing()
    story.tell(restricted, alert)
    story.wait("Verifying")
    story.tell(restricted, scenes.resolved(alert))
    story.wait("Succeeded")
    assert len(story.patches()) == 1
    wait_until("it is said", lambda: "cannot write the Event" in restricted.log_text(), seconds=20)


def test_without_the_right_to_create_pods_they_are_not_tried_and_the_record_says_so(
    story: Story, rights: Rights, restricted: Receiver
) -> None:
    """It is a powerful right, and not every installation grants it."""
    rights.deny(("", "pods", "create"))
    story.tell(restricted)
    (warning,) = story.wait("Verifying")["status"]["decision"]["warnings"]
    assert "the receiver has no right to create pods" in warning
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def test_old_records_that_may_not_be_deleted_stay_and_the_log_says_so_once(
    story: Story, rights: Rights, receiver: Start, proxy: Proxy, tmp_path: Path
) -> None:
    """Nothing else depends on it; with the right given back they go."""
    right = ("rollback-receiver.dev", "rollbacks", "delete")
    rights.deny(right)
    old, config = OldRecords(story.plane, story.home), tmp_path / "config.yaml"
    old.create("old")
    config.write_text("{aftermath_for: 1s, keep_records_for: 1s}")
    running = receiver(scenes.rules(), extra=[*proxy.flags, f"--config={config}"])

    def refused() -> bool:
        answers = [entry for entry in running.log() if "the right to delete them is missing" in entry["msg"]]
        assert len(answers) <= 1
        series = 'api_requests_total{code="403",resource="rollbacks",verb="DELETE"}'
        return metric(running, series) >= 2 and len(answers) == 1

    wait_until("it was refused twice, and said once", refused, seconds=20)
    assert (old.names(), running.is_ready()) == ({"old"}, True)
    rights.give_back(right)
    wait_until("the old record is gone", lambda: not old.names(), seconds=20)


def test_a_pod_that_may_not_be_deleted_is_left_to_people_and_the_record_says_so(
    story: Story, cluster: Cluster, rights: Rights, receiver: Start, proxy: Proxy
) -> None:
    """A StatefulSet that waits for a crashing pod waits on; with the right given back it is freed."""
    folder = sets.stateful(cluster)
    sets.set_image(folder, "x/web:broken")
    wait_until("the broken pod", lambda: sets.images(cluster).get("web-1") == "x/web:broken", seconds=20)
    right = ("", "pods", "delete")
    rights.deny(right)
    running = receiver(scenes.rules(), extra=proxy.flags)
    story.tell(running, alert("HighErrorRate", {"namespace": story.namespace, "statefulset": "web"}))

    def said() -> str:
        message = str(story.wait("RollingBack")["status"]["message"])
        return message if "by hand" in message else ""

    assert "forbidden" in wait_until("the record says it", said, seconds=30)
    assert sets.images(cluster).get("web-1") == "x/web:broken"
    rights.give_back(right)
    story.wait("Verifying", seconds=30)
    assert sets.images(cluster) == {"web-0": GOOD, "web-1": GOOD}
