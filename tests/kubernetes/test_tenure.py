"""When a revision went live and how long it served, read from objects that mostly say something else."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from receiver.cluster.kinds import to_workload
from receiver.policy.record import PastRollback
from receiver.policy.times import parse_time
from receiver.policy.workload import Revision
from tests.kubernetes.objects import (
    REVISION_HISTORY,
    at,
    deployment,
    manages_template,
    progressing,
    replica_set,
)

DAY = timedelta(days=1)


def moment(text: str | None) -> datetime | None:
    return parse_time(text)


def reused(number: int = 9, history: str = "3,7") -> dict[str, Any]:
    """The live ReplicaSet, made on the 3rd, released again since."""
    return replica_set(number, image="checkout:7", created=at(3), annotations={REVISION_HISTORY: history})


def since(
    *, fields: list[dict[str, Any]], condition: dict[str, Any] | None = None, observed: int = 7
) -> datetime | None:
    """When the reused live revision went live, by this evidence on the Deployment."""
    status = {"observedGeneration": observed, "conditions": [condition] if condition else []}
    raw = deployment(metadata={"managedFields": fields}, status=status)
    return to_workload(raw, [reused(), replica_set(8)]).live.live_since


def test_new_revision_is_live_since_its_set_was_made() -> None:
    """What the managers' times say moves with every later change of the template's owner: no evidence."""
    raw = deployment(metadata={"managedFields": [manages_template(at(20))]})
    assert to_workload(raw, [replica_set(7), replica_set(6)]).live.live_since == moment(at(7))


def test_reused_set_is_not_as_old_as_it_was_made() -> None:
    """After an undo the old ReplicaSet is live again: since the template was set."""
    assert since(fields=[manages_template(at(9))]) == moment(at(9))


EVIDENCE = [
    pytest.param([manages_template(at(9)), manages_template(at(10))], at(10), id="newest-owner"),
    pytest.param(
        [manages_template(at(9)), manages_template(at(12), subresource="scale")], at(9), id="not-a-scale"
    ),
    pytest.param(
        [manages_template(at(9)), manages_template(at(12), subresource="status")], at(9), id="not-a-status"
    ),
    pytest.param(
        [manages_template(at(9)), {"time": at(12), "fieldsV1": {"f:spec": {"f:replicas": {}}}}],
        at(9),
        id="not-the-replicas",
    ),
    pytest.param(
        [manages_template(at(9)), {"time": at(12), "fieldsV1": {"f:metadata": {}}}],
        at(9),
        id="not-an-annotation",
    ),
    pytest.param([manages_template(None)], None, id="no-time"),
    pytest.param([{"manager": "odd"}], None, id="no-fields"),
    pytest.param([{"manager": "odd", "fieldsV1": None, "time": at(9)}], None, id="fields-null"),
    pytest.param([], None, id="no-managers"),
]


@pytest.mark.parametrize(("fields", "expected"), EVIDENCE)
def test_template_was_set_when_its_newest_owner_says(
    fields: list[dict[str, Any]], expected: str | None
) -> None:
    """A scale, a status and an annotation leave the time where it is; without any evidence it is unknown."""
    assert since(fields=fields) == moment(expected)


BOUND = [
    pytest.param(progressing("NewReplicaSetAvailable", at(10)), 7, at(10), id="complete-before"),
    pytest.param(progressing("NewReplicaSetAvailable", at(13)), 7, at(12), id="complete-after"),
    pytest.param(progressing("ReplicaSetUpdated", at(10)), 7, at(12), id="not-complete"),
    pytest.param(progressing("NewReplicaSetAvailable", at(10)), 6, at(12), id="not-observed"),
    pytest.param(progressing("NewReplicaSetAvailable", None), 7, at(12), id="no-time"),
    pytest.param(None, 7, at(12), id="no-condition"),
]


@pytest.mark.parametrize(("condition", "observed", "expected"), BOUND)
def test_template_was_set_no_later_than_its_rollout_ended(
    condition: dict[str, Any] | None, observed: int, expected: str
) -> None:
    """`kubectl apply` of an unchanged template moves its manager's time; the finished rollout is older."""
    found = since(fields=[manages_template(at(12))], condition=condition, observed=observed)
    assert found == moment(expected)


def test_end_of_a_rollout_alone_does_not_tell_its_start() -> None:
    """Without the start the revision's time is unknown, and the guard blame blocks."""
    assert since(fields=[], condition=progressing("NewReplicaSetAvailable", at(10))) is None


def test_live_set_below_the_highest_number_is_reused() -> None:
    """The moment before the controller renumbers it: there is no history on it yet."""
    raw = deployment(metadata={"managedFields": [manages_template(at(12))]})
    found = to_workload(raw, [replica_set(7), replica_set(8)])
    assert (found.live.number, found.live.live_since) == (7, moment(at(12)))


def test_revision_without_a_number_is_live_since_its_template_was_set() -> None:
    """The controller has not made its ReplicaSet yet."""
    raw = deployment("checkout:9", metadata={"managedFields": [manages_template(at(12))]})
    assert to_workload(raw, [replica_set(8)]).live.live_since == moment(at(12))


def test_revision_that_we_restored_is_live_since_our_patch() -> None:
    """Our own records know when an older ReplicaSet, no longer live, went live again."""
    restored = replica_set(8, created=at(2), annotations={REVISION_HISTORY: "2"})
    patches = [
        PastRollback("r", None, "rule", to_hash="hash8", patched_at=moment(at(5))),
        PastRollback("r", None, "rule", to_hash="hash8", patched_at=moment(at(6))),
        PastRollback("r", None, "rule", to_hash="other", patched_at=moment(at(20))),
        PastRollback("r", None, "rule", to_hash="hash8", patched_at=None),
        PastRollback("r", None, "rule", to_hash=None, patched_at=moment(at(20))),
    ]
    raw = deployment("checkout:9")
    found = to_workload(raw, [restored, replica_set(9)], past=patches)
    assert isinstance(found.revisions, tuple)
    assert found.revisions[0].live_since == moment(at(6))
    assert found.revisions[0].first_live_since == moment(at(2))
    assert found.revisions[0].lowest_number is None
    assert found.revisions[0].soak == 3 * DAY
    forgotten = to_workload(raw, [restored, replica_set(9)])
    assert isinstance(forgotten.revisions, tuple)
    assert forgotten.revisions[0].live_since is None


def others(*sets: dict[str, Any]) -> list[Revision]:
    found = to_workload(deployment(), [*sets, replica_set(7)])
    assert isinstance(found.revisions, tuple)
    return list(found.revisions)


def test_revision_soaked_from_its_start_to_the_next_ones() -> None:
    """Each number's own creation; the last one's time in service has not ended."""
    found = others(replica_set(6), replica_set(4), replica_set(5))
    assert [(r.number, r.live_since, r.soak) for r in found] == [
        (4, moment(at(4)), DAY),
        (5, moment(at(5)), DAY),
        (6, moment(at(6)), DAY),
    ]
    assert to_workload(deployment(), [replica_set(7)]).live.soak is None


def test_number_that_was_cleaned_up_makes_the_soak_unknown() -> None:
    """Revision 5 is gone from the history: when it took over from 4 is not known."""
    assert [(r.number, r.soak) for r in others(replica_set(4), replica_set(6))] == [(4, None), (6, DAY)]


@pytest.mark.parametrize(
    ("wanted", "available", "expected"),
    [
        pytest.param(3, 3, True, id="all"),
        pytest.param(3, 4, True, id="more"),
        pytest.param(3, 0, False, id="none"),
        pytest.param(3, 2, None, id="some"),
        pytest.param(0, 0, None, id="scaled-down"),
    ],
)
def test_availability_is_known_only_while_there_are_replicas(
    wanted: int, available: int, expected: bool | None
) -> None:
    """Scaled to none proves nothing; some of the replicas, in the middle of a rollout, neither."""
    assert others(replica_set(6, replicas=wanted, available=available))[0].available is expected


def test_set_without_a_status_has_nothing_available() -> None:
    """The controller has not looked at it yet."""
    raw = replica_set(6, replicas=2)
    del raw["status"]
    assert others(raw)[0].available is False


def test_former_numbers_are_read_leniently() -> None:
    """What is no number in the annotation is passed over."""
    raw = replica_set(6, annotations={REVISION_HISTORY: "2,x,,4," + "9" * 5000})
    assert others(raw)[0].former_numbers == (2, 4)
