"""A message names the alert that its rule went by, or who gave the order."""

from typing import Any

import pytest

from receiver.notify.cause import cause_of
from tests.notify.messages import AT, full_record


def joined(name: str, fingerprint: str, rule: str) -> dict[str, Any]:
    return {"name": name, "fingerprint": fingerprint, "rule": rule, "startsAt": AT, "status": "firing"}


def by_hand(**status: Any) -> dict[str, Any]:
    raw = full_record(decision={"rule": "by-hand", "to": {}}, **status)
    raw["spec"] |= {"rule": "by-hand", "alert": {"name": "ManualRollback", "annotations": {"by": "bob"}}}
    return raw


def test_it_is_the_alert_of_the_deciding_rule() -> None:
    """The record's first alert may have been another rule's, which refused."""
    raw = full_record(alerts=[joined("QueueStuck", "f1", "first"), joined("Errors", "f2", "errors")])
    assert cause_of(raw).words == "Alert Errors"


def test_the_first_alert_is_named_with_its_summary_where_the_deciding_rule_matched_it_too() -> None:
    raw = full_record(alerts=[joined("Errors", "f2", "errors"), joined("QueueStuck", "f1", "errors")])
    assert cause_of(raw).words == "Alert QueueStuck: 4000 messages wait"


@pytest.mark.parametrize(
    ("status", "words"),
    [({"approvedBy": "alice"}, "Ordered by alice"), ({}, "Ordered by bob")],
    ids=["approved", "refused"],
)
def test_by_hand_it_is_who_ordered_it(status: dict[str, Any], words: str) -> None:
    cause = cause_of(by_hand(**status))
    assert (cause.words, dict(cause.alert)) == (words, {})


def test_an_order_that_took_over_an_alerts_record_is_still_an_order() -> None:
    raw = full_record(decision={"rule": "by-hand", "to": {}})
    assert cause_of(raw).words == "Ordered by hand"


def test_no_order_passes_for_an_alert() -> None:
    raw = by_hand(alerts=[joined("ManualRollback", "m", "by-hand")])
    raw["status"]["decision"]["rule"] = "errors"
    assert cause_of(raw).words == ""


def test_an_alert_without_a_name_is_called_so() -> None:
    raw = full_record()
    raw["spec"]["alert"] = {"name": "", "fingerprint": "f1"}
    assert cause_of(raw).words == "Alert without a name"
