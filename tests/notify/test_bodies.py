"""What a notification says, and that what comes from labels stays text in it."""

import json

import pytest

from receiver.notify.bodies import slack_body, teams_body, webhook_body
from receiver.notify.message import Message, message_of
from receiver.policy.notices import Notice
from tests.notify.messages import AT, EXPIRES_AT, HOSTILE, PAGE, full_record, message, notice, record

LINK = "https://rollbacks.example.org/rollbacks/checkout-1-2"


@pytest.mark.parametrize("event", Notice, ids=str)
def test_every_notice_has_its_words_everywhere(event: Notice) -> None:
    made = message(event.value, "what happened", phase=event.value)
    for body in (slack_body(made), teams_body(made)):
        said = json.dumps(body)
        assert all(part in said for part in (made.title, "what happened", "checkout-1-2", "errors", LINK))


def test_an_approval_is_asked_for_with_the_link_to_where_it_is_given() -> None:
    made = message("AwaitingApproval", phase="AwaitingApproval")
    assert f"<{LINK}|Approve or reject>" in slack_body(made)["text"]
    (action,) = teams_body(made)["attachments"][0]["content"]["actions"]
    assert action == {"type": "Action.OpenUrl", "title": "Approve or reject", "url": LINK}


def test_an_approval_that_is_settled_when_the_message_comes_through_is_not_asked_for() -> None:
    made = message("AwaitingApproval", phase="Expired")
    assert made.title == "Rollback awaits approval (it is Expired by now)"
    assert "Open the record" in slack_body(made)["text"]


def test_without_a_page_there_is_no_link() -> None:
    made = message_of(record(), notice(), page_url=None)
    assert "http" not in slack_body(made)["text"]
    assert teams_body(made)["attachments"][0]["content"]["actions"] == []
    assert "url" not in webhook_body(made)


def test_labels_mention_nobody_and_link_nowhere_in_slack() -> None:
    text = slack_body(message(text=HOSTILE))["text"]
    assert "<!" not in text
    assert "<https://evil" not in text
    assert "@here" not in text
    assert "@example.org" in slack_body(message(text="mail me@example.org"))["text"]


def test_labels_are_runs_of_text_in_teams() -> None:
    """A TextRun knows no markdown, as a TextBlock does."""
    (_, text, _) = teams_body(message(text=HOSTILE))["attachments"][0]["content"]["body"]
    assert text == {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": HOSTILE}]}


def test_a_program_is_told_everything_by_name() -> None:
    assert webhook_body(message()) == {
        "id": "u1-Started",
        "event": "Started",
        "at": AT,
        "record": "checkout-1-2",
        "phase": "RollingBack",
        "rule": "errors",
        "target": {"kind": "Deployment", "namespace": "shop", "name": "checkout"},
        "from": 7,
        "to": 6,
        "message": "Rolled it back",
        "url": LINK,
    }


def test_what_is_unknown_of_a_record_without_target_is_left_out() -> None:
    raw = {"metadata": {"name": "errors-target-missing"}, "spec": {"target": {}, "rule": "errors"}}
    body = webhook_body(message_of(raw, notice("Refused"), page_url=PAGE))
    assert not {"target", "from", "to"} & body.keys()
    assert (body["event"], body["rule"]) == ("Refused", "errors")


def test_what_is_unknown_of_alert_and_images_is_left_out() -> None:
    added = {"alert", "approvedBy", "expiresAt", "fromImages", "toImages"}
    assert not added & webhook_body(message()).keys()


@pytest.mark.parametrize("event", Notice, ids=str)
def test_every_message_names_the_alert_with_its_summary_and_the_images(event: Notice) -> None:
    made = message_of(full_record(), notice(event.value), page_url=PAGE)
    for said in (slack_body(made)["text"], card_text(made)):
        assert "Alert QueueStuck: 4000 messages wait" in said
        assert "app: shop/checkout:7 → shop/checkout:6, sidecar: mesh:1 → none" in said
        assert "same" not in said


def test_an_awaiting_one_says_until_when() -> None:
    made = message_of(full_record(phase="AwaitingApproval"), notice("AwaitingApproval"), page_url=PAGE)
    assert made.title == "Rollback awaits approval until 12:30:05 UTC"
    assert made.title in slack_body(made)["text"]
    assert made.title in card_text(made)


def test_the_day_is_said_where_it_is_another() -> None:
    raw = full_record(phase="AwaitingApproval", expiresAt="2026-04-08T00:10:00.000000Z")
    made = message_of(raw, notice("AwaitingApproval"), page_url=PAGE)
    assert made.title == "Rollback awaits approval until 2026-04-08 00:10:00 UTC"


def test_a_program_is_told_alert_deadline_and_images_by_the_records_names() -> None:
    raw = full_record(phase="AwaitingApproval", approvedBy="alice")
    body = webhook_body(message_of(raw, notice("AwaitingApproval"), page_url=PAGE))
    assert body["alert"] == {
        "name": "QueueStuck",
        "fingerprint": "f1",
        "startsAt": AT,
        "annotations": {"summary": "4000 messages wait"},
    }
    assert (body["expiresAt"], body["approvedBy"]) == (EXPIRES_AT, "alice")
    assert body["fromImages"] == {"app": "shop/checkout:7", "sidecar": "mesh:1"}
    assert body["toImages"] == {"app": "shop/checkout:6"}
    assert "expiresAt" not in webhook_body(message_of(raw, notice("Started"), page_url=PAGE))


def test_the_alert_of_a_message_can_neither_mention_nor_link_nor_forge_a_line_nor_fill_it() -> None:
    hostile = f"{HOSTILE}\n*Rollback succeeded*\u202e" + "x" * 4000
    raw = full_record()
    raw["spec"]["alert"] |= {"name": hostile, "annotations": {"summary": hostile}}
    raw["spec"]["suspect"]["images"] = {"app": hostile}
    text = slack_body(message_of(raw, notice(), page_url=PAGE))["text"]
    assert not [part for part in ("<!", "<https://evil", "@here", "](", "\u202e") if part in text]
    assert len(text.splitlines()) == 5
    assert '"q" *Rollback succeeded*\\u202ex' in text
    assert len(text) < 2500


def card_text(made: Message) -> str:
    """Return what a card says."""
    card = teams_body(made)["attachments"][0]["content"]["body"]
    return "\n".join(run["text"] for block in card for run in block["inlines"])
