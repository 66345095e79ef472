"""From what a test says to what the judgement sees."""

from datetime import timedelta
from typing import Any

import pytest

from receiver.policy.belonging import Standing
from receiver.policy.context import Installation
from receiver.policy.inventory import Seen
from receiver.policy.matchers import parse_matchers
from receiver.policy.record import PastRollback, Phase, Review
from receiver.policy.rules import Mode
from receiver.policy.ruletests.document import SOME_FRIDAY_NOON as NOW
from receiver.policy.ruletests.document import InstallationEntry
from receiver.policy.targets import PodRef, ServiceRef, TargetFault, TargetReason
from receiver.policy.workload import Revision, Unreadable, Workload, WorkloadRef
from tests.policy.ruletests.builders import REF, alert, past, revision, scene, workload

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def seen(**changes: Any) -> Workload:
    return scene(workloads=[workload(**changes)]).snapshots[REF].workload


def revisions(**changes: Any) -> dict[int | None, Revision]:
    found = seen(**changes)
    assert not isinstance(found.revisions, Unreadable)
    return {one.number: one for one in (found.live, *found.revisions)}


def known(**changes: Any) -> tuple[PastRollback, ...]:
    found = scene(**changes).snapshots[REF].past
    assert not isinstance(found, Unreadable)
    return found


def test_workload_is_as_it_says() -> None:
    found = seen(paused=True, revision_history_limit=2, annotations={"a": "b"}, labels={"c": "d"}, replicas=3)
    assert (found.ref, found.paused, found.revision_history_limit) == (REF, True, 2)
    assert (found.annotations, found.labels, found.namespace_annotations) == ({"a": "b"}, {"c": "d"}, {})
    assert found.live.images == {"a": "a:3"}


def test_live_is_the_highest_unless_it_says_otherwise() -> None:
    assert seen().live.number == 3
    assert seen(live=2).live.number == 2


def test_soak_is_the_time_until_the_next_one_went_live() -> None:
    """In the order of going live, not of the numbers; the live one's is not over."""
    found = revisions(revisions=[revision(1, "2d"), revision(4, "9d"), revision(5, "9m")], live=5)
    assert found[4].soak == 7 * DAY
    assert found[1].soak == 2 * DAY - 9 * MINUTE
    assert (found[5].soak, found[5].live_since) == (None, NOW - 9 * MINUTE)


def test_nothing_is_known_of_a_soak_that_is_unknown() -> None:
    found = revisions(revisions=[revision(1, "9d", soak="unknown"), revision(2, "9m")])
    assert (found[1].soak, found[1].available) == (None, None)


AVAILABLE = {
    "old-left-out": (1, None, True),
    "old-none": (1, 0, False),
    "old-some": (1, 2, False),
    "old-all": (1, 3, True),
    "live-left-out": (2, None, True),
    "live-none": (2, 0, False),
    "live-some-prove-nothing": (2, 2, None),
    "live-all": (2, 3, True),
}


@pytest.mark.parametrize(("number", "available", "expected"), AVAILABLE.values(), ids=AVAILABLE)
def test_fewer_than_the_wanted_replicas_is_not_fully_available(
    number: int, available: int | None, expected: bool | None
) -> None:
    given = {1: revision(1, "9d"), 2: revision(2, "9m")}
    if available is not None:
        given[number]["available"] = available
    assert revisions(replicas=3, revisions=list(given.values()))[number].available is expected


def test_two_revisions_of_one_image_are_two() -> None:
    """In a cluster they would be one if their templates were."""
    found = revisions(revisions=[revision(1, "9d", image="web:1"), revision(2, "9m", image="web:1")])
    assert found[1].images == found[2].images == {"a": "web:1"}
    assert found[1].template != found[2].template


def test_record_about_a_revision_that_is_there_has_its_name() -> None:
    made = scene(past=[past(**{"from": 3})]).snapshots[REF]
    assert isinstance(made.past, tuple)
    assert made.past[0].record == made.record


@pytest.mark.parametrize("keys", [{}, {"from": 8}], ids=["left-out", "long-gone"])
def test_records_about_revisions_that_are_gone_are_different_ones(keys: dict[str, Any]) -> None:
    found = known(past=[past(**keys), past(**keys)])
    assert len({one.record for one in found}) == 2


def test_records_are_oldest_first_and_about_this_workload_only() -> None:
    other = past(target="Deployment/shop/b", age="3d")
    found = known(past=[past(age="1d"), other, past(age="2d", verdict="wrong")])
    assert [one.patched_at for one in found] == [NOW - 2 * DAY, NOW - DAY]
    assert [one.review for one in found] == [Review.WRONG, None]


RESTORED = {
    "number-still-there": ({"from": 3, "to": 2, "age": "9m"}, "a-2"),
    "renumbered-by-the-patch": ({"from": 8, "to": 7, "age": "9m30s"}, "a-3"),
    "renumbered-and-gone": ({"from": 8, "to": 7, "age": "1h"}, "a-7"),
    "left-out": ({"from": 8, "age": "9m"}, None),
}


@pytest.mark.parametrize(("keys", "to_hash"), RESTORED.values(), ids=RESTORED)
def test_what_was_restored_is_found_under_its_new_number(keys: dict[str, Any], to_hash: str | None) -> None:
    (found,) = known(past=[past(**keys)])
    assert found.to_hash == to_hash


PHASES = {
    Phase.REFUSED: (False, False),
    Phase.DRY_RUN: (False, False),
    Phase.AWAITING_APPROVAL: (False, False),
    Phase.PENDING: (False, True),
    Phase.ROLLING_BACK: (True, True),
    Phase.VERIFYING: (True, True),
    Phase.SUCCEEDED: (True, True),
    Phase.NOT_CURED: (True, True),
    Phase.FAILED: (True, True),
    Phase.SUPERSEDED: (False, False),
    Phase.REJECTED: (False, False),
    Phase.EXPIRED: (False, False),
}


@pytest.mark.parametrize("phase", Phase)
def test_phase_tells_whether_a_record_patched_and_counts(phase: Phase) -> None:
    """Pending ones count for the budget before they have patched."""
    made = scene(past=[past(phase=phase.value)])
    (standing,) = made.standings[REF]
    patched, spent = PHASES[phase]
    assert (standing.patched_at == NOW - DAY) is patched
    assert len(made.ledger.spendings) == spent


def test_records_of_workloads_that_are_not_there_count_as_well() -> None:
    made = scene(past=[past(target="DaemonSet/blog/x", rule="latency", age="5m")])
    (spending,) = made.ledger.spendings
    assert (spending.target, spending.rule) == (WorkloadRef("DaemonSet", "blog", "x"), "latency")
    assert spending.at == NOW - 5 * MINUTE


def test_refused_records_are_those_of_workloads_that_nobody_deployed() -> None:
    made = scene(past=[past(phase="Refused", age="9m"), past(phase="DryRun", age="8m")])
    (bystander,) = made.recent.bystanders
    assert (bystander.target, bystander.seen_at) == (REF, NOW - 9 * MINUTE)


LAST = (
    '{"record": "r", "at": "2026-05-01T11:00:00Z", "rule": "errors", '
    '"from": {"revision": 8}, "to": {"revision": 7}}'
)


def annotated(text: str) -> dict[str, Any]:
    return workload(annotations={"rollback-receiver.dev/last-rollback": text})


def test_our_own_annotation_is_part_of_the_past_and_no_record() -> None:
    made = scene(workloads=[annotated(LAST)], past=[past(phase="DryRun")])
    note = made.snapshots[REF].past
    assert isinstance(note, tuple)
    assert note[-1].patched_at == NOW - timedelta(hours=1)
    assert [standing.phase for standing in made.standings[REF]] == [Phase.DRY_RUN]


def test_annotation_that_is_broken_makes_the_past_unreadable() -> None:
    """The records stand as they stood."""
    made = scene(workloads=[annotated("{}")], past=[past()])
    assert "last-rollback of Deployment shop/a" in str(made.snapshots[REF].past)
    assert [standing.phase for standing in made.standings[REF]] == [Phase.SUCCEEDED]


def test_pods_are_those_of_their_workload() -> None:
    pods = [{"name": "a-x", "revision": 2, "ready": False}, {"name": "a-y", "revision": 3}]
    made = scene(workloads=[workload(pods=pods)])
    assert made.workload_of(PodRef("shop", "a-x")) == REF
    gone = made.workload_of(PodRef("blog", "a-x"))
    evidence = "Pod blog/a-x, or what owns it, does not exist"
    assert gone == TargetFault(TargetReason.NOT_FOUND, evidence)
    found = made.snapshots[REF].pods
    assert isinstance(found, tuple)
    assert [(pod.template_hash, pod.ready) for pod in found] == [("a-2", False), ("a-3", True)]


def test_services_select_a_workload_of_their_namespace() -> None:
    """By their own name; one that is not listed is not there."""
    elsewhere = workload(namespace="blog")
    services = [{"namespace": place, "name": "web", "selects": "Deployment/a"} for place in ("shop", "blog")]
    made = scene(workloads=[workload(), elsewhere], services=services)
    assert made.workload_of(ServiceRef("shop", "web")) == REF
    assert made.workload_of(ServiceRef("blog", "web")) == WorkloadRef("Deployment", "blog", "a")
    gone = made.workload_of(ServiceRef("shop", "a"))
    assert gone == TargetFault(TargetReason.NOT_FOUND, "Service shop/a does not exist")


CONFIG = ["ConfigMap/c", "Secret/s", "PersistentVolumeClaim/p", "ServiceAccount/a"]


def test_what_a_template_needs_is_there_unless_it_is_missing() -> None:
    """In the workload's own namespace, and of the older revisions only: nobody goes back to the live one."""
    revisions = [revision(1, "9d", config=CONFIG), revision(2, "9m", config=["ConfigMap/live"])]
    made = scene(workloads=[workload(revisions=revisions)], missing=["Secret/shop/s", "ConfigMap/blog/c"])
    found = made.snapshots[REF].inventory
    assert {str(item): state for item, state in found.items()} == {
        "ConfigMap shop/c": Seen(),
        "Secret shop/s": None,
        "PersistentVolumeClaim shop/p": Seen(),
        "ServiceAccount shop/a": Seen(),
    }


def test_kill_switch_is_on_when_it_says_so() -> None:
    assert scene().ledger.pause is None
    assert scene(paused=True).ledger.pause is not None


def test_alerts_began_so_long_ago_as_they_say() -> None:
    (made,) = scene(alerts=[alert("90s", "resolved")]).alerts
    assert (made.starts_at, made.firing) == (NOW - timedelta(seconds=90), False)


def test_installation_is_as_the_settings_say() -> None:
    entry = InstallationEntry.parse(
        {"mode": "auto", "namespaces": ["shop"], "protected_namespaces": ["vault"], "selectors": ["a=b,c=d"]}
    )
    assert isinstance(entry, InstallationEntry)
    assert scene(entry).installation == Installation(
        Mode.AUTO, frozenset({"shop"}), frozenset({"vault"}), parse_matchers("a=b,c=d")
    )
    assert scene(InstallationEntry()).installation == Installation()


def test_standing_is_that_of_the_record() -> None:
    made = scene(past=[past(phase="Verifying", age="1d")])
    (one,) = known(past=[past(phase="Verifying", age="1d")])
    assert made.standings[REF] == (Standing(one.record, Phase.VERIFYING, NOW - DAY),)
