"""From a Deployment and its ReplicaSets to a workload: what belongs, what is live, what is numbered how."""

from typing import Any

import pytest

from receiver.cluster.errors import NotFound
from receiver.cluster.kinds import get_workload, to_workload
from receiver.cluster.owners import label_selector, owned
from receiver.policy.workload import Unreadable, Workload, WorkloadRef
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import deployment, replica_set, shop, template


def numbers(found: Workload) -> list[int | None]:
    assert not isinstance(found.revisions, Unreadable)
    return [revision.number for revision in found.revisions]


@pytest.mark.parametrize(
    ("selector", "written"),
    [
        pytest.param({"matchLabels": {"app": "checkout"}}, "app=checkout", id="label"),
        pytest.param({"matchLabels": {"a": "1", "b/c": "2"}}, "a=1,b/c=2", id="labels"),
        pytest.param({"matchLabels": {"a": ""}}, "a=", id="empty-value"),
        pytest.param(
            {"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]},
            "a in (1,2)",
            id="in",
        ),
        pytest.param(
            {"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]},
            "a notin (1)",
            id="not-in",
        ),
        pytest.param({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, "a", id="exists"),
        pytest.param(
            {"matchExpressions": [{"key": "a", "operator": "DoesNotExist", "values": None}]},
            "!a",
            id="does-not-exist",
        ),
        pytest.param(
            {"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "b", "operator": "Exists"}]},
            "a=1,b",
            id="both",
        ),
        pytest.param({"matchLabels": None, "matchExpressions": None}, "", id="nulls"),
        pytest.param({}, "", id="empty"),
    ],
)
def test_selector_is_written_as_a_query(selector: dict[str, Any], written: str) -> None:
    """Every operator of a label selector, in the syntax of the labelSelector parameter."""
    assert label_selector(deployment(spec={"selector": selector})) == written


def test_neighbours_replica_sets_are_not_ours() -> None:
    """Two Deployments may select the same labels; the controller's uid decides, as in kubectl."""
    mine, other = replica_set(1), replica_set(2, owner="uid-2")
    adopted = replica_set(3)
    adopted["metadata"]["ownerReferences"][0]["controller"] = False
    orphan = replica_set(4)
    del orphan["metadata"]["ownerReferences"]
    second = replica_set(5)
    second["metadata"]["ownerReferences"].insert(0, {"uid": "uid-9", "kind": "Node", "name": "n"})
    assert owned(deployment(), [mine, other, adopted, orphan, second]) == [mine, second]
    assert numbers(to_workload(deployment(), [mine, other, replica_set(7)])) == [1]


def labelled(*, of_set: dict[str, str], of_deployment: dict[str, str], image: str = "a:1") -> bool:
    """Tell whether a ReplicaSet with these template labels is live in a Deployment with those."""
    raw, rs = deployment("a:1"), replica_set(7)
    raw["spec"]["template"]["metadata"]["labels"] = of_deployment
    rs["spec"]["template"] = template(image)
    rs["spec"]["template"]["metadata"]["labels"] = of_set
    return to_workload(raw, [rs]).live.number == 7


HASH = "pod-template-hash"
EQUAL = [
    pytest.param({HASH: "1", "a": "1"}, {HASH: "1", "a": "1"}, True, id="same-hash"),
    pytest.param({HASH: "1", "a": "1"}, {HASH: "2", "a": "1"}, True, id="other-hash"),
    pytest.param({HASH: "1", "a": "1"}, {"a": "1"}, True, id="no-hash-on-one"),
    pytest.param({"a": "1"}, {"a": "1"}, True, id="no-hash-at-all"),
    pytest.param({HASH: "1"}, {}, True, id="nothing-but-the-hash"),
    pytest.param({HASH: "1", "a": "1"}, {HASH: "1", "a": "2"}, False, id="other-label"),
    pytest.param({HASH: "1", "a": "1"}, {HASH: "2", "b": "1"}, False, id="other-key-and-hash"),
    pytest.param({HASH: "1", "a": "1", "b": "2"}, {HASH: "1", "a": "1"}, False, id="one-label-more"),
]


@pytest.mark.parametrize(("one", "other", "equal"), EQUAL)
def test_templates_are_compared_without_the_hash(
    one: dict[str, str], other: dict[str, str], equal: bool
) -> None:
    """The cases of the controller's EqualIgnoreHash, in both directions."""
    assert labelled(of_set=one, of_deployment=other) is equal
    assert labelled(of_set=other, of_deployment=one) is equal


def test_another_spec_is_another_template() -> None:
    """And a `creationTimestamp: null` that old API servers write is none."""
    labels = {"a": "1"}
    assert not labelled(of_set=labels, of_deployment=labels, image="a:2")
    rs = replica_set(7)
    rs["spec"]["template"]["metadata"]["creationTimestamp"] = None
    assert to_workload(deployment(), [rs]).live.number == 7


def test_oldest_of_several_fitting_sets_is_live() -> None:
    """As the controller's FindNewReplicaSet; equally old ones by name."""
    young = replica_set(8, image="checkout:7", created="2026-04-08T00:00:00Z", name="a")
    old = replica_set(7, created="2026-04-07T00:00:00Z", name="z")
    found = to_workload(deployment(), [young, old])
    assert (found.live.number, numbers(found)) == (7, [8])
    twins = [replica_set(n, image="checkout:7", created="2026-04-07T00:00:00Z", name=f"n{n}") for n in (9, 8)]
    assert to_workload(deployment(), twins).live.number == 8


def test_live_template_without_a_set_has_no_number_yet() -> None:
    """The controller makes the ReplicaSet a moment later: the highest number is the revision before."""
    found = to_workload(deployment("checkout:9"), [replica_set(8), replica_set(7)])
    assert found.live.number is None
    assert found.live.template_hash is None
    assert found.live.images == {"web": "checkout:9"}
    assert numbers(found) == [7, 8]


@pytest.mark.parametrize("number", [None, "", "x", "-1", "1.5", "²", "9" * 19, "9" * 5000])
def test_set_without_a_usable_number_is_no_revision(number: str | None) -> None:
    """Whoever may annotate a ReplicaSet must not break the reading of the others."""
    odd = replica_set(number, created="2026-04-01T00:00:00Z", image="odd:1", name="odd")
    assert numbers(to_workload(deployment(), [odd, replica_set(6), replica_set(7)])) == [6]
    odd["spec"]["template"] = template()
    assert to_workload(deployment(), [odd, replica_set(6)]).live.number is None


def test_number_on_two_sets_does_not_move_the_suspect() -> None:
    """The live one is known by its template: a copied annotation must not put another one in its place."""
    copied = replica_set(7, image="checkout:6", name="copied", created="2026-04-06T00:00:00Z")
    found = to_workload(deployment(), [copied, replica_set(7)])
    assert found.live.images == {"web": "checkout:7"}
    assert isinstance(found.revisions, tuple)
    assert [revision.images for revision in found.revisions] == [{"web": "checkout:6"}]


def test_unreadable_sets_stay_unreadable() -> None:
    """The guards block on them; the suspect is known all the same, from the Deployment."""
    reason = Unreadable("the ReplicaSets of namespace shop", "403")
    found = to_workload(deployment(), reason)
    assert found.revisions is reason
    assert found.live.number is None
    assert found.live.images == {"web": "checkout:7"}


def test_snapshot_takes_over_what_the_guards_need() -> None:
    """Paused, limit, annotations; the API's defaults where nothing is said."""
    bare = to_workload(deployment(), [replica_set(7)])
    assert bare.ref == WorkloadRef("Deployment", "shop", "checkout")
    assert (bare.uid, bare.generation, bare.paused, bare.revision_history_limit) == ("uid-1", 7, False, 10)
    assert (bare.annotations, bare.namespace_annotations) == ({}, None)
    full = to_workload(
        deployment(metadata={"annotations": {"a": "b"}}, spec={"paused": True, "revisionHistoryLimit": 0}),
        [],
        namespace_annotations={"c": "d"},
    )
    assert (full.paused, full.revision_history_limit) == (True, 0)
    assert (full.annotation("a"), full.namespace_annotations) == ("b", {"c": "d"})
    assert bare.live.template_hash == "hash7"


def test_deployment_is_read_by_its_name(fake: FakeApi) -> None:
    """One that is not there is NotFound."""
    shop(fake)
    assert get_workload(fake, WorkloadRef("Deployment", "shop", "checkout"))["metadata"]["uid"] == "uid-1"
    with pytest.raises(NotFound):
        get_workload(fake, WorkloadRef("Deployment", "shop", "other"))
