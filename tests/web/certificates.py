"""Certificates made for a test, and a server that uses them."""

import http.client
import socket
import ssl
from pathlib import Path

import trustme

from receiver.web.tls import TlsFiles
from tests.web.rotation import put

NAME = "localhost"


class Party:
    """A CA, and the files in which a server's certificate of it lies."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.files = TlsFiles(folder / "tls.crt", folder / "tls.key")
        self.renew()

    def renew(self, ca: trustme.CA | None = None) -> None:
        """Write another certificate and its key, each file at once."""
        issued = (ca or self.ca).issue_cert(NAME)
        put(self.files.key, issued.private_key_pem.bytes())
        put(self.files.cert, b"".join(blob.bytes() for blob in issued.cert_chain_pems))

    def environment(self, client_ca: Path | None = None) -> dict[str, str]:
        """Return what the stub server reads of it."""
        files = {"TLS_CERT": str(self.files.cert), "TLS_KEY": str(self.files.key)}
        return files if client_ca is None else {**files, "TLS_CLIENT_CA": str(client_ca)}

    def client(self, issuer: trustme.CA | None = None) -> ssl.SSLContext:
        """Return the context of a client that trusts this CA and shows a certificate of `issuer`'s."""
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        if issuer is not None:
            issuer.issue_cert("alertmanager").configure_cert(context)
        return context


def serial(port: int, context: ssl.SSLContext) -> str:
    """Return the serial number of the certificate that a new connection gets."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as connection,
    ):
        certificate = connection.getpeercert()
        assert certificate
        return str(certificate["serialNumber"])


def https(port: int, context: ssl.SSLContext) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(NAME, port, timeout=60, context=context)


def get(port: int, context: ssl.SSLContext, path: str) -> tuple[int, str]:
    client = https(port, context)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        return answer.status, answer.read().decode()
    finally:
        client.close()
