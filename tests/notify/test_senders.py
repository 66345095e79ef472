"""From the config file's receiver to the request on the wire; files are read anew, secrets never repeated."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from receiver.notifications import NotificationReceiver
from receiver.notify.cause import Cause
from receiver.notify.errors import NotifyError
from receiver.notify.senders import missing_extras, sender_of
from receiver.notify.signing import signature_headers
from tests.kubernetes.stub import Stub, serving
from tests.notify.messages import message


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as running:
        yield running


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return tmp_path / "secret"


def receiver(**kind: Any) -> NotificationReceiver:
    made = NotificationReceiver.parse({"name": "shop", **kind})
    assert isinstance(made, NotificationReceiver)
    return made


@pytest.mark.parametrize(("kind", "key"), [("slack", "text"), ("teams", "attachments")])
def test_the_address_is_read_for_each_message(stub: Stub, secret: Path, kind: str, key: str) -> None:
    send = sender_of(receiver(**{kind: {"url_file": str(secret)}}))
    for path in ("/one", "/two"):
        secret.write_text(f"{stub.url}{path}\n")
        send(message())
    assert [asked.path for asked in stub.asked] == ["/one", "/two"]
    assert key in json.loads(stub.asked[0].body)


def test_a_webhook_is_signed_over_the_bytes_that_are_sent(stub: Stub, secret: Path) -> None:
    secret.write_text("correct horse\n")
    sender_of(receiver(webhook={"url": f"{stub.url}/hook", "secret_file": str(secret)}))(message())
    (asked,) = stub.asked
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    sent = {name: asked.headers[name] for name in names}
    timestamp = int(sent["webhook-timestamp"])
    expected = signature_headers("correct horse", asked.body, message_id="u1-Started", timestamp=timestamp)
    assert sent == expected
    assert json.loads(asked.body)["event"] == "Started"


FAULTS = {
    "no-file": (None, "cannot be read"),
    "empty": (" \n", "is empty"),
    "no-address": ("hooks.example.org/T0KEN", "must be an address"),
}


@pytest.mark.parametrize(("content", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_file_of_no_use_is_named_without_its_content(
    secret: Path, content: str | None, expected: str
) -> None:
    if content is not None:
        secret.write_text(content)
    with pytest.raises(NotifyError, match=expected) as raised:
        sender_of(receiver(slack={"url_file": str(secret)}))(message())
    assert str(secret) in str(raised.value)
    assert "T0KEN" not in str(raised.value)


class Service:
    """What the receiver uses of Apprise."""

    known, takes = True, True
    sent: list[dict[str, str]]

    def __init__(self) -> None:
        self.address = ""

    def add(self, address: str) -> bool:
        self.address = address
        return Service.known

    def notify(self, **what: str) -> bool:
        Service.sent.append({"address": self.address, **what})
        return Service.takes


@pytest.fixture
def apprise(monkeypatch: pytest.MonkeyPatch) -> type[Service]:
    monkeypatch.setitem(sys.modules, "apprise", SimpleNamespace(Apprise=Service, __spec__=SimpleNamespace()))
    monkeypatch.setattr(Service, "sent", [], raising=False)
    return Service


def by_apprise(secret: Path) -> NotificationReceiver:
    secret.write_text("ntfy://T0KEN")
    return receiver(apprise={"url_file": str(secret)})


def test_apprise_is_given_the_address_and_the_words(apprise: type[Service], secret: Path) -> None:
    sender_of(by_apprise(secret))(message("NotCured", "it still fires"))
    (sent,) = apprise.sent
    assert (sent["address"], sent["title"], sent["notify_type"]) == (
        "ntfy://T0KEN",
        "Rollback did not cure the alert",
        "warning",
    )
    assert sent["body"].startswith("it still fires\nhttps://")
    assert missing_extras([by_apprise(secret)]) == ()


def test_apprise_is_given_the_alert_too(apprise: type[Service], secret: Path) -> None:
    cause = Cause({"name": "QueueStuck"})
    sender_of(by_apprise(secret))(message("NotCured", "it still fires", cause=cause))
    assert apprise.sent[0]["body"].startswith("it still fires\nAlert QueueStuck\nhttps://")


@pytest.mark.parametrize(("attribute", "said"), [("known", "knows no such"), ("takes", "could not send")])
def test_what_apprise_cannot_do_is_a_fault_without_the_address(
    apprise: type[Service], monkeypatch: pytest.MonkeyPatch, secret: Path, attribute: str, said: str
) -> None:
    monkeypatch.setattr(apprise, attribute, False)
    with pytest.raises(NotifyError, match=said) as raised:
        sender_of(by_apprise(secret))(message())
    assert "T0KEN" not in str(raised.value)


def test_without_the_extra_it_is_said_which_receiver_takes_it_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, secret: Path
) -> None:
    monkeypatch.setattr("receiver.notify.senders.is_installed", lambda: False)
    slack = receiver(slack={"url_file": str(secret)})
    assert missing_extras([slack]) == ()
    (said,) = missing_extras([slack, by_apprise(secret)])
    assert said == (
        "notifications: receiver shop: apprise is not installed: install it: pip install 'apprise>=1.9'"
    )
