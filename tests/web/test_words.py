"""POST approve, reject, review, pause, resume: who may, what a body may hold, and how it is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from receiver.policy.intake import Unavailable, WrongPhase
from receiver.policy.ledger import Pause
from receiver.policy.record import Review
from tests.web.conftest import NOON, Notebook, client_of

RECORD = "/api/v1/rollbacks/checkout-7d4b9c-3fa9c1"
TOKEN = {"Authorization": "Bearer review-secret"}
EVERY = [f"{RECORD}/approve", f"{RECORD}/reject", f"{RECORD}/review", "/api/v1/pause", "/api/v1/resume"]
NAME = RECORD.rpartition("/")[2]


@pytest.fixture
def oncall(notebook: Notebook, review_token: Path) -> FlaskClient:
    """Where there is a review token."""
    return client_of(notebook, review=review_token)


def say(client: FlaskClient, path: str, body: Any = None, **headers: str) -> TestResponse:
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return client.post(path, data=data, headers={**TOKEN, **headers})


@pytest.mark.parametrize(
    ("path", "body", "heard"),
    [
        pytest.param(EVERY[0], None, ("approve", NAME, "review token"), id="approve"),
        pytest.param(EVERY[0], {"by": "ann"}, ("approve", NAME, "ann"), id="approve-by"),
        pytest.param(EVERY[1], {}, ("reject", NAME, "review token", ""), id="reject"),
        pytest.param(
            EVERY[1], {"by": " bob ", "note": "no\nthanks"}, ("reject", NAME, "bob", "no\nthanks"), id="note"
        ),
        pytest.param(
            EVERY[2], {"verdict": "right"}, ("review", NAME, Review.RIGHT, "", "review token"), id="review"
        ),
        pytest.param(
            EVERY[2],
            {"verdict": "wrong", "note": "dns", "by": "ann"},
            ("review", NAME, Review.WRONG, "dns", "ann"),
            id="review-note-by",
        ),
        pytest.param(EVERY[3], {"reason": "game day"}, ("pause", "review token", "game day"), id="pause"),
        pytest.param(EVERY[4], {"by": "Jörg"}, ("resume", "Jörg"), id="resume"),
        pytest.param(EVERY[4], {"by": " "}, ("resume", "review token"), id="nobody"),
    ],
)
def test_words_are_handed_on(
    oncall: FlaskClient, notebook: Notebook, path: str, body: Any, heard: tuple[str, ...]
) -> None:
    """Each once, with who said it; the answer is the record, or how the switch stands."""
    answer = say(oncall, path, body)
    assert (answer.status_code, notebook.words) == (200, [heard])
    about_record = answer.get_json() == {"kind": "Rollback"}
    assert about_record or answer.get_json()["paused"] is (heard[0] == "pause")


def test_pause_answers_what_holds(oncall: FlaskClient, notebook: Notebook) -> None:
    """Where somebody was first, that is theirs."""
    told = {"paused": True, "since": "2026-05-01T12:00:00Z"}
    mine, theirs = {"by": "bob", "reason": "outage"}, {"by": "ann", "reason": "game day"}
    assert say(oncall, EVERY[3], mine).get_json() == {**told, **mine, "already": False}
    notebook.paused = Pause(NOON, **theirs)
    assert say(oncall, EVERY[3], {"by": "bob"}).get_json() == {**told, **theirs, "already": True}


@pytest.mark.parametrize("path", EVERY)
def test_without_a_review_token_nobody_acts(client: FlaskClient, notebook: Notebook, path: str) -> None:
    """It says how to switch it on; whatever the body is."""
    answer = client.post(path, data=b"{")
    assert answer.status_code == 403
    assert "--review-token-file" in answer.get_json()["error"]
    assert notebook.words == []


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("given", ["", "Bearer wrong", "review-secret"])
def test_wrong_token_is_a_401(oncall: FlaskClient, notebook: Notebook, path: str, given: str) -> None:
    """Before anything of it is looked at."""
    assert say(oncall, path, {"by": "eve"}, Authorization=given).status_code == 401
    assert notebook.words == []


@pytest.mark.parametrize("path", EVERY)
def test_wrong_token_is_logged(oncall: FlaskClient, path: str, caplog: pytest.LogCaptureFixture) -> None:
    """Who tried what from where, and nothing of what was sent; reading without it is not worth a line."""
    oncall.get("/api/v1/rollbacks")
    say(oncall, path, {"by": "eve"}, Authorization="Bearer guess-3n")
    (line,) = (one for one in caplog.records if one.levelname == "WARNING" and "token was" in one.message)
    word, about_record = path.rpartition("/")[2], path.startswith(RECORD)
    told = vars(line)
    assert (told["endpoint"], told["record"]) == (f"words.{word}", NAME if about_record else "")
    assert told["peer"] == "127.0.0.1"
    assert "guess-3n" not in str(told)


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        (EVERY[0], b"{", "the body is no JSON: "),
        (EVERY[0], b"\xff", "the body is no JSON: "),
        (EVERY[0], b"[" * 9000, "the body is no JSON: "),
        (EVERY[0], [], "the body must be a JSON object, not a list"),
        (EVERY[0], {"note": "x"}, "'note': unknown key: known are by"),
        (EVERY[1], {"nte": "x"}, "'nte': unknown key: did you mean note?"),
        (EVERY[1], {"\x1b[2J": "x"}, r"'\x1b[2J': unknown key: "),
        (EVERY[1], {"note": 1}, "note: must be a string, not 1"),
        (EVERY[1], {"note": None}, "note: must be a string, not "),
        (EVERY[1], {"note": "x" * 3000}, "note: is too long: at most 2048 bytes"),
        (EVERY[1], {"note": "\ud800"}, "note: has half a surrogate pair: write the character itself"),
        (EVERY[0], {"by": "ä" * 129}, "by: is too long: at most 256 bytes"),
        (EVERY[0], {"by": "a\nb"}, r"by: 'a\nb' has unprintable characters"),
        (EVERY[2], {}, "verdict: known are right, wrong, unsure"),
        (EVERY[2], {"verdict": "maybe"}, "verdict: 'maybe' is no verdict: known are right, wrong, unsure"),
        (EVERY[3], {"note": "x"}, "'note': unknown key: known are by, reason"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_bad_body_is_a_400(oncall: FlaskClient, notebook: Notebook, path: str, body: Any, error: str) -> None:
    """What is wrong and what would be right, in one printable line; nobody hears of it."""
    answer = say(oncall, path, body)
    text = answer.get_json()["error"]
    assert (answer.status_code, text[: len(error)]) == (400, error)
    assert text.isprintable()
    assert notebook.words == []


def test_long_body_is_a_413(oncall: FlaskClient, notebook: Notebook) -> None:
    """A word is short; what is longer is not even read."""
    answer = say(oncall, EVERY[3], {"reason": "x" * 20_000})
    assert (answer.status_code, notebook.words) == (413, [])


def test_body_in_chunks_is_a_411(oncall: FlaskClient, notebook: Notebook) -> None:
    """Its length is not known beforehand."""
    answer = say(oncall, EVERY[3], **{"Transfer-Encoding": "chunked"})
    assert (answer.status_code, notebook.words) == (411, [])


@pytest.mark.parametrize("path", EVERY[:3])
def test_unknown_record_is_a_404(oncall: FlaskClient, notebook: Notebook, path: str) -> None:
    """It says which."""
    notebook.record = None
    answer = say(oncall, path, {"verdict": "right"} if path.endswith("review") else None)
    assert (answer.status_code, answer.get_json()) == (404, {"error": f"there is no record '{NAME}'"})


@pytest.mark.parametrize("name", ["..", "A", "%1b[2J", "%2e%2e%2fsecrets", "a" * 300])
def test_hostile_name_is_asked_of_nobody(oncall: FlaskClient, notebook: Notebook, name: str) -> None:
    """What cannot be a name never gets near an API path."""
    answer = say(oncall, f"/api/v1/rollbacks/{name}/approve")
    assert answer.status_code == 404
    assert answer.get_json()["error"].isprintable()
    assert notebook.words == []


@pytest.mark.parametrize("path", EVERY)
def test_cluster_that_does_not_answer_is_a_503(oncall: FlaskClient, notebook: Notebook, path: str) -> None:
    """Say it again later."""
    notebook.failure = Unavailable("no answer", 3)
    answer = say(oncall, path, {"verdict": "right"} if path.endswith("review") else None)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")


@pytest.mark.parametrize("path", EVERY[:3])
def test_wrong_phase_is_a_409(oncall: FlaskClient, notebook: Notebook, path: str) -> None:
    """It says who was first."""
    notebook.failure = WrongPhase("record a is Rejected: rejected by bob")
    answer = say(oncall, path, {"verdict": "right"} if path.endswith("review") else None)
    assert (answer.status_code, answer.get_json()) == (
        409,
        {"error": "record a is Rejected: rejected by bob"},
    )


@pytest.mark.parametrize("path", EVERY)
def test_words_are_never_said_by_a_link(oncall: FlaskClient, notebook: Notebook, path: str) -> None:
    """GET changes nothing."""
    assert oncall.get(path, headers=TOKEN).status_code == 405
    assert notebook.words == []
