"""The timeline of a record: what happened, and when."""

from receiver.web.timeline import timeline
from tests.web.pages import ordered, record


def test_the_timeline_is_in_order() -> None:
    raw = record(
        approvedBy="Kim",
        approvedAt="2026-05-01T03:12:43Z",
        conditions=[
            {"type": "Patched", "status": "True", "lastTransitionTime": "2026-05-01T03:12:44Z"},
            {"type": "RolledOut", "status": "True", "lastTransitionTime": "2026-05-01T03:12:50Z"},
        ],
        review={"verdict": "right", "by": "Alex", "at": "2026-05-01T03:30:00Z", "note": "thanks"},
    )
    assert [(each.what, each.detail) for each in timeline(raw)] == [
        ("Revision 7 went live", ""),
        ("The alert fired", "HighErrorRate"),
        ("It reached the receiver", ""),
        ("Decided", "rule http-errors, mode auto"),
        ("Approved", "by Kim"),
        ("Patched back to revision 6", ""),
        ("Rolled out", ""),
        ("Ended: Succeeded", ""),
        ("Reviewed: right", "by Alex: thanks"),
    ]


def test_the_aftermath_is_the_last_of_it() -> None:
    aftermath = {
        "kind": "RolledBackByHand",
        "revision": 6,
        "at": "2026-05-01T03:40:00Z",
        "asChosen": True,
        "tookSeconds": 1650,
    }
    last = timeline(record("DryRun", aftermath=aftermath))[-1]
    assert last.what == "Aftermath: Somebody rolled it back by hand"
    assert last.detail == "revision 6, as was chosen here, 27m30s after the trouble began"


def test_times_that_cannot_be_read_are_left_out() -> None:
    raw = record(patchedAt="soon", startedAt=None)
    assert "Patched back to revision 6" not in [each.what for each in timeline(raw)]


def test_it_says_when_the_alert_cleared() -> None:
    said = [each.what for each in timeline(record("AwaitingApproval", clearedAt="2026-05-01T03:13:00Z"))]
    assert "The alert cleared" in said


def test_an_order_is_no_alert() -> None:
    found = timeline(ordered("Succeeded", approvedBy="Kim", approvedAt="2026-05-01T03:12:43Z"))
    assert [(each.what, each.detail) for each in found][:3] == [
        ("Revision 7 went live", ""),
        ("Decided", "rule by-hand, mode auto"),
        ("Ordered", "by Kim"),
    ]
