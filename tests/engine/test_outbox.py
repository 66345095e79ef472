"""The outbox: in the write that changes a record, and never in a rollback's way."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from receiver.cluster.errors import ClusterError, Unavailable
from receiver.cluster.records import Records
from receiver.engine.outbox import Outbox
from receiver.policy.notices import Notice
from receiver.policy.rules import Rule, Verify
from tests.engine.builders import FOLDER, NOW, record, rule
from tests.kubernetes.fake import FakeApi

ROUTES = {"shop": frozenset(Notice), "pager": frozenset({Notice.FAILED})}


@pytest.fixture
def fake() -> FakeApi:
    return FakeApi()


def outbox(rule: Rule | None = None, *, silence: bool = False) -> Outbox:
    return Outbox(lambda _: rule, routes=ROUTES, silence=silence, now=lambda: NOW)


def store(fake: FakeApi, noting: Outbox, was: str = "Pending", **new: Any) -> Any:
    raw = fake.put(f"{FOLDER}/a", **record(phase=was))
    return Records(fake, "rollbacks", noting=noting).update_status(raw, lambda old: {**old, **new})["status"]


def told(status: Any) -> list[tuple[str, list[str]]]:
    return [
        (notice["event"], [each["receiver"] for each in notice["deliveries"]])
        for notice in status.get("notifications", [])
    ]


def test_a_change_and_its_notice_are_one_write(fake: FakeApi) -> None:
    """A crash between two writes would lose the notice, or tell of what is not so."""
    status = store(fake, outbox(), phase="Failed", message="it broke")
    assert told(status) == [("Failed", ["shop", "pager"])]
    assert fake.made("PUT") == 1
    assert [raw["metadata"]["name"] for raw in Records(fake, "rollbacks").untold()] == ["a"]


def test_no_call_is_made_for_it(fake: FakeApi) -> None:
    """What a rollback waits for is as much with notifications as without."""
    store(fake, Outbox(lambda _: None, routes={}), phase="Failed")
    without = list(fake.calls)
    fake.calls.clear()
    store(fake, outbox(silence=True), phase="Failed")
    assert fake.calls == without


def test_couriers_are_woken_once_it_is_stored(fake: FakeApi) -> None:
    noting, woken = outbox(), Event()
    noting.wakes(woken)
    store(fake, noting, phase="Pending", message="no news")
    assert not woken.is_set()

    def lost(method: str, _: str) -> None:
        if method == "PUT":
            raise Unavailable("away")

    fake.before = lost
    with pytest.raises(ClusterError):
        store(fake, noting, phase="Failed")
    assert not woken.is_set()
    fake.before = lambda _method, _path: None
    store(fake, noting, phase="Failed")
    assert woken.is_set()


def test_a_conflict_enters_it_once(fake: FakeApi) -> None:
    """The status of the second try is made of what the other one wrote."""
    first = [True]

    def meddle(method: str, _: str) -> None:
        if method == "PUT" and first.pop() if first else False:
            fake.put(f"{FOLDER}/a", **record(phase="Pending", occurrences=9))

    fake.before = meddle
    status = store(fake, outbox(), phase="Failed")
    assert (told(status), status["occurrences"]) == ([("Failed", ["shop", "pager"])], 9)


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (None, [("Failed", ["shop", "pager"])]),
        (("pager",), [("Failed", ["pager"])]),
        ((), []),
        (("typo", "shop"), [("Failed", ["shop"])]),
    ],
    ids=["all", "one", "none", "unknown"],
)
def test_a_rule_says_who_is_told(fake: FakeApi, named: Any, expected: Any) -> None:
    assert told(store(fake, outbox(rule(notify=named)), phase="Failed")) == expected


def test_a_name_that_nobody_has_is_logged(fake: FakeApi, caplog: pytest.LogCaptureFixture) -> None:
    store(fake, outbox(rule(notify=("typo",))), phase="Failed")
    assert "no receiver of notifications called typo" in caplog.text


@pytest.mark.parametrize(
    ("phase", "given", "expected"),
    [
        ("RollingBack", rule(verify=Verify(rollout_timeout=timedelta(minutes=5))), "12:05"),
        ("RollingBack", None, "12:10"),
        ("Refused", None, None),
    ],
    ids=["the-rules-time", "no-rule", "no-rollback"],
)
def test_a_rollback_has_its_alert_silenced_no_longer_than_it_may_take(
    fake: FakeApi, phase: str, given: Rule | None, expected: str | None
) -> None:
    status = store(fake, outbox(given, silence=True), phase=phase)
    assert status.get("silence", {}).get("until", "T")[11:16] == (expected or "")
    assert "silence" not in store(fake, outbox(given), phase=phase)


def test_what_a_person_orders_has_no_alert_to_silence(fake: FakeApi) -> None:
    decision = {"rule": "by-hand"}
    status = store(fake, outbox(silence=True), phase="RollingBack", decision=decision)
    assert "silence" not in status
    assert told(status) == [("Started", ["shop"])]


def test_the_end_of_a_rollback_wakes_who_has_to_remove_its_silence(fake: FakeApi) -> None:
    noting, woken = Outbox(lambda _: None, routes={}, silence=True, now=lambda: NOW), Event()
    noting.wakes(woken)
    silence = {"until": "2026-04-07T12:10:00Z", "id": "s"}
    store(fake, noting, was="Verifying", phase="Succeeded", silence=silence)
    assert woken.is_set()


def broken(_: str) -> Rule | None:
    raise RuntimeError("odd")


@pytest.mark.parametrize("named", [broken], ids=["rules"])
def test_a_fault_of_its_own_leaves_the_record_its_change(
    fake: FakeApi, caplog: pytest.LogCaptureFixture, named: Callable[[str], Rule | None]
) -> None:
    status = store(fake, Outbox(named, routes=ROUTES), phase="Failed")
    assert (status["phase"], told(status)) == ("Failed", [])
    assert "nobody is told" in caplog.text


@pytest.mark.parametrize("phase", ["Verifying", "DryRun", "Rejected", "Expired"])
def test_phases_that_nobody_is_told_of_leave_nothing_to_tell(fake: FakeApi, phase: str) -> None:
    status = store(fake, outbox(silence=True), phase=phase)
    assert not {"notifications", "untold", "silence"} & status.keys()
