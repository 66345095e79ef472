"""The certificate's files: what is read, when again, and what is said of one that cannot be used."""

import logging
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from receiver import metrics
from receiver.web.tls import Certificates, TlsError, TlsFiles
from tests.web.certificates import Party
from tests.web.rotation import put


@pytest.fixture
def party(tmp_path: Path) -> Party:
    return Party(tmp_path)


def told() -> float | None:
    return metrics.REGISTRY.get_sample_value("rollback_receiver_tls_last_reload_successful")


def test_files_that_stay_are_read_once(party: Party) -> None:
    certificates = Certificates(party.files)
    assert certificates.context() is certificates.context()


def test_a_new_pair_is_used_for_new_connections(party: Party) -> None:
    certificates = Certificates(party.files)
    before = certificates.context()
    party.renew()
    assert certificates.context() is not before
    assert told() == 1


def cut(party: Party) -> None:
    put(party.files.cert, party.files.cert.read_bytes()[:300])


def of_another_key(party: Party) -> None:
    put(party.files.key, trustme.CA().issue_cert("other").private_key_pem.bytes())


def gone(party: Party) -> None:
    party.files.key.unlink()


def empty(party: Party) -> None:
    put(party.files.cert, b"")


def with_a_passphrase(party: Party) -> None:
    key = serialization.load_pem_private_key(party.files.key.read_bytes(), None)
    how = serialization.BestAvailableEncryption(b"x")
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    put(party.files.key, key.private_bytes(pem, form, how))


NO_PEM = "not a whole PEM file"
BROKEN = [
    pytest.param(cut, NO_PEM, id="cut off"),
    pytest.param(of_another_key, "they are no pair", id="key of another"),
    pytest.param(gone, "No such file or directory", id="gone"),
    pytest.param(empty, NO_PEM, id="empty"),
    pytest.param(with_a_passphrase, "the key has a passphrase: write it without one", id="passphrase"),
]


@pytest.mark.parametrize(("damage", "why"), BROKEN)
def test_a_broken_pair_leaves_the_old_one_in_use(
    party: Party, caplog: pytest.LogCaptureFixture, damage: Callable[[Party], None], why: str
) -> None:
    """Said once, in the log and the metric, until the files change again."""
    certificates = Certificates(party.files)
    before = certificates.context()
    damage(party)
    assert certificates.context() is before
    assert certificates.context() is before
    assert told() == 0
    (line,) = caplog.messages
    assert line.startswith(f"cannot use certificate {party.files.cert} with key {party.files.key}: ")
    assert why in line
    assert line.endswith("; the certificate read before stays in use")
    party.renew()
    assert certificates.context() is not before
    assert told() == 1


@pytest.mark.parametrize(("damage", "why"), BROKEN)
def test_nothing_starts_with_a_broken_pair(party: Party, damage: Callable[[Party], None], why: str) -> None:
    """There is no way back to plain HTTP."""
    damage(party)
    with pytest.raises(TlsError, match=why):
        Certificates(party.files)


def test_a_pair_that_is_written_one_after_the_other_is_used_when_it_fits(party: Party) -> None:
    """As a person copies them."""
    certificates = Certificates(party.files)
    before = certificates.context()
    issued = party.ca.issue_cert("localhost")
    put(party.files.cert, issued.cert_chain_pems[0].bytes())
    assert certificates.context() is before
    put(party.files.key, issued.private_key_pem.bytes())
    assert certificates.context() is not before


def test_a_secrets_swap_is_a_change(tmp_path: Path, party: Party) -> None:
    """A mounted Secret's files are links through `..data`, and that link alone is replaced."""
    for version in ("one", "two"):
        (tmp_path / version).mkdir()
        party.renew()
        for name in ("tls.crt", "tls.key"):
            (tmp_path / version / name).write_bytes((tmp_path / name).read_bytes())
    (tmp_path / "..data").symlink_to("one")
    certificates = Certificates(TlsFiles(tmp_path / "..data/tls.crt", tmp_path / "..data/tls.key"))
    before = certificates.context()
    (tmp_path / "..new").symlink_to("two")
    (tmp_path / "..new").replace(tmp_path / "..data")
    assert certificates.context() is not before


def test_clients_ca_is_read_anew_and_those_of_before_are_gone(tmp_path: Path, party: Party) -> None:
    clients = tmp_path / "clients.pem"
    put(clients, trustme.CA().cert_pem.bytes())
    certificates = Certificates(TlsFiles(party.files.cert, party.files.key, clients))
    before = certificates.context().get_ca_certs()
    put(clients, trustme.CA().cert_pem.bytes())
    after = certificates.context().get_ca_certs()
    assert len(before) == len(after) == 1
    assert before != after


def test_a_clients_ca_that_is_none_is_refused(tmp_path: Path, party: Party) -> None:
    """An empty file would let nobody in, or anybody."""
    clients = tmp_path / "clients.pem"
    clients.write_text("")
    with pytest.raises(TlsError, match=f"cannot use the clients' CA {clients}: "):
        Certificates(TlsFiles(party.files.cert, party.files.key, clients))


def test_old_versions_of_tls_are_not_spoken(party: Party, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    context = Certificates(party.files).context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_NONE
