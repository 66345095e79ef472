"""Who is signed in, and which forms they were given: signed, never stored, so that every replica knows them.

All keys come from the review token: whoever changes that ends every session and voids every form.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from receiver.policy.words import Act
from receiver.web.auth import TokenFile

SESSION_LASTS = timedelta(hours=12)
FORM_LASTS = timedelta(hours=1)
SIGNER = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
MOST_USED = 10_000
"""So many forms of the last hour are remembered as used; each was an act of somebody who is signed in."""


class Refusal(StrEnum):
    """Why something that was sent from a page was not done; the strings are the metric's."""

    WRONG_TOKEN = "wrong_token"  # noqa: S105
    NO_SESSION = "no_session"
    CROSS_SITE = "cross_site"
    FORGED = "forged"
    EXPIRED = "expired"
    REPLAYED = "replayed"
    OUTDATED = "outdated"


class FormRefused(Exception):
    """A form does not entitle to what it asks for."""

    def __init__(self, reason: Refusal, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may act; `session` tells two sessions of one name apart."""

    name: str
    session: str


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a form is for: an act on a record (empty for the kill switch) that stands in a certain `state`."""

    act: Act
    record: str
    state: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sessions:
    """Opens and reads sessions, gives forms out and takes them back, each once."""

    def __init__(self, token: TokenFile, now: Callable[[], datetime] = _utc_now) -> None:
        self._token = token
        self._now = now
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()

    def open(self, name: str) -> str | None:
        """Return the cookie of a new session; None while the token cannot be read."""
        until = (self._now() + SESSION_LASTS).timestamp()
        return self._sign("session", {"by": name, "id": secrets.token_hex(8), "until": until})

    def read(self, cookie: str | None) -> Visitor | None:
        """Return whose session a cookie is, None where it is nobody's, or was."""
        found = self._signed("session", cookie or "")
        if found is None or found["until"] < self._now().timestamp():
            return None
        return Visitor(found["by"], found["id"])

    def form(self, visitor: Visitor, purpose: Purpose) -> str:
        """Return what a form for this purpose carries; empty while the token cannot be read."""
        until = (self._now() + FORM_LASTS).timestamp()
        once = secrets.token_hex(8)
        given = {**_document(visitor, purpose), "state": purpose.state, "until": until, "once": once}
        return self._sign("form", given) or ""

    def take(self, form: str, visitor: Visitor, purpose: Purpose, *, state_counts: bool = True) -> None:
        """Take a form back.

        Raises:
            FormRefused: it is not from us, not for this, too old, or not for what stands there now
                (not asked where `state_counts` is False); or it was used before.
        """
        found = self._signed("form", form)
        if found is None or not _document(visitor, purpose).items() <= found.items():
            raise FormRefused(Refusal.FORGED, "this form was not made for you by this page")
        if found["until"] < self._now().timestamp():
            raise FormRefused(Refusal.EXPIRED, "this form is too old")
        if state_counts and found["state"] != purpose.state:
            raise FormRefused(Refusal.OUTDATED, "it has changed since this form was made")
        self._use(found["once"], found["until"])

    def _use(self, once: str, until: float) -> None:
        with self._lock:
            if once in self._used:
                raise FormRefused(Refusal.REPLAYED, "this form was sent before")
            now = self._now().timestamp()
            kept = {key: end for key, end in self._used.items() if end >= now}
            self._used = {**dict(list(kept.items())[-MOST_USED:]), once: until}

    def _sign(self, kind: str, value: Mapping[str, Any]) -> str | None:
        serializer = self._serializer(kind)
        return None if serializer is None else str(serializer.dumps(dict(value)))

    def _signed(self, kind: str, text: str) -> dict[str, Any] | None:
        serializer = self._serializer(kind)
        try:
            return None if serializer is None else dict(serializer.loads(text))
        except BadData:
            return None

    def _serializer(self, kind: str) -> URLSafeSerializer | None:
        key = self._token.key(f"the page's {kind}")
        return None if key is None else URLSafeSerializer(key, salt=kind, signer_kwargs=SIGNER)


def _document(visitor: Visitor, purpose: Purpose) -> dict[str, str]:
    """Return what of a form must be the very same when it comes back."""
    return {
        "by": visitor.name,
        "session": visitor.session,
        "act": purpose.act.value,
        "record": purpose.record,
    }
