"""The record of a rollback in work, and the message about it."""

from dataclasses import replace
from typing import Any

from receiver.notify.message import Message, message_of

AT = "2026-04-07T12:00:00.000000Z"
EXPIRES_AT = "2026-04-07T12:30:05.000000Z"
PAGE = "https://rollbacks.example.org/"
HOSTILE = '<!channel> @here <https://evil.example|click> *b* [x](javascript:alert(1)) & "q"'


def record(**status: Any) -> dict[str, Any]:
    target = {"kind": "Deployment", "namespace": "shop", "name": "checkout", "uid": "u1"}
    decision = {"rule": "errors", "to": {"revision": 6}}
    return {
        "metadata": {"name": "checkout-1-2", "uid": "u1"},
        "spec": {"target": target, "suspect": {"revision": 7}, "rule": "first"},
        "status": {"phase": "RollingBack", "decision": decision, **status},
    }


def full_record(**status: Any) -> dict[str, Any]:
    """A record that keeps its alert and its images, as the receiver's own do."""
    raw = record(**{"expiresAt": EXPIRES_AT, **status})
    alert = {"name": "QueueStuck", "fingerprint": "f1", "startsAt": AT}
    raw["spec"]["alert"] = {**alert, "annotations": {"summary": "4000 messages wait"}}
    raw["spec"]["suspect"]["images"] = {"app": "shop/checkout:7", "sidecar": "mesh:1", "same": "same:1"}
    raw["status"]["decision"]["to"]["images"] = {"app": "shop/checkout:6", "same": "same:1"}
    return raw


def notice(event: str = "Started", message: str = "Rolled it back") -> dict[str, Any]:
    return {"id": f"u1-{event}", "event": event, "at": AT, "message": message, "deliveries": []}


def message(event: str = "Started", text: str = "Rolled it back", **changes: Any) -> Message:
    made = message_of(record(phase=changes.pop("phase", "RollingBack")), notice(event, text), page_url=PAGE)
    return replace(made, **changes)
