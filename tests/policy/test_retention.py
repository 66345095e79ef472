"""Which records go: the old and the too many, but what is open stays, and memory of what is bad goes last."""

from datetime import timedelta
from typing import Any

import pytest

from receiver.policy.record import Phase
from receiver.policy.retention import OPEN, Limits, Reason, Stored, outlived, parse_stored
from receiver.policy.times import format_precise, format_time
from tests.policy.builders import DAY, HOUR, MINUTE, NOW

OLD = 91 * DAY
LIMITS = Limits()
CLEARED = {"kind": "ClearedByItself", "at": format_precise(NOW)}


def ago(age: timedelta) -> str:
    return format_precise(NOW - age)


def notice(age: timedelta, **delivery: str) -> dict[str, Any]:
    entry = {"id": "1", "event": "Refused", "at": ago(age), "deliveries": [{"receiver": "chat", **delivery}]}
    return {"notifications": [entry]}


def raw(
    phase: Phase | None = Phase.REFUSED, *, age: timedelta = OLD, target: bool = True, **status: Any
) -> dict[str, Any]:
    """A record that was made, and last touched, so long ago."""
    workload = {"kind": "Deployment", "namespace": "shop", "name": "checkout", "uid": "u"}
    return {
        "metadata": {
            "name": "checkout-abc-123",
            "uid": "uid",
            "resourceVersion": "7",
            "creationTimestamp": format_time(NOW - age),
        },
        "spec": {
            "rule": "errors",
            "target": workload if target else {},
            "alert": {"startsAt": ago(age)},
        },
        "status": {**({"phase": phase.value} if phase else {}), **status},
    }


def parsed(*given: Any, lasting: timedelta = DAY, **status: Any) -> Stored:
    return parse_stored(raw(*given, **status), lasting=lasting, now=NOW)


def test_a_record_is_read_with_the_state_that_was_seen() -> None:
    assert parsed() == Stored(
        named={"record": "checkout-abc-123", "target": "Deployment/shop/checkout", "rule": "errors"},
        uid="uid",
        version="7",
        phase=Phase.REFUSED,
        touched_at=NOW - OLD,
        closed=True,
        remembers=False,
    )


@pytest.mark.parametrize("phase", [None, *Phase], ids=str)
def test_what_is_in_work_or_awaits_approval_is_not_closed(phase: Phase | None) -> None:
    assert parsed(phase).closed is (phase is not None and phase not in OPEN)


@pytest.mark.parametrize(
    ("status", "closed"),
    [
        pytest.param({}, True, id="nothing-open"),
        pytest.param({"age": 25 * HOUR - MINUTE}, False, id="followed-and-looked-at-within-the-hour"),
        pytest.param({"age": 25 * HOUR}, True, id="no-longer-followed"),
        pytest.param({"age": 24 * HOUR, "aftermath": CLEARED}, True, id="its-aftermath-is-known"),
        pytest.param({"age": 23 * HOUR, "aftermath": CLEARED}, False, id="touched-within-the-day"),
        pytest.param({"age": 24 * HOUR, "target": False}, True, id="has-no-workload-to-follow"),
        pytest.param({"age": HOUR, "lasting": timedelta(0)}, True, id="nothing-is-followed"),
        pytest.param({"lastSeenAt": ago(HOUR)}, False, id="an-alert-joined"),
        pytest.param(notice(HOUR), False, id="somebody-is-to-be-told"),
        pytest.param(notice(HOUR, sentAt=ago(HOUR)), True, id="told"),
        pytest.param(notice(25 * HOUR), True, id="nobody-wants-to-hear-it-any-more"),
        pytest.param({"silence": {"until": ago(-MINUTE)}}, False, id="a-silence-lasts"),
        pytest.param({"silence": {"until": ago(-MINUTE), "removedAt": ago(HOUR)}}, True, id="removed"),
        pytest.param({"silence": {"until": ago(MINUTE)}}, True, id="a-silence-has-ended"),
    ],
)
def test_what_somebody_waits_for_is_not_closed(status: dict[str, Any], *, closed: bool) -> None:
    assert parsed(**status).closed is closed


def test_what_is_being_deleted_is_not_deleted_again() -> None:
    record = raw()
    record["metadata"]["deletionTimestamp"] = ago(HOUR)
    assert not parse_stored(record, lasting=DAY, now=NOW).closed


@pytest.mark.parametrize(
    "status",
    [
        {"lastSeenAt": ago(HOUR)},
        {"finishedAt": ago(HOUR)},
        {"decision": {"at": ago(HOUR)}},
        {"review": {"verdict": "right", "at": ago(HOUR)}},
    ],
    ids=str,
)
def test_a_record_is_as_old_as_its_last_touch(status: dict[str, Any]) -> None:
    assert parsed(**status, phase=Phase.SUPERSEDED).touched_at == NOW - HOUR


@pytest.mark.parametrize(
    ("phase", "status", "remembers"),
    [
        (Phase.REFUSED, {}, False),
        (Phase.DRY_RUN, {}, False),
        (Phase.EXPIRED, {}, False),
        (Phase.SUPERSEDED, {}, False),
        (Phase.SUPERSEDED, {"patchedAt": ago(OLD)}, True),
        (Phase.SUCCEEDED, {"patchedAt": ago(OLD)}, True),
        (Phase.REJECTED, {}, True),
        (Phase.FAILED, {}, True),
        (Phase.DRY_RUN, {"review": {"verdict": "right", "at": ago(OLD)}}, True),
        (Phase.REFUSED, {"review": {"verdict": "wrong", "at": ago(OLD)}}, True),
    ],
    ids=str,
)
def test_what_says_that_something_is_bad_or_settled_remembers(
    phase: Phase, status: dict[str, Any], *, remembers: bool
) -> None:
    assert parsed(phase, **status).remembers is remembers


def stored(name: str, age: timedelta, *, closed: bool = True, remembers: bool = False) -> Stored:
    return Stored({"record": name}, "u", "1", Phase.REFUSED, NOW - age, closed, remembers)


YOUNG, OLDER, AGED = stored("young", 2 * DAY), stored("older", 3 * DAY), stored("aged", OLD)
MEMORY = stored("memory", OLD, remembers=True)
OLDER_MEMORY = stored("older-memory", OLD + DAY, remembers=True)
YOUNG_MEMORY = stored("young-memory", 89 * DAY, remembers=True)
OPEN_ONE = stored("open", OLD, closed=False)
FOR_EVER = timedelta(0)


@pytest.mark.parametrize(
    ("records", "limits", "go"),
    [
        pytest.param([], LIMITS, [], id="none-there"),
        pytest.param([YOUNG, OLDER], LIMITS, [], id="within-both"),
        pytest.param([YOUNG, AGED], LIMITS, [("aged", "age")], id="too-old"),
        pytest.param([stored("at", 90 * DAY)], LIMITS, [], id="just-old-enough-to-stay"),
        pytest.param([YOUNG, OLDER], Limits(count=1), [("older", "count")], id="too-many"),
        pytest.param([YOUNG, OLDER], Limits(count=2), [], id="just-as-many"),
        pytest.param(
            [AGED, YOUNG, OLDER], Limits(count=1), [("aged", "age"), ("older", "count")], id="old-and-many"
        ),
        pytest.param([AGED, YOUNG], Limits(count=1), [("aged", "age")], id="age-makes-room"),
        pytest.param([AGED, YOUNG], Limits(FOR_EVER), [], id="for-ever"),
        pytest.param([AGED, YOUNG], Limits(FOR_EVER, 1), [("aged", "count")], id="for-ever-but-so-many"),
        pytest.param([MEMORY, AGED], LIMITS, [("aged", "age")], id="memory-outlives-age"),
        pytest.param([MEMORY, YOUNG, YOUNG_MEMORY], Limits(count=2), [], id="counted-apart"),
        pytest.param([MEMORY, OPEN_ONE, OPEN_ONE], Limits(count=1), [], id="a-storm-crowds-no-memory-out"),
        pytest.param(
            [MEMORY, OLDER_MEMORY, OLDER, YOUNG],
            Limits(count=1),
            [("older", "count"), ("older-memory", "count")],
            id="memory-goes-old-and-too-many-and-last",
        ),
        pytest.param(
            [MEMORY, YOUNG_MEMORY], Limits(count=1), [("memory", "count")], id="young-memory-counts"
        ),
        pytest.param(
            [stored("open-memory", OLD, closed=False, remembers=True), YOUNG_MEMORY],
            Limits(count=1),
            [],
            id="open-memory-stays",
        ),
        pytest.param([YOUNG_MEMORY, YOUNG_MEMORY], Limits(count=1), [], id="young-memory-stays"),
        pytest.param([MEMORY, MEMORY], Limits(FOR_EVER, 1), [], id="memory-for-ever"),
        pytest.param([OPEN_ONE, OPEN_ONE], Limits(count=1), [], id="open-stays"),
        pytest.param([OPEN_ONE, YOUNG], Limits(count=1), [("young", "count")], id="open-counts"),
    ],
)
def test_which_go_and_in_which_order(
    records: list[Stored], limits: Limits, go: list[tuple[str, str]]
) -> None:
    assert [(one.named["record"], why.value) for one, why in outlived(records, limits, now=NOW)] == go


def test_the_reasons_are_the_metrics() -> None:
    assert [reason.value for reason in Reason] == ["age", "count"]
