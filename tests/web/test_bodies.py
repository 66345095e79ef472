"""How a body may arrive: with a length, within the limit, in time, and large ones one at a time."""

import threading
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from receiver.web import webhook
from receiver.web.ports import EXTENSION
from tests.policy.messages import ALERT, message
from tests.web.conftest import LIMIT


def test_body_up_to_the_limit_is_read(client: FlaskClient) -> None:
    """One byte more is refused unread, and the connection not used again."""
    body = message(ALERT).ljust(LIMIT)
    assert client.post("/alerts", data=body).status_code == 202
    answer = client.post("/alerts", data=body + b" ")
    assert answer.status_code == 413
    assert answer.headers["Connection"] == "close"
    assert answer.get_json() == {"error": f"the body has {LIMIT + 1} bytes, at most {LIMIT} are taken"}


def test_request_without_a_body_is_a_411(client: FlaskClient) -> None:
    """No length is announced."""
    assert client.post("/alerts").status_code == 411


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"HTTP_TRANSFER_ENCODING": "chunked"}, id="chunked"),
        pytest.param({"HTTP_TRANSFER_ENCODING": "gzip", "CONTENT_LENGTH": "5"}, id="both"),
    ],
)
def test_body_without_a_length_is_a_411(client: FlaskClient, environ: dict[str, str]) -> None:
    """A chunked body could be cut at the limit without anybody's noticing."""
    answer = client.open(
        "/alerts", method="POST", input_stream=BytesIO(message(ALERT)), environ_overrides=environ
    )
    assert answer.status_code == 411
    assert "Content-Length" in answer.get_json()["error"]


def stream_of(error: Exception) -> Any:
    class Broken(BytesIO):
        def read(self, *_: Any) -> bytes:
            raise error

        def readinto(self, *_: Any) -> int:
            raise error

    return Broken()


def test_body_that_does_not_arrive_may_come_again(client: FlaskClient) -> None:
    """A slow or broken connection is transient: a 5xx."""
    environ = {"CONTENT_LENGTH": "50", "wsgi.input_terminated": True}
    answer = client.open(
        "/alerts", method="POST", input_stream=stream_of(OSError()), environ_overrides=environ
    )
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Connection"] == "close"


def test_body_that_ends_early_is_a_400(client: FlaskClient) -> None:
    """What was announced is not what was sent."""
    environ = {"CONTENT_LENGTH": "50", "wsgi.input_terminated": True}
    answer = client.open("/alerts", method="POST", input_stream=BytesIO(b"{"), environ_overrides=environ)
    assert answer.status_code == 400
    assert answer.get_json() == {"error": "the body ends after 1 of the 50 bytes that were announced"}


LARGE = message(ALERT).ljust(webhook.LARGE_BODY_BYTES + 1)


def turns(client: FlaskClient) -> threading.Semaphore:
    semaphore = client.application.extensions[EXTENSION].large_bodies
    assert isinstance(semaphore, threading.Semaphore)
    return semaphore


def test_large_bodies_wait_for_their_turn(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """One at a time; the next waits, and is told to come again after too long; small ones never wait."""
    assert turns(client).acquire(blocking=False)
    monkeypatch.setattr(webhook, "LONGEST_WAIT_SECONDS", 0.05)
    answer = client.post("/alerts", data=LARGE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert client.post("/alerts", data=message(ALERT)).status_code == 202
    monkeypatch.setattr(webhook, "LONGEST_WAIT_SECONDS", 9)
    threading.Timer(0.1, turns(client).release).start()
    assert client.post("/alerts", data=LARGE).status_code == 202


def test_refused_large_body_gives_its_turn_back(client: FlaskClient) -> None:
    """Ten bad ones in a row do not use the turns up."""
    for _ in range(10):
        assert client.post("/alerts", data=b"x" * len(LARGE)).status_code == 400
    assert client.post("/alerts", data=LARGE).status_code == 202
