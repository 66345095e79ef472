"""`kubectl rollout` of DaemonSets and StatefulSets, by the cases of kubectl's own test suite (apps.sh)."""

import pytest

from tests.cluster.kubectl import FIRST, SECOND, Kubectl
from tests.testbed.processes import wait_until

SIDE = "x/side:1"
PLURALS = {"DaemonSet": "daemonsets", "StatefulSet": "statefulsets"}


class Web:
    """One workload of a kind: what kubectl calls it, and what it runs."""

    def __init__(self, kubectl: Kubectl, kind: str) -> None:
        self.kubectl, self.kind = kubectl, kind
        self.name = f"{kind.lower()}/web"
        self.full = f"{kind.lower()}.apps/web"

    def apply(self, *images: str) -> None:
        """Apply the manifest with these images, and return when that is rolled out."""
        self.kubectl.apply(*images, kind=self.kind)
        self.status()

    def undo(self, *words: str) -> str:
        return self.kubectl.says("rollout", "undo", self.name, *words)

    def status(self) -> str:
        return self.kubectl.says("rollout", "status", self.name, "--timeout=20s")

    def images(self) -> list[str]:
        return self.kubectl.images(PLURALS[self.kind])

    def wait_history(self, *numbers: int) -> None:
        """Return when these are the revisions."""

        def told() -> bool:
            lines = self.kubectl.says("rollout", "history", self.name).splitlines()
            assert lines[0].strip() == self.full
            assert lines[1].split() == ["REVISION", "CHANGE-CAUSE"]
            return [line.split() for line in lines[2:]] == [[str(number), "<none>"] for number in numbers]

        wait_until(f"revisions {numbers}", told, seconds=20)


@pytest.fixture(params=list(PLURALS))
def web(request: pytest.FixtureRequest, kubectl: Kubectl) -> Web:
    """A workload of the first revision."""
    web = Web(kubectl, request.param)
    web.apply(FIRST)
    return web


def test_undo_to_the_revision_that_is_live_changes_nothing(web: Web) -> None:
    skipped = f"{web.full} skipped rollback (current template already matches revision 1)"
    assert web.undo("--to-revision=1") == skipped
    assert web.images() == [FIRST]
    assert "no last revision to roll back to" in web.kubectl.fails("rollout", "undo", web.name)


def test_undo_goes_back_and_forth_and_each_time_gets_a_new_number(web: Web) -> None:
    web.apply(SECOND, SIDE)
    assert web.images() == [SECOND, SIDE]
    web.wait_history(1, 2)
    assert f"Image:\t{FIRST}" in web.undo("--dry-run=client")
    assert web.undo("--dry-run=server") == f"{web.full} rolled back (server dry run)"
    assert web.images() == [SECOND, SIDE]

    assert web.undo("--to-revision=1") == f"{web.full} rolled back"
    assert web.images() == [FIRST]
    web.status()
    web.wait_history(2, 3)
    missing = "error: unable to find specified revision 1000000 in history"
    assert web.kubectl.fails("rollout", "undo", web.name, "--to-revision=1000000") == missing
    assert web.images() == [FIRST]

    assert web.undo() == f"{web.full} rolled back"
    assert web.images() == [SECOND, SIDE]
    web.status()
    web.wait_history(3, 4)


def test_history_shows_one_revision(web: Web) -> None:
    web.apply(SECOND, SIDE)
    web.wait_history(1, 2)
    for number, images in ((1, {FIRST}), (2, {SECOND, SIDE})):
        shown = web.kubectl.says("rollout", "history", web.name, f"--revision={number}")
        assert shown.startswith(f"{web.full} with revision #{number}\nPod Template:")
        assert {line.split()[1] for line in shown.splitlines() if "Image:" in line} == images


def test_a_restart_and_an_image_are_revisions(web: Web) -> None:
    assert web.kubectl.says("rollout", "restart", web.name) == f"{web.full} restarted"
    web.status()
    web.wait_history(1, 2)
    assert web.kubectl.says("set", "image", web.name, f"*={SECOND}") == f"{web.full} image updated"
    web.status()
    web.wait_history(1, 2, 3)
    generation = web.kubectl.says("get", web.name, "-o", "jsonpath={.metadata.generation}")
    assert generation == "3"


def test_status_says_when_it_is_done(web: Web) -> None:
    words = {
        "DaemonSet": 'daemon set "web" successfully rolled out',
        "StatefulSet": "partitioned roll out complete: 1 new pods have been updated...",
    }
    assert web.status() == words[web.kind]


def test_status_of_a_stateful_set_that_waits_for_somebody_fails(kubectl: Kubectl) -> None:
    kubectl.apply(FIRST, kind="StatefulSet", updateStrategy={"type": "OnDelete"})
    said = kubectl.fails("rollout", "status", "statefulset/web")
    assert said == "error: rollout status is only available for RollingUpdate strategy type"


def test_a_stateful_set_is_scaled_from_the_number_that_is_expected(kubectl: Kubectl) -> None:
    kubectl.apply(FIRST, kind="StatefulSet", replicas=0)
    scaled = kubectl.says("scale", "--current-replicas=0", "--replicas=1", "statefulset/web")
    assert scaled == "statefulset.apps/web scaled"
    wait = ("wait", "--for=jsonpath={.status.observedGeneration}=2", "statefulset/web", "--timeout=30s")
    assert kubectl.says(*wait) == "statefulset.apps/web condition met"
