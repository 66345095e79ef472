"""Bearer tokens from files. A token that cannot be read lets nobody in; there is no way back to open."""

import hashlib
import hmac
import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from receiver.files import Stamp, stamp

log = logging.getLogger(__name__)

LONGEST_TOKEN_BYTES = 4096


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the file held when it had this stamp: the token's digest, or the fault because of which none."""

    stamp: Stamp
    digest: bytes | None
    fault: str | None


class TokenFile:
    """A token that is read anew whenever its file changes, a Kubernetes Secret's swap included."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._reading = self._read(stamp(path))

    @property
    def fault(self) -> str | None:
        """Return why nobody is let in at the moment, None when the token can be read."""
        return self._current().fault

    def admits(self, authorization: str | None) -> bool:
        """Tell whether the value of an Authorization header holds the token; in constant time."""
        scheme, _, presented = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and self.holds(presented.strip().encode("latin-1", "replace"))

    def holds(self, presented: bytes) -> bool:
        """Tell whether this is the token; in constant time."""
        digest = self._current().digest
        return digest is not None and hmac.compare_digest(_digest(presented), digest)

    def key(self, purpose: str) -> bytes | None:
        """Derive a key from the token: the same in every replica, another with another token.

        None while the token cannot be read.
        """
        digest = self._current().digest
        return None if digest is None else hmac.digest(digest, purpose.encode(), "sha256")

    def _current(self) -> _Reading:
        stamped = stamp(self._path)
        if stamped != self._reading.stamp:
            with self._lock:
                self._reading = self._read(stamped)
        return self._reading

    def _read(self, stamped: Stamp) -> _Reading:
        try:
            token = _read_token(self._path)
        except (OSError, ValueError) as e:
            fault = f"cannot read a token from {self._path}: {e}"
            log.error("%s; nobody is let in until it can be read", fault)  # noqa: TRY400
            return _Reading(stamped, None, fault)
        log.info("token read", extra={"file": os.fspath(self._path)})
        return _Reading(stamped, _digest(token), None)


def _read_token(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(LONGEST_TOKEN_BYTES + 1)
    words = content.split()
    if len(content) > LONGEST_TOKEN_BYTES:
        raise ValueError(f"it has more than {LONGEST_TOKEN_BYTES} bytes")
    if len(words) != 1:
        raise ValueError("it must hold one word" if words else "it is empty")
    return words[0]


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
