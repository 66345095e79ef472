"""Reading workloads: what fails for good becomes Unreadable, what may be back in a moment is raised."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from receiver.cluster.errors import ClusterError, Forbidden, Rejected, Unavailable
from receiver.cluster.records import Records
from receiver.cluster.sightings import Found, Sighting
from receiver.cluster.snapshots import BULK, SnapshotReader
from receiver.policy.memory import LAST_ROLLBACK
from receiver.policy.targets import PodRef, TargetFault, TargetReason
from receiver.policy.workload import Unreadable, WorkloadRef
from tests.kubernetes import sets
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import SHOP, at, deployment, replica_set, shop

CHECKOUT = WorkloadRef("Deployment", "shop", "checkout")
MANY = [CHECKOUT, *(WorkloadRef("Deployment", "shop", f"gone-{n}") for n in range(BULK))]


@pytest.fixture
def reader(fake: FakeApi) -> Iterator[SnapshotReader]:
    shop(fake, replica_set(5), replica_set(6), replica_set(7), replica_set(4, owner="uid-2"))
    with ThreadPoolExecutor(4) as pool:
        yield SnapshotReader(fake, Records(fake, "rollbacks"), pool)


@pytest.fixture(params=["alone", "among-many"])
def wanted(request: pytest.FixtureRequest) -> list[WorkloadRef]:
    """A few are read one by one, many by listing their namespace: the outcome is the same."""
    return [CHECKOUT] if request.param == "alone" else MANY


def read(reader: SnapshotReader, wanted: list[WorkloadRef]) -> Found:
    return reader.read_all(wanted)[CHECKOUT]


def refuse(fake: FakeApi, fault: ClusterError, *endings: str) -> None:
    def before(method: str, path: str) -> None:
        if method == "GET" and path.endswith(endings):
            raise fault

    fake.before = before


def test_workload_is_read_with_its_history(reader: SnapshotReader, wanted: list[WorkloadRef]) -> None:
    """Its own ReplicaSets, its records, its namespace; a neighbour's are left out."""
    found = read(reader, wanted)
    assert isinstance(found, Sighting)
    workload = found.snapshot.workload
    assert (workload.ref, workload.live.number) == (CHECKOUT, 7)
    assert isinstance(workload.revisions, tuple)
    assert [revision.number for revision in workload.revisions] == [5, 6]
    assert workload.namespace_annotations == {}
    assert (found.snapshot.past, found.own_record) == ((), None)


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
@pytest.mark.parametrize("others", [0, BULK], ids=["alone", "among-many"])
def test_sets_are_read_with_their_controller_revisions(
    fake: FakeApi, reader: SnapshotReader, kind: str, others: int
) -> None:
    """Side by side with Deployments of the namespace: each kind has its own folders."""
    revisions = [sets.controller_revision(n, kind=kind) for n in (6, 7)]
    sets.put(fake, *revisions, of=sets.workload(kind))
    ref = WorkloadRef(kind, "shop", "db")
    refs = [ref, CHECKOUT, *(WorkloadRef(kind, "shop", f"gone-{n}") for n in range(others))]
    found = reader.read_all(refs)
    assert isinstance(set_of := found[ref], Sighting)
    assert isinstance(checkout := found[CHECKOUT], Sighting)
    assert (set_of.snapshot.workload.ref, set_of.snapshot.workload.live.number) == (ref, 7)
    assert isinstance(set_of.snapshot.workload.revisions, tuple)
    assert [revision.number for revision in set_of.snapshot.workload.revisions] == [6]
    assert checkout.snapshot.workload.live.template_hash == "hash7"
    assert all(
        found[gone] == TargetFault(TargetReason.NOT_FOUND, f"{gone} does not exist") for gone in refs[2:]
    )


def test_deployment_costs_four_calls(fake: FakeApi, reader: SnapshotReader) -> None:
    """Itself, its ReplicaSets, its namespace, its records, and nothing for the other kinds."""
    reader.read(CHECKOUT)
    assert sorted(path.rpartition("/")[2] for _, path in fake.calls) == [
        "checkout",
        "replicasets",
        "rollbacks",
        "shop",
    ]


def test_workload_that_is_not_there_is_a_fault(reader: SnapshotReader) -> None:
    """Alone and among many."""
    gone = TargetFault(TargetReason.NOT_FOUND, "Deployment shop/gone-0 does not exist")
    assert reader.read_all(MANY)[MANY[1]] == gone
    assert reader.read_all(MANY[1:2]) == {MANY[1]: gone}


@pytest.mark.parametrize("fault", [Forbidden("no", code=403), Rejected("odd", code=410)], ids=str)
def test_workload_that_may_not_be_read_is_a_fault(
    fake: FakeApi, reader: SnapshotReader, wanted: list[WorkloadRef], fault: ClusterError
) -> None:
    """A record says so; nothing is judged."""
    refuse(fake, fault, "/deployments/checkout", "/deployments")
    found = read(reader, wanted)
    assert found == TargetFault(TargetReason.UNREADABLE, f"cannot read Deployment shop/checkout: {fault}")


def test_history_that_may_not_be_read_is_unreadable(
    fake: FakeApi, reader: SnapshotReader, wanted: list[WorkloadRef]
) -> None:
    """The workload is known, the guards block."""
    refuse(fake, Forbidden("no", code=403), "/replicasets")
    found = read(reader, wanted)
    assert isinstance(found, Sighting)
    assert isinstance(found.snapshot.workload.revisions, Unreadable)
    assert found.snapshot.past == ()


def test_namespace_that_may_not_be_read_is_unreadable(
    fake: FakeApi, reader: SnapshotReader, wanted: list[WorkloadRef]
) -> None:
    """Whether it opts out is not known."""
    refuse(fake, Forbidden("no", code=403), "/namespaces/shop")
    found = read(reader, wanted)
    assert isinstance(found, Sighting)
    assert isinstance(found.snapshot.workload.namespace_annotations, Unreadable)


@pytest.mark.parametrize(
    "ending",
    [("/deployments/checkout", "/deployments"), ("/replicasets",), ("/namespaces/shop",), ("/rollbacks",)],
    ids=["workload", "history", "namespace", "records"],
)
def test_silence_is_raised(
    fake: FakeApi, reader: SnapshotReader, wanted: list[WorkloadRef], ending: tuple[str, ...]
) -> None:
    """The webhook answers 503, and Alertmanager sends the alert again."""
    refuse(fake, Unavailable("no answer"), *ending)
    with pytest.raises(Unavailable):
        read(reader, wanted)


def test_records_that_may_not_be_read_are_an_error(
    fake: FakeApi, reader: SnapshotReader, wanted: list[WorkloadRef]
) -> None:
    """Without them nothing could be stored either."""
    refuse(fake, Forbidden("no", code=403), "/rollbacks")
    with pytest.raises(Forbidden):
        read(reader, wanted)


def record(fake: FakeApi, **status: Any) -> None:
    target = {"kind": "Deployment", "namespace": "shop", "name": "checkout"}
    place = "/apis/rollback-receiver.dev/v1alpha1/namespaces/rollbacks/rollbacks/old"
    fake.put(place, spec={"target": target, "rule": "errors"}, status=status)


def test_past_is_what_records_say(fake: FakeApi, reader: SnapshotReader, wanted: list[WorkloadRef]) -> None:
    """Of this workload; one that is not understood makes the past unreadable."""
    record(fake, phase="Failed", patchedAt="2026-04-06T00:00:00Z")
    found = read(reader, wanted)
    assert isinstance(found, Sighting)
    assert isinstance(found.snapshot.past, tuple)
    assert [past.record for past in found.snapshot.past] == ["old"]
    record(fake, phase="FromTheFuture")
    found = read(reader, wanted)
    assert isinstance(found, Sighting)
    assert isinstance(found.snapshot.past, Unreadable)


def test_records_are_read_again_where_the_workload_names_a_younger_one(
    fake: FakeApi, reader: SnapshotReader, wanted: list[WorkloadRef]
) -> None:
    """It was made and patched for while the workload was on its way; one that is gone is looked for once."""
    ends = {"revision": 6, "templateHash": "hash6"}
    note = {"record": "old", "at": at(6), "from": ends, "to": ends, "rule": "errors"}
    place = f"{SHOP}/deployments/checkout"
    metadata = {**fake.objects[place]["metadata"], "annotations": {LAST_ROLLBACK: json.dumps(note)}}
    fake.put(place, **{**fake.objects[place], "metadata": metadata})
    found = read(reader, wanted)
    assert isinstance(found, Sighting)
    assert (found.records, fake.made("GET", "/rollbacks")) == ((), 2)
    record(fake, phase="Verifying", patchedAt=at(6))
    found = read(reader, wanted)
    assert isinstance(found, Sighting)
    assert ([raw["metadata"]["name"] for raw in found.records], fake.made("GET", "/rollbacks")) == (
        ["old"],
        3,
    )


def pod(fake: FakeApi, *owners: dict[str, Any]) -> PodRef:
    fake.put("/api/v1/namespaces/shop/pods/p", metadata={"name": "p", "ownerReferences": list(owners)})
    return PodRef("shop", "p")


def owner(kind: str, name: str, *, controller: bool = True, group: str = "apps/v1") -> dict[str, Any]:
    return {"apiVersion": group, "kind": kind, "name": name, "uid": "u", "controller": controller}


def test_owner_of_a_pod_is_its_deployment(fake: FakeApi, reader: SnapshotReader) -> None:
    """Over its ReplicaSet, by the controllers alone."""
    ref = pod(fake, owner("Node", "n", controller=False), owner("ReplicaSet", "checkout-hash7"))
    assert reader.resolver()(ref) == CHECKOUT


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_owner_of_a_pod_may_be_a_set(fake: FakeApi, reader: SnapshotReader, kind: str) -> None:
    """Which is the workload itself: there is nothing in between to be read."""
    ref = pod(fake, owner(kind, "db"))
    assert reader.resolver()(ref) == WorkloadRef(kind, "shop", "db")
    assert len(fake.calls) == 1


@pytest.mark.parametrize(
    ("owners", "reason", "evidence"),
    [
        pytest.param(
            [],
            TargetReason.NO_OWNER,
            "Pod shop/p belongs to no workload: it has no controller",
            id="nobody",
        ),
        pytest.param(
            [owner("Job", "j", group="batch/v1")],
            TargetReason.NO_OWNER,
            "Pod shop/p belongs to Job shop/j (batch/v1), which is not rolled back",
            id="job",
        ),
        pytest.param(
            [owner("StatefulSet", "db", group="apps.kruise.io/v1beta1")],
            TargetReason.NO_OWNER,
            "Pod shop/p belongs to StatefulSet shop/db (apps.kruise.io/v1beta1), which is not rolled back",
            id="kind-of-another-group",
        ),
        pytest.param(
            [owner("ReplicaSet", "x", controller=False)],
            TargetReason.NO_OWNER,
            "Pod shop/p belongs to no workload: it has no controller",
            id="no-controller",
        ),
        pytest.param(
            [owner("ReplicaSet", "gone")],
            TargetReason.NOT_FOUND,
            "Pod shop/p, or the ReplicaSet that owns it, does not exist",
            id="set-is-gone",
        ),
        pytest.param(
            [owner("ReplicaSet", "bare")],
            TargetReason.NO_OWNER,
            "ReplicaSet shop/bare has no Deployment",
            id="set-without-deployment",
        ),
        pytest.param(
            [owner("ReplicaSet", "canary")],
            TargetReason.NO_OWNER,
            "ReplicaSet shop/canary has no Deployment",
            id="set-of-another-kind",
        ),
    ],
)
def test_pod_without_a_workload_is_a_fault(
    fake: FakeApi,
    reader: SnapshotReader,
    owners: list[dict[str, Any]],
    reason: TargetReason,
    evidence: str,
) -> None:
    """It says where the way up ends."""
    fake.put(f"{SHOP}/replicasets/bare", metadata={"name": "bare"})
    fake.put(
        f"{SHOP}/replicasets/canary",
        metadata={"name": "canary", "ownerReferences": [owner("Rollout", "web")]},
    )
    assert reader.resolver()(pod(fake, *owners)) == TargetFault(reason, evidence)


def test_pod_that_cannot_be_read(fake: FakeApi, reader: SnapshotReader) -> None:
    """Gone, forbidden, or nobody answers."""
    gone = reader.resolver()(PodRef("shop", "gone"))
    assert isinstance(gone, TargetFault)
    assert gone.reason is TargetReason.NOT_FOUND
    refuse(fake, Forbidden("no", code=403), "/pods/gone")
    denied = reader.resolver()(PodRef("shop", "gone"))
    assert isinstance(denied, TargetFault)
    assert denied.reason is TargetReason.UNREADABLE
    refuse(fake, Unavailable("no answer"), "/pods/gone")
    with pytest.raises(Unavailable):
        reader.resolver()(PodRef("shop", "gone"))


def test_long_lists_are_read_to_the_end(
    fake: FakeApi, reader: SnapshotReader, monkeypatch: pytest.MonkeyPatch, wanted: list[WorkloadRef]
) -> None:
    """Page by page."""
    monkeypatch.setattr("receiver.cluster.snapshots.PAGE", 1)
    fake.put(f"{SHOP}/deployments/a", **deployment(metadata={"name": "a", "uid": "uid-3"}))
    found = read(reader, wanted)
    assert isinstance(found, Sighting)
    assert isinstance(found.snapshot.workload.revisions, tuple)
    assert len(found.snapshot.workload.revisions) == 2
