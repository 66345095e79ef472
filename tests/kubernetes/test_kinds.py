"""From a StatefulSet or a DaemonSet and its ControllerRevisions to a workload that can be judged."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from receiver.cluster.kinds import get_workload, path_of, to_workload
from receiver.policy.record import PastRollback
from receiver.policy.times import parse_time
from receiver.policy.workload import Unreadable, Workload, WorkloadRef
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import at, manages_template, template
from tests.kubernetes.sets import controller_revision, put, workload

DAY = timedelta(days=1)
KINDS = ["StatefulSet", "DaemonSet"]


def numbers(found: Workload) -> list[int | None]:
    assert not isinstance(found.revisions, Unreadable)
    return [revision.number for revision in found.revisions]


def moment(text: str) -> datetime | None:
    return parse_time(text)


@pytest.mark.parametrize("kind", KINDS)
def test_revisions_are_the_controller_revisions_it_owns(kind: str) -> None:
    """By the controller's uid, as kubectl; the hash is where the kind's controller writes it."""
    mine = [controller_revision(n, kind=kind) for n in (5, 6, 7)]
    found = to_workload(workload(kind), [*mine, controller_revision(4, kind=kind, owner="uid-2")])
    assert found.ref == WorkloadRef(kind, "shop", "db")
    assert (found.live.number, found.live.template_hash) == (7, "hash7")
    assert found.live.images == {"web": "db:7"}
    assert numbers(found) == [5, 6]
    assert isinstance(found.revisions, tuple)
    assert found.revisions[1].template_hash == "hash6"


@pytest.mark.parametrize("kind", KINDS)
def test_template_of_a_revision_is_what_the_workload_can_be_given(kind: str) -> None:
    """Without the directive that kubectl's strategic merge patch needs."""
    found = to_workload(workload(kind), [controller_revision(n, kind=kind) for n in (6, 7)])
    assert isinstance(found.revisions, tuple)
    assert found.revisions[0].template == template("db:6")


@pytest.mark.parametrize(("kind", "plural"), [("StatefulSet", "statefulsets"), ("DaemonSet", "daemonsets")])
def test_workload_is_read_by_its_name(fake: FakeApi, kind: str, plural: str) -> None:
    """From the folder of its kind."""
    put(fake, of=workload(kind))
    ref = WorkloadRef(kind, "shop", "db")
    assert get_workload(fake, ref)["kind"] == kind
    assert path_of(ref) == f"/apis/apps/v1/namespaces/shop/{plural}/db"


def test_highest_of_several_fitting_revisions_is_live() -> None:
    """As both controllers choose among equals."""
    twins = [controller_revision(6, image="db:7"), controller_revision(7)]
    assert to_workload(workload(), twins).live.number == 7


def test_live_template_without_a_revision_has_no_number_yet() -> None:
    """The controller makes it a moment later; until then the workload says since when it is live."""
    raw = workload(image="db:9", metadata={"managedFields": [manages_template(at(12))]})
    found = to_workload(raw, [controller_revision(7), controller_revision(8)])
    assert (found.live.number, found.live.template_hash) == (None, None)
    assert found.live.live_since == moment(at(12))
    assert numbers(found) == [7, 8]


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"data": {"spec": None}}, id="no-spec"),
        pytest.param({"data": {"spec": {"replicas": 3}}}, id="no-template"),
        pytest.param({"data": {"spec": {"template": None}}}, id="template-null"),
        pytest.param({"data": "text"}, id="no-object"),
        pytest.param({"revision": 0}, id="number-0"),
        pytest.param({"revision": True}, id="no-number"),
        pytest.param({"revision": None}, id="number-null"),
    ],
)
def test_what_is_no_revision_is_passed_over(odd: dict[str, Any]) -> None:
    """Somebody else's object, of whatever shape, must not break the reading of the others."""
    strange = {**controller_revision(3), **odd}
    assert numbers(to_workload(workload(), [strange, controller_revision(6), controller_revision(7)])) == [6]


def test_unreadable_revisions_stay_unreadable() -> None:
    """The guards block on them; the suspect is known all the same."""
    reason = Unreadable("the ControllerRevisions of namespace shop", "403")
    found = to_workload(workload(), reason)
    assert found.revisions is reason
    assert (found.live.number, found.live.images) == (None, {"web": "db:7"})


def test_soak_is_from_one_creation_to_the_next() -> None:
    """Numbers in the order of creation, and only those below were cleaned up: nothing was released again."""
    raw = workload(spec={"revisionHistoryLimit": 2})
    found = to_workload(raw, [controller_revision(n) for n in (7, 5, 6)])
    assert isinstance(found.revisions, tuple)
    assert [(r.live_since, r.soak) for r in found.revisions] == [(moment(at(5)), DAY), (moment(at(6)), DAY)]
    assert found.live.live_since == moment(at(7))


def undone(*fields: dict[str, Any], past: tuple[PastRollback, ...] = (), image: str = "db:5") -> Workload:
    """Revision 1 was put back in place of 2: its number is 3 now, its creation on the 5th as before."""
    revisions = [controller_revision(3, image="db:5", created=at(5)), controller_revision(2, created=at(6))]
    if image == "db:7":
        revisions.append(controller_revision(4, image=image, created=at(7)))
    return to_workload(workload(image=image, metadata={"managedFields": list(fields)}), revisions, past=past)


def test_revision_that_was_put_back_is_live_since_its_template_was_set() -> None:
    """Its creation time says days; its number, which is too high for its age, that it is live again."""
    found = undone(manages_template(at(9)))
    assert (found.live.number, found.live.former_numbers) == (3, (1,))
    assert (found.live.live_since, found.live.soak) == (moment(at(9)), DAY)
    assert undone().live.live_since is None


def test_older_revision_that_was_put_back_keeps_its_first_time_in_service() -> None:
    """When it went live again nobody knows, unless it was we who put it back."""
    found = undone(image="db:7")
    assert isinstance(found.revisions, tuple)
    assert [(r.number, r.former_numbers, r.live_since, r.soak) for r in found.revisions] == [
        (2, (), moment(at(6)), None),
        (3, (1,), None, DAY),
    ]
    ours = PastRollback("r", None, "rule", to_hash="hash3", patched_at=moment(at(6, 12)))
    found = undone(image="db:7", past=(ours,))
    assert isinstance(found.revisions, tuple)
    assert found.revisions[1].live_since == moment(at(6, 12))


def test_revision_that_was_put_back_went_live_first_when_it_was_made() -> None:
    """Whatever number it had then; our own record dates the last time only."""
    ours = PastRollback("r", None, "rule", to_hash="hash3", patched_at=moment(at(6, 12)))
    found = undone(image="db:7", past=(ours,))
    assert [r.first_live_since for r in found.all_revisions] == [moment(at(day)) for day in (6, 5, 7)]


def test_number_that_may_not_be_the_first_is_said() -> None:
    """1 and 2, back to 1, back to 2: nobody has the numbers below, though nothing was cleaned up."""
    again = [controller_revision(number) for number in (5, 6, 7)]
    assert [r.lowest_number for r in to_workload(workload(), again).all_revisions] == [1, 2, 3]
    usual = [controller_revision(n, created=at(n), image=f"db:{n + 4}") for n in (1, 2, 3)]
    found = to_workload(workload(), usual)
    assert [(r.number, r.lowest_number) for r in found.all_revisions] == [(1, 1), (2, 2), (3, 3)]
    cleaned = to_workload(workload(spec={"revisionHistoryLimit": 2}), again)
    assert [(r.number, r.lowest_number) for r in cleaned.all_revisions] == [(5, 5), (6, 6), (7, 7)]


def test_record_of_our_own_says_what_numbers_do_not() -> None:
    """We put revision 6 back, so that it did not serve from its creation on."""
    ours = PastRollback("r", None, "rule", to_hash="hash6", patched_at=moment(at(6, 12)))
    found = to_workload(workload(), [controller_revision(6), controller_revision(7)], past=(ours,))
    assert isinstance(found.revisions, tuple)
    assert (found.revisions[0].live_since, found.revisions[0].soak) == (moment(at(6, 12)), None)


def test_live_set_below_the_highest_number_is_reused() -> None:
    """The moment before the controller renumbers it."""
    raw = workload(metadata={"managedFields": [manages_template(at(12))]})
    found = to_workload(raw, [controller_revision(7), controller_revision(8)])
    assert (found.live.number, found.live.live_since) == (7, moment(at(12)))


def there_and_back_again(set_at: str) -> Workload:
    """Revisions 1 and 2 are 3 and 4 by now."""
    raw = workload(image="db:4", metadata={"managedFields": [manages_template(set_at)]})
    return to_workload(raw, [controller_revision(3), controller_revision(4)])


def test_what_numbers_leave_open_is_unknown() -> None:
    """In doubt the guard blame blocks, and no such revision is good."""
    found = there_and_back_again(at(9))
    assert isinstance(found.revisions, tuple)
    assert (found.live.live_since, found.revisions[0].soak) == (None, None)


def test_template_that_was_not_set_since_its_revision_was_made_is_new() -> None:
    """Whatever the numbers leave open."""
    assert there_and_back_again(at(4)).live.live_since == moment(at(4))


STUCK = [
    pytest.param({}, [None, False], id="never-complete-since"),
    pytest.param({"updateStrategy": {"type": "OnDelete"}}, [None, None], id="on-delete"),
    pytest.param(
        {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}},
        [None, False],
        id="partition",
    ),
]


@pytest.mark.parametrize(("spec", "available"), STUCK)
def test_revision_after_the_last_complete_one_never_was_available(
    spec: dict[str, Any], available: list[bool | None]
) -> None:
    """A StatefulSet says which revision all its pods last had: 6 came after it and was replaced by 7."""
    raw = workload(spec=spec, status={"currentRevision": "db-hash5", "updateRevision": "db-hash7"})
    found = to_workload(raw, [controller_revision(n) for n in (5, 6, 7)])
    assert isinstance(found.revisions, tuple)
    assert [revision.available for revision in found.revisions] == available


def test_revision_that_served_before_may_have_been_available() -> None:
    """Put back and stuck: what it was the first time the status does not tell."""
    raw = workload(image="db:4", status={"currentRevision": "db-hash2"})
    revisions = [
        controller_revision(3, created=at(1)),
        controller_revision(2),
        controller_revision(4),
    ]
    found = to_workload(raw, revisions)
    assert isinstance(found.revisions, tuple)
    assert [(r.number, r.available) for r in found.revisions] == [(2, None), (3, None)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("strategy", "on_delete", "partition"),
    [
        pytest.param(None, False, 0, id="none"),
        pytest.param({"type": "RollingUpdate", "rollingUpdate": None}, False, 0, id="rolling"),
        pytest.param({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}, False, 2, id="partition"),
        pytest.param({"type": "OnDelete"}, True, 0, id="on-delete"),
    ],
)
def test_strategy_that_leaves_pods_behind_is_in_the_snapshot(
    kind: str, strategy: dict[str, Any] | None, on_delete: bool, partition: int
) -> None:
    """The guards warn of it."""
    found = to_workload(workload(kind, spec={"updateStrategy": strategy}), [])
    assert (found.on_delete, found.partition) == (on_delete, partition)
