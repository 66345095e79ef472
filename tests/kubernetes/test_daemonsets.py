"""What a DaemonSet's pods tell of its revisions while a rollout is under way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from receiver.cluster.errors import Forbidden, Unavailable
from receiver.cluster.records import Records
from receiver.cluster.sightings import Sighting
from receiver.cluster.snapshots import BULK, SnapshotReader
from receiver.policy.workload import Revision, Unreadable, WorkloadRef
from tests.kubernetes import sets
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import UID
from tests.kubernetes.sets import Object

KIND = "DaemonSet"
AGENT = WorkloadRef(KIND, "shop", "db")
ROLLING = {"observedGeneration": 7, "desiredNumberScheduled": 3, "updatedNumberScheduled": 1}
COMPLETE = {**ROLLING, "updatedNumberScheduled": 3}
OWNER = [{"kind": KIND, "name": "db", "uid": UID, "controller": True}]


def pod(name: str, number: int, *, ready: bool = True, **changes: Any) -> Object:
    """A pod of revision `number`."""
    return sets.pod(name, f"hash{number}", ready=ready, **{"ownerReferences": OWNER, **changes})


@pytest.fixture(params=[0, BULK], ids=["alone", "among-many"])
def refs(request: pytest.FixtureRequest) -> list[WorkloadRef]:
    """A few are read one by one, many by listing their namespace."""
    return [AGENT, *(WorkloadRef(KIND, "shop", f"gone-{n}") for n in range(request.param))]


@pytest.fixture
def reader(fake: FakeApi) -> Iterator[SnapshotReader]:
    with ThreadPoolExecutor(4) as pool:
        yield SnapshotReader(fake, Records(fake, "rollbacks"), pool)


def put(fake: FakeApi, status: Object, *pods: Object, strategy: str = "RollingUpdate") -> None:
    """Put revisions 5, 6 and 7, which is live, there, with these pods."""
    revisions = [sets.controller_revision(n, kind=KIND) for n in (5, 6, 7)]
    of = sets.workload(KIND, status=status, spec={"updateStrategy": {"type": strategy}})
    sets.put(fake, *revisions, *pods, of=of)


def revisions(reader: SnapshotReader, refs: list[WorkloadRef]) -> tuple[Revision, ...] | Unreadable:
    found = reader.read_all(refs)[AGENT]
    assert isinstance(found, Sighting)
    return found.snapshot.workload.revisions


@pytest.mark.parametrize(
    ("status", "pods", "available"),
    [
        pytest.param(ROLLING, [pod("a", 5), pod("b", 7)], [None, False], id="passed-over-by-a-pod"),
        pytest.param(
            {"observedGeneration": 6}, [pod("a", 5)], [None, False], id="not-seen-by-the-controller"
        ),
        pytest.param(ROLLING, [pod("a", 6), pod("b", 7)], [None, None], id="only-the-last-ones-are-left"),
        pytest.param(ROLLING, [pod("a", 5), pod("b", 6)], [None, False], id="some-of-each"),
        pytest.param(ROLLING, [pod("a", 5, ready=False)], [None, None], id="on-a-lost-node"),
        pytest.param(
            ROLLING,
            [pod("a", 5, deletionTimestamp="2026-05-01T12:00:00Z")],
            [None, None],
            id="on-its-way-out",
        ),
        pytest.param(ROLLING, [pod("a", 5, ownerReferences=[])], [None, None], id="a-neighbours"),
        pytest.param(COMPLETE, [pod("a", 5)], [None, None], id="complete"),
    ],
)
def test_a_revision_that_left_ready_pods_as_they_were_never_was_complete(
    fake: FakeApi,
    reader: SnapshotReader,
    refs: list[WorkloadRef],
    status: Object,
    pods: list[Object],
    available: list[bool | None],
) -> None:
    """A ready pod of 5 that neither 6 nor 7 has replaced says so of 6; other pods say nothing."""
    put(fake, status, *pods)
    found = revisions(reader, refs)
    assert isinstance(found, tuple)
    assert [revision.available for revision in found] == available


def test_with_on_delete_pods_that_stay_tell_nothing(
    fake: FakeApi, reader: SnapshotReader, refs: list[WorkloadRef]
) -> None:
    """They stay until somebody deletes them, however good the release is."""
    put(fake, ROLLING, pod("a", 5), strategy="OnDelete")
    found = revisions(reader, refs)
    assert isinstance(found, tuple)
    assert [revision.available for revision in found] == [None, None]
    assert fake.made("GET", "/pods") == 0


def test_a_complete_one_costs_no_list_of_pods(
    fake: FakeApi, reader: SnapshotReader, refs: list[WorkloadRef]
) -> None:
    """There may be thousands of them."""
    put(fake, COMPLETE, pod("a", 7))
    revisions(reader, refs)
    assert fake.made("GET", "/pods") == 0


def test_pods_that_may_not_be_read_leave_the_history_unreadable(
    fake: FakeApi, reader: SnapshotReader, refs: list[WorkloadRef]
) -> None:
    """The guards block, and name what could not be read."""
    put(fake, ROLLING, pod("a", 5))

    def before(method: str, path: str) -> None:
        if path.endswith("/pods"):
            raise Forbidden("no", code=403)

    fake.before = before
    assert revisions(reader, refs) == Unreadable("the pods of DaemonSet shop/db", "no")


def test_pods_that_may_be_readable_in_a_moment_are_asked_for_again(
    fake: FakeApi, reader: SnapshotReader, refs: list[WorkloadRef]
) -> None:
    """The webhook answers 503."""
    put(fake, ROLLING, pod("a", 5))

    def before(method: str, path: str) -> None:
        if path.endswith("/pods"):
            raise Unavailable("down")

    fake.before = before
    with pytest.raises(Unavailable):
        reader.read_all(refs)
