"""Reading Rollouts beside everything else, one by one and many at once, and where there are none."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from receiver.cluster import kinds
from receiver.cluster.errors import NotFound
from receiver.cluster.records import Records
from receiver.cluster.sightings import Found, Sighting
from receiver.cluster.snapshots import BULK, SnapshotReader
from receiver.policy.targets import PodRef, TargetFault, TargetReason
from receiver.policy.workload import WorkloadRef
from tests.kubernetes.argo import OWNER, ROLLOUTS, put, replica_set, rollout
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import SHOP, UID

WEB = WorkloadRef("Rollout", "shop", "web")
MANY = [WEB, *(WorkloadRef("Rollout", "shop", f"gone-{n}") for n in range(BULK))]


@pytest.fixture
def reader(fake: FakeApi) -> Iterator[SnapshotReader]:
    put(fake, replica_set(6), replica_set(7, replicas=3))
    with ThreadPoolExecutor(4) as pool:
        yield SnapshotReader(fake, Records(fake, "rollbacks"), pool)


@pytest.fixture(params=["alone", "among-many"])
def wanted(request: pytest.FixtureRequest) -> list[WorkloadRef]:
    """A few are read one by one, many by listing their namespace: the outcome is the same."""
    return [WEB] if request.param == "alone" else MANY


def read(reader: SnapshotReader, wanted: list[WorkloadRef]) -> Found:
    return reader.read_all(wanted)[WEB]


def numbers(found: Found) -> list[int | None]:
    assert isinstance(found, Sighting)
    assert isinstance(found.snapshot.workload.revisions, tuple)
    return [revision.number for revision in found.snapshot.workload.revisions]


def test_rollout_is_read_with_its_replica_sets(reader: SnapshotReader, wanted: list[WorkloadRef]) -> None:
    found = read(reader, wanted)
    assert isinstance(found, Sighting)
    workload = found.snapshot.workload
    assert (workload.ref, workload.api_version, workload.live.number) == (WEB, "argoproj.io/v1alpha1", 7)
    assert numbers(found) == [6]


def test_replica_set_that_was_made_meanwhile_is_not_missed(
    fake: FakeApi, reader: SnapshotReader, wanted: list[WorkloadRef]
) -> None:
    """Whatever was listed before the Rollout was read may lack its newest."""

    def released(method: str, path: str) -> None:
        if path in {ROLLOUTS, f"{ROLLOUTS}/web"}:
            put(fake, replica_set(8), of=rollout(status={"currentPodHash": "hash8", "stableRS": "hash8"}))

    fake.before = released
    assert numbers(read(reader, wanted)) == [6, 7]


def test_replica_sets_are_listed_once(
    fake: FakeApi, reader: SnapshotReader, wanted: list[WorkloadRef]
) -> None:
    """What was listed before the Rollout was read could not be used."""
    read(reader, wanted)
    assert fake.made("GET", f"{SHOP}/replicasets") == 1


def test_rollout_that_cannot_be_judged_is_a_fault(
    fake: FakeApi, reader: SnapshotReader, wanted: list[WorkloadRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the controller that does not run, and of the template that is a Deployment's."""
    monkeypatch.setattr(kinds, "OBSERVED_SECONDS", 0.0)
    put(fake, of=rollout(metadata={"generation": 10}))
    found = read(reader, wanted)
    assert isinstance(found, TargetFault)
    assert found.reason is TargetReason.UNREADABLE
    put(fake, of=rollout(spec={"workloadRef": {"kind": "Deployment", "name": "app"}, "template": None}))
    found = read(reader, wanted)
    assert isinstance(found, TargetFault)
    assert found.reason is TargetReason.TEMPLATE_ELSEWHERE


def test_controller_that_does_not_run_is_waited_for_once(
    fake: FakeApi, reader: SnapshotReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many Rollouts a payload is about, its answer is due."""
    monkeypatch.setattr(kinds, "OBSERVED_SECONDS", 0.2)
    refs = [WorkloadRef("Rollout", "shop", f"web-{n}") for n in range(BULK - 1)]
    for ref in refs:
        fake.put(f"{ROLLOUTS}/{ref.name}", **rollout(metadata={"generation": 10, "name": ref.name}))
    assert all(isinstance(found, TargetFault) for found in reader.read_all(refs).values())
    read_again = [fake.made("GET", f"{ROLLOUTS}/{ref.name}") for ref in refs]
    assert read_again[0] > 1
    assert read_again[1:] == [1] * len(refs[1:])


def test_cluster_without_the_kind_says_so(
    fake: FakeApi, reader: SnapshotReader, wanted: list[WorkloadRef]
) -> None:
    def absent(_: str, path: str) -> None:
        if path.startswith("/apis/argoproj.io/"):
            raise NotFound(f"GET {path}: 404 page not found (404)", code=404)

    fake.before = absent
    evidence = "Rollout shop/web does not exist, or Argo Rollouts is not installed"
    assert read(reader, wanted) == TargetFault(TargetReason.NOT_FOUND, evidence)


def test_owner_of_a_pod_is_the_rollout_over_its_replica_set(fake: FakeApi, reader: SnapshotReader) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-hash7", "controller": True}
    fake.put("/api/v1/namespaces/shop/pods/p", metadata={"name": "p", "ownerReferences": [owner]})
    assert reader.resolver()(PodRef("shop", "p")) == WEB


def test_kind_of_the_same_name_in_another_group_is_not_ours(fake: FakeApi, reader: SnapshotReader) -> None:
    """OpenKruise has Rollouts too."""
    over = {**OWNER, "apiVersion": "rollouts.kruise.io/v1beta1", "uid": UID}
    fake.put(f"{SHOP}/replicasets/other", metadata={"name": "other", "ownerReferences": [over]})
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "other", "controller": True}
    fake.put("/api/v1/namespaces/shop/pods/p", metadata={"name": "p", "ownerReferences": [owner]})
    found = reader.resolver()(PodRef("shop", "p"))
    assert found == TargetFault(TargetReason.NO_OWNER, "ReplicaSet shop/other has no Deployment")
