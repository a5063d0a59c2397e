"""The mesh's certificates: made once, renewed in time, accepted by TLS."""

import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from local import certificates
from local.certificates import IDENTITIES, ensure_certificates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ensure_certificates(tmp_path)
    return tmp_path


def load(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def test_every_member_gets_one_and_a_second_call_makes_none(tmp_path: Path) -> None:
    assert ensure_certificates(tmp_path) == ["ca", *IDENTITIES]
    assert ensure_certificates(tmp_path) == []


def test_keys_are_private(folder: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.key")} == {0o600}


def test_names_and_usages(folder: Path) -> None:
    extensions = load(folder, "booking").extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://matinee.local/booking"]
    assert names.get_values_for_type(x509.DNSName) == ["booking", "localhost"]
    usages = list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert usages == [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]


def test_both_sides_of_a_connection_accept_each_other(folder: Path) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.crt"))
    server.load_cert_chain(folder / "booking.crt", folder / "booking.key")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    client.load_cert_chain(folder / "developer.crt", folder / "developer.key")
    # The strict rules of Python 3.13, already today.
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    server.verify_flags |= ssl.VERIFY_X509_STRICT
    subject = shake_hands(client, server, "127.0.0.1")
    assert "developer" in str(subject)


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> object:
    """A handshake in memory; returns what the server knows of the client."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client_side = client.wrap_bio(to_client, to_server, server_hostname=name)
    server_side = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client_side, server_side):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return server_side.getpeercert()


@pytest.mark.parametrize("damage", ["missing key", "broken certificate", "another's key"])
def test_a_damaged_one_is_made_again_and_only_that(folder: Path, damage: str) -> None:
    if damage == "missing key":
        (folder / "ugc.key").unlink()
    elif damage == "broken certificate":
        (folder / "ugc.crt").write_text("nonsense")
    else:
        (folder / "ugc.key").write_bytes((folder / "auth.key").read_bytes())
    assert ensure_certificates(folder) == ["ugc"]


def test_one_that_expires_within_a_month_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "LIFETIME", datetime.timedelta(days=29))
    ensure_certificates(tmp_path)
    monkeypatch.undo()
    assert ensure_certificates(tmp_path) == list(IDENTITIES)


def test_a_new_authority_issues_all_of_them_again(folder: Path) -> None:
    (folder / "ca.key").unlink()
    assert ensure_certificates(folder) == ["ca", *IDENTITIES]
    key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), password=None)
    assert load(folder, "ca").public_key() == key.public_key()
