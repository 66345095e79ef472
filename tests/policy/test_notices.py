"""The outbox on a record: entered once, claimed and marked for each receiver, and gone when all is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from receiver.policy.notices import (
    KEPT,
    Notice,
    entered,
    is_too_old,
    open_notices,
    receivers_of,
    with_delivery,
    with_notice,
    with_untold,
)
from receiver.policy.record import Phase

NOW = datetime(2026, 4, 7, 12, tzinfo=UTC)
AT = "2026-04-07T12:00:00.000000Z"
BOTH = ("shop", "pager")


def raw(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a", "uid": "u1"}, "status": status}


def noted(before: dict[str, Any], to: tuple[str, ...] = BOTH, **after: Any) -> dict[str, Any]:
    return with_notice(before, {**before["status"], **after}, to=to, now=NOW)


TOLD = {
    "RollingBack": "Started",
    "AwaitingApproval": "AwaitingApproval",
    "Refused": "Refused",
    "Succeeded": "Succeeded",
    "NotCured": "NotCured",
    "Failed": "Failed",
    "Superseded": "Superseded",
}


@pytest.mark.parametrize("phase", Phase, ids=str)
def test_the_phases_that_are_told_of_and_those_that_are_not(phase: Phase) -> None:
    status = noted(raw(phase=None), phase=phase.value)
    assert [entry["event"] for entry in status.get("notifications", [])] == (
        [TOLD[phase]] if phase.value in TOLD else []
    )
    assert status.get("untold") == ("yes" if phase.value in TOLD else None)


def test_a_notice_says_what_happened_and_to_whom_it_goes() -> None:
    status = noted(raw(phase="Verifying"), phase="Succeeded", message="it is over")
    assert status == {
        "phase": "Succeeded",
        "message": "it is over",
        "untold": "yes",
        "notifications": [
            {
                "id": f"u1-Succeeded-{AT}",
                "event": "Succeeded",
                "at": AT,
                "message": "it is over",
                "deliveries": [{"receiver": "shop"}, {"receiver": "pager"}],
            }
        ],
    }


UNCHANGED = {
    "same-phase": (raw(phase="Refused"), {"phase": "Refused", "message": "again"}, BOTH),
    "no-phase": (raw(), {}, BOTH),
    "nobody-to-tell": (raw(), {"phase": "Refused"}, ()),
}


@pytest.mark.parametrize(("before", "after", "to"), UNCHANGED.values(), ids=UNCHANGED)
def test_what_is_no_news_leaves_the_status_itself(before: Any, after: Any, to: tuple[str, ...]) -> None:
    assert with_notice(before, after, to=to, now=NOW) is after


def test_a_claimed_record_without_status_enters_its_first_phase() -> None:
    assert entered({"metadata": {}}, {"phase": "Refused"}) is Phase.REFUSED


def test_a_refusal_is_told_once_however_often_it_comes_back() -> None:
    first = noted(raw(), phase="Refused")
    dry = {**first, "phase": "DryRun"}
    assert noted(raw(**dry), phase="Refused")["notifications"] == first["notifications"]


def test_each_approval_that_comes_to_nothing_is_told() -> None:
    first = noted(raw(), phase="Refused")
    pending = {**first, "phase": "Pending", "approvedAt": "2026-04-07T11:59:00Z"}
    again = noted(raw(**pending), phase="Refused")
    assert [entry["event"] for entry in again["notifications"]] == ["Refused", "Refused"]
    assert len({entry["id"] for entry in again["notifications"]}) == 2


def test_a_long_message_is_cut() -> None:
    (entry,) = noted(raw(), phase="Failed", message="x" * 9000)["notifications"]
    assert len(entry["message"].encode()) == 1024


def test_what_was_told_long_ago_goes_first_and_what_is_not_told_stays() -> None:
    told = [
        {"id": str(n), "event": "Started", "at": AT, "deliveries": [{"receiver": "shop", "sentAt": AT}]}
        for n in range(KEPT + 5)
    ]
    waiting = {"id": "w", "event": "Started", "at": AT, "deliveries": [{"receiver": "shop"}]}
    status = noted(raw(phase="Pending", notifications=[waiting, *told]), phase="Failed")
    ids = [entry["id"] for entry in status["notifications"]]
    assert ids == ["w", *(str(n) for n in range(5, KEPT + 5)), f"u1-Failed-{AT}"]


ROUTES = {"shop": frozenset(Notice), "pager": frozenset({Notice.FAILED, Notice.NOT_CURED})}
ROUTED = {
    "all-by-default": (Notice.FAILED, None, ("shop", "pager")),
    "only-what-it-asks-for": (Notice.STARTED, None, ("shop",)),
    "whom-the-rule-names": (Notice.FAILED, ("pager",), ("pager",)),
    "both-must-want-it": (Notice.STARTED, ("pager",), ()),
    "nobody": (Notice.FAILED, (), ()),
    "an-unknown-name": (Notice.FAILED, ("typo", "shop"), ("shop",)),
}


@pytest.mark.parametrize(("notice", "named", "expected"), ROUTED.values(), ids=ROUTED)
def test_who_is_told(notice: Notice, named: Any, expected: tuple[str, ...]) -> None:
    assert receivers_of(notice, ROUTES, named) == expected


def test_each_receiver_has_a_delivery_of_its_own() -> None:
    status = noted(raw(), phase="Failed")
    key = status["notifications"][0]["id"]
    sent = with_delivery(status, (key, "shop"), lambda old: {**old, "sentAt": AT})
    assert sent is not None
    assert [to for _, to in open_notices(sent)] == ["pager"]
    assert sent["untold"] == "yes"
    done = with_delivery(sent, (key, "pager"), lambda old: {**old, "givenUpAt": AT})
    assert done is not None
    assert "untold" not in done


def test_a_delivery_that_is_done_or_left_alone_changes_nothing() -> None:
    status = noted(raw(), to=("shop",), phase="Failed")
    key = status["notifications"][0]["id"]
    assert with_delivery(status, (key, "shop"), lambda _: None) is None
    assert with_delivery(status, (key, "pager"), dict) is None
    assert with_delivery({}, (key, "shop"), dict) is None
    done = with_delivery(status, (key, "shop"), lambda old: {**old, "sentAt": AT})
    assert done is not None
    assert with_delivery(done, (key, "shop"), dict) is None


def test_only_what_is_open_is_brought_the_oldest_first() -> None:
    status = noted(raw(), to=("shop",), phase="RollingBack")
    status = noted(raw(**status), to=("shop",), phase="Failed")
    assert [(notice["event"], to) for notice, to in open_notices(status)] == [
        ("Started", "shop"),
        ("Failed", "shop"),
    ]
    assert list(open_notices({})) == []


@pytest.mark.parametrize(
    ("silence", "untold"),
    [({"until": AT}, "yes"), ({"until": AT, "id": "s"}, "yes"), ({"until": AT, "removedAt": AT}, None)],
    ids=["to-be-made", "made", "removed"],
)
def test_a_silence_is_told_of_until_it_is_removed(silence: Any, untold: str | None) -> None:
    assert with_untold({"silence": silence}).get("untold") == untold


@pytest.mark.parametrize(("hours", "old"), [(23, False), (25, True)])
def test_after_a_day_nobody_wants_to_know(hours: int, old: bool) -> None:
    notice = {"at": AT}
    assert is_too_old(notice, now=NOW + timedelta(hours=hours)) is old
