"""TLS for our own port: the certificate, its key and the clients' CA, read anew whenever their files change.

A pair that cannot be used never replaces one that can: cert-manager, or a person, writes one file after the
other. Nothing here speaks to a client; receiver.web.worker does.
"""

import logging
import os
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

from receiver import metrics
from receiver.files import Stamp, stamp
from receiver.web.sockets import BoundedTlsSocket

log = logging.getLogger(__name__)


class TlsError(Exception):
    """The files cannot be used; the message names one of them, and why."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the certificate with its chain, its key, and the CAs of clients. None: clients need none."""

    cert: Path
    key: Path
    client_ca: Path | None = None


class Certificates:
    """The TLS context of the files as they stand, or as they last could be used."""

    def __init__(self, files: TlsFiles) -> None:
        """Read them for the first time.

        Raises:
            TlsError: they cannot be used.
        """
        self.files = files
        self._lock = threading.Lock()
        self._seen = self._stamped()
        self._context = _read(files)
        metrics.TLS_LAST_RELOAD_SUCCESSFUL.set(1)

    def context(self) -> ssl.SSLContext:
        """Return the context for a new connection; called by many threads at once."""
        with self._lock:
            stamped = self._stamped()
            if stamped != self._seen:
                # Remembered before they are read: what changes meanwhile is seen the next time.
                self._seen = stamped
                self._renew()
            return self._context

    def _renew(self) -> None:
        try:
            self._context = _read(self.files)
        except TlsError as e:
            metrics.TLS_LAST_RELOAD_SUCCESSFUL.set(0)
            log.error("%s; the certificate read before stays in use", e)  # noqa: TRY400
        else:
            metrics.TLS_LAST_RELOAD_SUCCESSFUL.set(1)
            log.info("certificate read", extra={"file": os.fspath(self.files.cert)})

    def _stamped(self) -> tuple[Stamp, ...]:
        files = (self.files.cert, self.files.key, self.files.client_ca)
        return tuple(stamp(file) for file in files if file is not None)


def _read(files: TlsFiles) -> ssl.SSLContext:
    """Make a new context: its session tickets end with the old one's, and no CA of before is left in it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslsocket_class = BoundedTlsSocket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(files.cert, files.key, password=_no_passphrase)
    except (OSError, ValueError) as e:
        raise TlsError(f"cannot use certificate {files.cert} with key {files.key}: {_why(e)}") from e
    if files.client_ca is not None:
        _ask_clients(context, files.client_ca)
    return context


def _ask_clients(context: ssl.SSLContext, client_ca: Path) -> None:
    """Have clients show a certificate; one that these CAs did not sign ends the handshake.

    Whoever shows none comes as far as receiver.web.access: a kubelet has none to probe our health with.
    """
    try:
        context.load_verify_locations(client_ca)
    except OSError as e:
        raise TlsError(f"cannot use the clients' CA {client_ca}: {_why(e)}") from e
    context.verify_mode = ssl.CERT_OPTIONAL


def _no_passphrase() -> str:
    """Keep OpenSSL from asking for one on the terminal."""
    raise ValueError("the key has a passphrase: write it without one")


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        fault = error.reason or "no certificate"
        return "they are no pair" if fault == "KEY_VALUES_MISMATCH" else f"not a whole PEM file ({fault})"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
