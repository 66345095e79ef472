"""Tokens from files, and which door needs which."""

import os
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from receiver import metrics
from receiver.web.auth import LONGEST_TOKEN_BYTES, TokenFile
from tests.web.conftest import Notebook, client_of
from tests.web.rotation import rewrite

ALERTS = b'{"alerts": []}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "token"


@pytest.mark.parametrize(
    ("header", "admitted"),
    [
        ("Bearer s3cret", True),
        ("bearer s3cret", True),
        ("BEARER  s3cret ", True),
        ("Bearer s3cre", False),
        ("Bearer s3cret2", False),
        ("Bearer S3CRET", False),
        ("Bearer", False),
        ("Bearer ", False),
        ("s3cret", False),
        ("Basic s3cret", False),
        ("", False),
        (None, False),
        ("Bearer \u20ac", False),
        ("Bearer " + "x" * 100_000, False),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_token_admits_whoever_holds_it(path: Path, header: str | None, admitted: bool) -> None:
    """The scheme is case-insensitive, the token is not; blanks around it do not count."""
    path.write_bytes(b"  s3cret\r\n")
    assert TokenFile(path).admits(header) is admitted


def test_changed_file_is_read_anew(path: Path) -> None:
    """In place and by replacement, of the same length too."""
    path.write_text("one")
    token = TokenFile(path)
    assert token.admits("Bearer one")
    rewrite(path, "two")
    assert token.admits("Bearer two")
    assert not token.admits("Bearer one")
    other = path.with_name("other")
    other.write_text("six")
    other.replace(path)
    assert token.admits("Bearer six")
    assert not token.admits("Bearer two")


def test_swapped_secret_is_read_anew(path: Path, tmp_path: Path) -> None:
    """Kubernetes swaps a symbolic link to a folder; the file's own path stays."""
    for version in ("1", "2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "token").write_text(f"secret-{version}")
    data = tmp_path / "..data"
    data.symlink_to("1")
    path.symlink_to("..data/token")
    token = TokenFile(path)
    assert token.admits("Bearer secret-1")
    swapped = tmp_path / "..data_tmp"
    swapped.symlink_to("2")
    swapped.rename(data)
    assert token.admits("Bearer secret-2")
    assert not token.admits("Bearer secret-1")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(None, "No such file", id="gone"),
        pytest.param(b"", "it is empty", id="empty"),
        pytest.param(b" \n\n", "it is empty", id="blank"),
        pytest.param(b"two words", "it must hold one word", id="two words"),
        pytest.param(b"x" * (LONGEST_TOKEN_BYTES + 1), "it has more than 4096 bytes", id="too long"),
    ],
)
def test_unreadable_token_admits_nobody(
    path: Path, content: bytes | None, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the old token nor an empty one opens; the log says why, once; a good file opens again."""
    path.write_text("good")
    token = TokenFile(path)
    assert token.fault is None
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    for header in ("Bearer good", "Bearer ", "Bearer", "", None, "Bearer two words"):
        assert not token.admits(header)
    assert fault in (token.fault or "")
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1
    assert fault in errors[0].getMessage()
    path.write_text("good again")
    path.write_text("better")
    assert token.admits("Bearer better")


def test_folder_or_pipe_admits_nobody(tmp_path: Path) -> None:
    """A mistake in the path is no open door."""
    assert not TokenFile(tmp_path).admits("Bearer x")
    assert not TokenFile(tmp_path / "a\0b").admits("Bearer x")


def test_token_is_never_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not when it is read, not when it does not fit."""
    caplog.set_level("DEBUG")
    path.write_text("hunter2")
    TokenFile(path).admits("Bearer hunter3")
    assert "hunter" not in caplog.text
    assert os.fspath(path) in str(vars(caplog.records[0]))


WEBHOOK, REVIEW = "Bearer hook-secret", "Bearer review-secret"
DOORS = [("POST", "/alerts"), ("PUT", "/alerts")]
OPEN = [("GET", "/-/healthy"), ("GET", "/-/ready"), ("GET", "/metrics"), ("HEAD", "/-/healthy")]
READING = [("GET", "/api/v1/rollbacks"), ("GET", "/api/v1/rollbacks/r-1")]
NOWHERE = [
    ("GET", "/rollbacks"),
    ("GET", "/nothing"),
    ("GET", "/alerts"),
    ("POST", "/metrics"),
    ("GET", "//alerts"),
]


def status(client: FlaskClient, door: tuple[str, str], token: str | None = None) -> int:
    headers = {"Authorization": token} if token else {}
    asked = {"PATH_INFO": door[1]}  # The client would take //alerts for a host.
    return client.open(method=door[0], data=ALERTS, headers=headers, environ_overrides=asked).status_code


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_alerts_need_the_webhooks_token(
    notebook: Notebook, webhook_token: Path, review_token: Path, door: tuple[str, str]
) -> None:
    """The review token is another one, and does not open this door."""
    client = client_of(notebook, webhook=webhook_token, review=review_token)
    assert status(client, door) == 401
    assert status(client, door, "Bearer nonsense") == 401
    assert status(client, door, REVIEW) == 401
    assert status(client, door, WEBHOOK) == 202


def test_refusal_says_what_to_send(notebook: Notebook, webhook_token: Path) -> None:
    """A challenge, JSON, an end of the connection, and no hint of the token."""
    answer = client_of(notebook, webhook=webhook_token).post("/alerts", data=ALERTS)
    assert answer.headers["WWW-Authenticate"] == "Bearer realm=rollback-receiver"
    assert "--webhook-token-file" in answer.get_json()["error"]
    assert answer.headers["Connection"] == "close"
    assert "hook-secret" not in answer.text
    assert notebook.payloads == []


@pytest.mark.parametrize("door", OPEN, ids=str)
def test_health_and_metrics_need_none(
    notebook: Notebook, webhook_token: Path, review_token: Path, door: tuple[str, str]
) -> None:
    """Probes and Prometheus have no token."""
    assert status(client_of(notebook, webhook=webhook_token, review=review_token), door) == 200


@pytest.mark.parametrize("door", READING, ids=str)
def test_reading_needs_the_review_token_where_there_is_one(
    notebook: Notebook, webhook_token: Path, review_token: Path, door: tuple[str, str]
) -> None:
    """Without one reading is open; the webhook's token does not open it."""
    assert status(client_of(notebook, webhook=webhook_token), door) == 200
    guarded = client_of(notebook, webhook=webhook_token, review=review_token)
    assert [status(guarded, door, token) for token in (None, WEBHOOK, REVIEW)] == [401, 401, 200]


@pytest.mark.parametrize("door", NOWHERE, ids=str)
def test_what_does_not_exist_needs_it_too(
    notebook: Notebook, review_token: Path, door: tuple[str, str]
) -> None:
    """A stranger does not learn what is there."""
    guarded = client_of(notebook, review=review_token)
    assert status(guarded, door) == 401
    assert status(guarded, door, REVIEW) in {404, 405}


def test_reload_is_off_without_a_review_token(
    notebook: Notebook, webhook_token: Path, review_token: Path
) -> None:
    """403, and how to switch it on; with one, the token is needed."""
    door = ("POST", "/-/reload")
    answer = client_of(notebook, webhook=webhook_token).post("/-/reload", headers={"Authorization": WEBHOOK})
    assert answer.status_code == 403
    assert "--review-token-file" in answer.get_json()["error"]
    guarded = client_of(notebook, webhook=webhook_token, review=review_token)
    assert [status(guarded, door, token) for token in (None, WEBHOOK)] == [401, 401]
    assert notebook.reloads == 0
    assert status(guarded, door, REVIEW) == 200
    assert notebook.reloads == 1


def test_installation_without_a_token_says_so(
    notebook: Notebook, webhook_token: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At the start in the log, and in a metric as long as it runs."""
    name = "rollback_receiver_webhook_authentication_enabled"
    assert status(client_of(notebook), DOORS[0]) == 202
    assert "anyone may post alerts" in caplog.text
    assert metrics.REGISTRY.get_sample_value(name) == 0
    caplog.clear()
    client_of(notebook, webhook=webhook_token)
    assert "anyone" not in caplog.text
    assert metrics.REGISTRY.get_sample_value(name) == 1


def test_token_that_breaks_later_closes_the_door(notebook: Notebook, webhook_token: Path) -> None:
    """Deleted while it runs: 401 for everybody, the old token included, until there is one again."""
    client = client_of(notebook, webhook=webhook_token)
    webhook_token.unlink()
    assert [status(client, DOORS[0], token) for token in (None, WEBHOOK, "Bearer ")] == [401, 401, 401]
    webhook_token.write_text("new")
    assert status(client, DOORS[0], "Bearer new") == 202
