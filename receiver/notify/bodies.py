"""A message as each service wants it. What comes from labels stays text there: no mention, link or markup."""

import re
from typing import Any

from receiver.notify.cause import Cause
from receiver.notify.message import BAD, GOOD, NEUTRAL, Message

SIGNS = {GOOD: ":white_check_mark:", BAD: ":rotating_light:", NEUTRAL: ":information_source:"}
COLOURS = {GOOD: "Good", BAD: "Attention", NEUTRAL: "Default"}
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MARKUP = re.compile(r"(?<=@)(?=here|channel|all|everyone)|(?<=\])(?=\()")
_BREAK = "\N{ZERO WIDTH SPACE}"


def slack_body(message: Message) -> dict[str, Any]:
    """Return the body for a Slack-compatible incoming webhook: text alone, which all of them understand."""
    link = "" if message.link is None else f" · <{message.link}|{_call(message)}>"
    said = map(_plain, message.lines)
    lines = (f"{SIGNS[message.tone]} *{message.title}*", *said, f"{_facts(message)}{link}")
    return {"text": "\n".join(lines)}


def _plain(text: str) -> str:
    """Escape as Slack asks for, which stops its own; Mattermost knows @all and [links](so) too."""
    return _MARKUP.sub(_BREAK, text.translate(_ESCAPED))


def _facts(message: Message) -> str:
    return f"record {message.record} · rule {message.rule}"


def _call(message: Message) -> str:
    return "Approve or reject" if message.asks else "Open the record"


def teams_body(message: Message) -> dict[str, Any]:
    """Return the body for a Teams workflow: an Adaptive Card, its text as runs, which know no markdown."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            _runs(message.title, weight="Bolder", size="Medium", color=COLOURS[message.tone]),
            *map(_runs, message.lines),
            _runs(_facts(message), isSubtle=True),
        ],
        "actions": [] if message.link is None else [_open(message, message.link)],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


def _runs(text: str, **look: object) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **look}]}


def _open(message: Message, link: str) -> dict[str, Any]:
    return {"type": "Action.OpenUrl", "title": _call(message), "url": link}


def webhook_body(message: Message) -> dict[str, Any]:
    """Return the body for a program; what is unknown is left out."""
    kind, _, workload = message.target.partition("/")
    namespace, _, name = workload.partition("/")
    known = {
        "id": message.id,
        "event": message.notice.value,
        "at": message.at,
        "record": message.record,
        "phase": message.phase,
        "rule": message.rule,
        "target": {"kind": kind, "namespace": namespace, "name": name} if message.target else None,
        "from": message.source,
        "to": message.to,
        "message": message.text,
        "url": message.link,
        "alert": _alert(message.cause),
        "approvedBy": message.cause.by or None,
        "expiresAt": message.expires_at,
        "fromImages": {name: old for name, (old, _) in message.images.items() if old} or None,
        "toImages": {name: new for name, (_, new) in message.images.items() if new} or None,
    }
    return {key: value for key, value in known.items() if value is not None}


def _alert(cause: Cause) -> dict[str, Any] | None:
    """Return the alert by the record's names; of its annotations the summary."""
    named = {key: cause.alert[key] for key in ("name", "fingerprint", "startsAt") if key in cause.alert}
    annotations = {"annotations": {"summary": cause.summary}} if cause.summary else {}
    return {**named, **annotations} or None
