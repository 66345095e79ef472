"""Sessions and forms: signed by the review token, for a while, for one purpose, once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from receiver.policy.words import Act
from receiver.web.auth import TokenFile
from receiver.web.sessions import (
    FORM_LASTS,
    SESSION_LASTS,
    FormRefused,
    Purpose,
    Refusal,
    Sessions,
    Visitor,
)
from tests.web.rotation import rewrite

APPROVE = Purpose(Act.APPROVE, "checkout-1", "decided at noon")
SECOND = timedelta(seconds=1)


class Clock:
    """A time that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("one")
    return path


@pytest.fixture
def sessions(token: Path, clock: Clock) -> Sessions:
    return Sessions(TokenFile(token), clock)


def opened(sessions: Sessions, name: str = "Kim") -> Visitor:
    visitor = sessions.read(sessions.open(name))
    assert visitor is not None
    return visitor


def refusal(sessions: Sessions, form: str, visitor: Visitor, purpose: Purpose = APPROVE) -> Refusal | None:
    try:
        sessions.take(form, visitor, purpose)
    except FormRefused as e:
        return e.reason
    return None


def test_another_replica_knows_the_session_and_its_forms(
    sessions: Sessions, token: Path, clock: Clock
) -> None:
    """They share nothing but the token."""
    other = Sessions(TokenFile(token), clock)
    visitor = other.read(sessions.open("Kim"))
    assert visitor is not None
    assert visitor.name == "Kim"
    assert refusal(other, sessions.form(visitor, APPROVE), visitor) is None


def test_a_session_ends(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.open("Kim")
    clock.at += SESSION_LASTS
    assert sessions.read(cookie) is not None
    clock.at += SECOND
    assert sessions.read(cookie) is None


@pytest.mark.parametrize("content", ["two", ""], ids=["changed", "broken"])
def test_another_token_ends_every_session_and_voids_every_form(
    sessions: Sessions, token: Path, content: str
) -> None:
    cookie, visitor = sessions.open("Kim"), opened(sessions)
    form = sessions.form(visitor, APPROVE)
    rewrite(token, content)
    assert sessions.read(cookie) is None
    assert refusal(sessions, form, visitor) is Refusal.FORGED


def test_without_a_token_nothing_is_signed(sessions: Sessions, token: Path) -> None:
    visitor = opened(sessions)
    token.unlink()
    assert sessions.open("Kim") is None
    assert sessions.form(visitor, APPROVE) == ""


@pytest.mark.parametrize("cookie", [None, "", "x", "e30.x", "a.b.c", "\u20ac", "x" * 10_000], ids=ascii)
def test_what_is_no_session_is_nobodys(sessions: Sessions, cookie: str | None) -> None:
    assert sessions.read(cookie) is None


def test_every_changed_character_is_noticed(sessions: Sessions) -> None:
    cookie = sessions.open("Kim") or ""
    for position, character in enumerate(cookie[:-1]):
        changed = "A" if character != "A" else "B"
        assert sessions.read(cookie[:position] + changed + cookie[position + 1 :]) is None


def test_a_session_is_no_form_and_a_form_no_session(sessions: Sessions) -> None:
    visitor = opened(sessions)
    assert sessions.read(sessions.form(visitor, APPROVE)) is None
    assert refusal(sessions, sessions.open("Kim") or "", visitor) is Refusal.FORGED


@pytest.mark.parametrize(
    ("purpose", "reason"),
    [
        pytest.param(APPROVE, None, id="the same"),
        pytest.param(Purpose(Act.REJECT, "checkout-1", "decided at noon"), Refusal.FORGED, id="another act"),
        pytest.param(Purpose(Act.APPROVE, "cart-1", "decided at noon"), Refusal.FORGED, id="another record"),
        pytest.param(
            Purpose(Act.APPROVE, "checkout-1", "decided at one"), Refusal.OUTDATED, id="another state"
        ),
    ],
)
def test_a_form_serves_for_what_it_was_made_for(
    sessions: Sessions, purpose: Purpose, reason: Refusal | None
) -> None:
    visitor = opened(sessions)
    assert refusal(sessions, sessions.form(visitor, APPROVE), visitor, purpose) is reason


def test_a_form_serves_whom_it_was_made_for(sessions: Sessions) -> None:
    """Another session of the same name is somebody else."""
    form = sessions.form(opened(sessions), APPROVE)
    assert refusal(sessions, form, opened(sessions)) is Refusal.FORGED
    assert refusal(sessions, form, opened(sessions, "Alex")) is Refusal.FORGED


def test_a_form_serves_once(sessions: Sessions) -> None:
    visitor = opened(sessions)
    form = sessions.form(visitor, APPROVE)
    assert [refusal(sessions, form, visitor) for _ in range(2)] == [None, Refusal.REPLAYED]


def test_a_form_ends(sessions: Sessions, clock: Clock) -> None:
    visitor = opened(sessions)
    early, late = sessions.form(visitor, APPROVE), sessions.form(visitor, APPROVE)
    clock.at += FORM_LASTS
    assert refusal(sessions, early, visitor) is None
    clock.at += SECOND
    assert refusal(sessions, late, visitor) is Refusal.EXPIRED


def test_used_forms_are_forgotten_when_they_would_have_ended(sessions: Sessions, clock: Clock) -> None:
    visitor = opened(sessions)
    sessions.take(sessions.form(visitor, APPROVE), visitor, APPROVE)
    clock.at += FORM_LASTS + SECOND
    sessions.take(sessions.form(visitor, APPROVE), visitor, APPROVE)
    assert len(sessions._used) == 1


def test_a_state_that_does_not_count_is_not_compared(sessions: Sessions) -> None:
    visitor = opened(sessions)
    other = Purpose(Act.APPROVE, "checkout-1", "decided at one")
    sessions.take(sessions.form(visitor, APPROVE), visitor, other, state_counts=False)
