"""Who is notified, as the config file says it: exactly one kind each, names unique, secrets in files."""

import base64
import hashlib
import hmac
import time
from pathlib import Path

import pytest

from receiver.notifications import Notifications
from receiver.notify.signing import signature_headers
from receiver.policy.notices import Notice
from receiver.settings import SettingsError, load_settings
from tests.policy.invalid_rules import NO_USER

WHOLE = """\
notifications:
  page_url: https://rollbacks.example.org
  receivers:
  - {name: shop, slack: {url_file: slack-url}}
  - {name: web, teams: {url_file: /etc/teams-url}, events: [Failed, NotCured]}
  - {name: log, webhook: {url: "https://log.example.org/in", secret_file: key}}
  - {name: other, apprise: {url_file: apprise-url}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def loaded(config: Path, text: str) -> Notifications:
    config.write_text(text)
    return load_settings(config, {}, {}).notifications


def problems(config: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as raised:
        loaded(config, text)
    return tuple(problem.removeprefix(f"{config}:") for problem in raised.value.problems)


def test_all_kinds_and_their_files_beside_the_config_file(config: Path) -> None:
    found = loaded(config, WHOLE)
    slack, teams, webhook, apprise = found.receivers
    assert slack.slack is not None
    assert slack.slack.url_file == config.parent / "slack-url"
    assert teams.teams is not None
    assert teams.teams.url_file == Path("/etc/teams-url")
    assert webhook.webhook is not None
    assert webhook.webhook.secret_file == config.parent / "key"
    assert apprise.apprise is not None


def test_everybody_is_told_everything_unless_said_otherwise(config: Path) -> None:
    routes = loaded(config, WHOLE).routes
    assert routes["shop"] == frozenset(Notice)
    assert routes["web"] == {Notice.FAILED, Notice.NOT_CURED}
    assert list(routes) == ["shop", "web", "log", "other"]


def test_by_default_nobody_is_told() -> None:
    assert load_settings(None, {}, {}).notifications == Notifications()


def test_a_variable_holds_the_same_as_yaml() -> None:
    text = "{receivers: [{name: shop, slack: {url_file: /etc/slack-url}}]}"
    settings = load_settings(None, {"ROLLBACK_RECEIVER_NOTIFICATIONS": text}, {})
    assert [each.name for each in settings.notifications.receivers] == ["shop"]


def one(receiver: str) -> str:
    return f"notifications:\n  receivers:\n  - {receiver}\n"


ONE_KIND = "must have exactly one of slack, teams, webhook, apprise"
FAULTS = {
    "no-kind": (one("{name: shop}"), f"3: notifications.receivers[0]: {ONE_KIND}"),
    "two-kinds": (
        one("{name: shop, slack: {url_file: a}, teams: {url_file: b}}"),
        f"3: notifications.receivers[0]: {ONE_KIND}",
    ),
    "no-name": (one("{slack: {url_file: a}}"), "3: notifications.receivers[0].name: is missing"),
    "address-in-the-file": (
        one("{name: shop, slack: {url: 'https://hooks.example.org/T0KEN'}}"),
        "3: notifications.receivers[0].slack.url: unknown key: known are url_file",
    ),
    "password-in-the-address": (
        one("{name: shop, webhook: {url: 'https://user:T0KEN@example.org', secret_file: a}}"),
        f"3: notifications.receivers[0].webhook.url: {NO_USER}",
    ),
    "password-in-the-links": (
        "notifications:\n  page_url: https://user:T0KEN@example.org\n",
        f"2: notifications.page_url: {NO_USER}",
    ),
    "unknown-event": (
        one("{name: shop, events: [Fialed], slack: {url_file: a}}"),
        "3: notifications.receivers[0].events[0]: 'Fialed' is unknown: did you mean Failed?",
    ),
    "one-name-twice": (
        one("{name: shop, slack: {url_file: a}}\n  - {name: shop, slack: {url_file: b}}"),
        "2: notifications.receivers: two receivers are called shop: give each a name of its own",
    ),
}


@pytest.mark.parametrize(("text", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_its_line(config: Path, text: str, expected: str) -> None:
    found = problems(config, text)
    assert expected in found
    assert "T0KEN" not in "".join(found)


def test_silences_need_an_alertmanager(config: Path) -> None:
    assert problems(config, "silence_alerts: true\n") == (
        "silence_alerts: needs alertmanager_url, where the silence is set",
    )
    config.write_text("silence_alerts: true\nalertmanager_url: http://alertmanager:9093\n")
    assert load_settings(config, {}, {}).silence_alerts


def block(language: str) -> str:
    """Return the first block of this language on the page about notifications."""
    page = (Path(__file__).parents[1] / "docs" / "notifications.md").read_text()
    return page.partition(f"```{language}\n")[2].partition("```")[0]


def test_the_pages_own_example_is_taken(config: Path) -> None:
    found = loaded(config, block("yaml"))
    assert [each.name for each in found.receivers] == ["shop-channel", "platform", "pager", "phone"]


@pytest.mark.parametrize(
    ("sent", "age", "valid"),
    [(b"{}", 0, True), (b"{}", 301, False), (b"[]", 0, False)],
    ids=["genuine", "replayed", "forged"],
)
def test_the_pages_own_check_of_a_signature_tells(sent: bytes, age: int, valid: bool) -> None:
    headers = signature_headers("key", b"{}", message_id="a", timestamp=int(time.time()) - age)
    given = {"base64": base64, "hashlib": hashlib, "hmac": hmac, "time": time, "key": b"key"}
    scope = {**given, "headers": headers, "body": sent}
    exec(block("python"), scope)
    assert scope["valid"] is valid
