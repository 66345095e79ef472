"""Since when a revision was fully available, as the objects of each kind and our own records tell."""

from datetime import timedelta
from typing import Any

import pytest

from receiver.cluster.kinds import to_workload
from receiver.policy.record import PastRollback, Phase
from receiver.policy.times import parse_time
from receiver.policy.workload import Revision
from tests.kubernetes.objects import (
    REVISION_HISTORY,
    at,
    deployment,
    manages,
    manages_template,
    progressing,
    replica_set,
)
from tests.kubernetes.sets import controller_revision, workload

Object = dict[str, Any]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def others(raw: Object, *history: Object, past: tuple[PastRollback, ...] = ()) -> dict[int | None, Revision]:
    """The revisions that are not live, by their numbers."""
    found = to_workload(raw, history, past=past).revisions
    assert isinstance(found, tuple)
    return {revision.number: revision for revision in found}


def known(*history: Object, of: Object | None = None) -> list[tuple[timedelta | None, bool | None]]:
    """Soak and availability of those that are not live."""
    found = others(of or deployment(), *history, replica_set(7, replicas=3))
    return [(revision.soak, revision.available) for revision in found.values()]


SERVING = replica_set(5, replicas=3, available=3, scaled=at(5))
CASES = [
    pytest.param([SERVING, replica_set(6, scaled=at(7))], [(DAY, True), (None, False)], id="serves-on"),
    pytest.param(
        [replica_set(5, replicas=3, available=2), replica_set(6)],
        [(DAY, None), (None, False)],
        id="half-of-it-serves-on",
    ),
    pytest.param(
        [replica_set(5, replicas=3, available=0), replica_set(6)],
        [(DAY, False), (None, False)],
        id="none-of-it-is-available-now",
    ),
    pytest.param(
        [replica_set(5, scaled=at(7, 0, 1)), replica_set(6, scaled=at(7))],
        [(DAY, None), (None, False)],
        id="served-on-until-the-third",
    ),
    pytest.param(
        [replica_set(5, scaled=at(6, 1)), replica_set(6, scaled=at(7, 1))],
        [(DAY, None), (23 * HOUR, None)],
        id="complete-an-hour-after-it-was-released",
    ),
    pytest.param(
        [replica_set(5), replica_set(6, replicas=2, available=2)],
        [(DAY, None), (DAY, True)],
        id="nothing-tells-when",
    ),
]


@pytest.mark.parametrize(("history", "expected"), CASES)
def test_replicas_that_older_ones_kept_tell_what_was_complete(
    history: list[Object], expected: list[tuple[timedelta | None, bool | None]]
) -> None:
    """A Deployment's controller takes the last ones away when the new revision is available."""
    assert known(*history) == expected


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([manages(at(9), "f:minReadySeconds")], id="another-field"),
        pytest.param([manages(at(9), "f:replicas", subresource="scale")], id="the-scale"),
        pytest.param([{"manager": "kubectl", "time": at(9), "fieldsV1": {"f:metadata": {}}}], id="a-label"),
        pytest.param([], id="none"),
    ],
)
def test_what_else_was_written_to_a_replica_set_does_not_tell_when_it_lost_its_replicas(
    entries: list[Object],
) -> None:
    """Somebody may label old ones at any time."""
    raw = replica_set(5, scaled=at(6, 1))
    raw["metadata"]["managedFields"] += entries
    assert known(raw, replica_set(6))[1] == (23 * HOUR, None)


def test_a_revision_that_is_live_again_does_not_tell_of_those_before_it() -> None:
    """It got its replicas back when it was released again, by which it was renumbered."""
    again = replica_set(
        7, image="checkout:7", created=at(5), replicas=3, annotations={REVISION_HISTORY: "5"}, scaled=at(7)
    )
    raw = deployment(
        metadata={"managedFields": [manages_template(at(7))]},
        status={"observedGeneration": 7, "conditions": [progressing("NewReplicaSetAvailable", at(7))]},
    )
    found = others(raw, again, replica_set(6, scaled=at(7)))
    assert (found[6].soak, found[6].available) == (DAY, None)


def patched(to_hash: str, **changes: Any) -> PastRollback:
    """Our record of putting a revision back, on the 6th at noon."""
    return PastRollback("r", None, "rule", to_hash=to_hash, patched_at=parse_time(at(6, 12)), **changes)


RECORDS = [
    pytest.param({"rolled_out_at": parse_time(at(6, 15))}, 9 * HOUR, id="seen-complete"),
    pytest.param({"phase": Phase.SUPERSEDED}, 12 * HOUR, id="not-seen"),
    pytest.param({"phase": Phase.FAILED}, HOUR, id="given-up"),
]


@pytest.mark.parametrize(("changes", "soak"), RECORDS)
@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_our_record_tells_since_when_what_we_put_back_was_complete(
    kind: str, changes: dict[str, Any], soak: timedelta
) -> None:
    """Revision 3 was 1 before, for an hour; what was released after it is live since the 7th."""
    past = (patched("hash3", **changes),)
    if kind == "Deployment":
        raw = deployment("checkout:4")
        history = [
            replica_set(3, created=at(1), annotations={REVISION_HISTORY: "1"}),
            replica_set(2, created=at(1, 1)),
            replica_set(4, created=at(7)),
        ]
    else:
        raw = workload(kind, "db:4")
        history = [
            controller_revision(3, kind=kind, created=at(1)),
            controller_revision(2, kind=kind, created=at(1, 1)),
            controller_revision(4, kind=kind, created=at(7)),
        ]
    assert others(raw, *history, past=past)[3].soak == soak


def test_the_last_time_that_we_put_it_back_counts() -> None:
    before = PastRollback(
        "r", None, "rule", to_hash="hash6", patched_at=parse_time(at(3)), phase=Phase.FAILED
    )
    past = (patched("hash6", rolled_out_at=parse_time(at(6, 15))), before)
    again = replica_set(6, annotations={REVISION_HISTORY: "4"})
    assert others(deployment(), again, replica_set(7), past=past)[6].soak == 9 * HOUR
