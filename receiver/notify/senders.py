"""From what the config file says of a receiver to what brings it a message."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from receiver.files import read_text
from receiver.notifications import ByUrl, NotificationReceiver, Webhook
from receiver.notify.bodies import slack_body, teams_body, webhook_body
from receiver.notify.errors import NotifyError
from receiver.notify.extra import is_installed, send_by_apprise
from receiver.notify.message import Message
from receiver.notify.posting import as_json, post
from receiver.notify.signing import signature_headers
from receiver.policy.fields import url as checked_url
from receiver.policy.problems import Problem

Send = Callable[[Message], None]
"""Brings a message and returns once it was taken; raises NotifyError where it was not."""


def sender_of(receiver: NotificationReceiver) -> Send:
    """Return what brings messages to a receiver; its files are read anew for each."""
    if receiver.webhook is not None:
        return _to_webhook(receiver.webhook)
    if receiver.slack is not None:
        return _to_url(receiver.slack, slack_body)
    if receiver.teams is not None:
        return _to_url(receiver.teams, teams_body)
    if receiver.apprise is not None:
        return _to_apprise(receiver.apprise)
    raise AssertionError("a receiver has exactly one kind")


def missing_extras(receivers: Iterable[NotificationReceiver]) -> tuple[str, ...]:
    """Return, for each receiver that takes an extra that is not installed, what to do."""
    if is_installed():
        return ()
    how = "install it: pip install 'apprise>=1.9'"
    return tuple(
        f"notifications: receiver {each.name}: apprise is not installed: {how}"
        for each in receivers
        if each.apprise is not None
    )


def _to_url(service: ByUrl, body: Callable[[Message], dict[str, Any]]) -> Send:
    return lambda message: post(_address(service.url_file), as_json(body(message)), {})


def _to_webhook(webhook: Webhook) -> Send:
    def send(message: Message) -> None:
        body, secret = as_json(webhook_body(message)), _secret(webhook.secret_file)
        headers = signature_headers(secret, body, message_id=message.id, timestamp=int(time.time()))
        post(webhook.url, body, headers)

    return send


def _to_apprise(service: ByUrl) -> Send:
    return lambda message: send_by_apprise(_secret(service.url_file), message)


def _address(file: Path) -> str:
    try:
        return checked_url(_secret(file))
    except ValueError as e:
        raise NotifyError(f"{file}: {e}") from e


def _secret(file: Path) -> str:
    content = read_text(file)
    if isinstance(content, Problem):
        raise NotifyError(str(content))
    if not content.strip():
        raise NotifyError(f"{file}: is empty")
    return content.strip()
