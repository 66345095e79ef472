"""What a notification says, and that what comes from labels stays text in it."""

import json

import pytest

from receiver.notify.bodies import slack_body, teams_body, webhook_body
from receiver.notify.message import message_of
from receiver.policy.notices import Notice
from tests.notify.messages import AT, HOSTILE, PAGE, message, notice, record

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
