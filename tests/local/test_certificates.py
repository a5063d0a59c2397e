"""The mesh's certificates: made once, renewed in time, accepted by TLS."""

import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from local import pairs
from local.certificates import IDENTITIES, ensure_certificates, renew_certificates, replace_authority


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ensure_certificates(tmp_path)
    return tmp_path


def load(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / name / "tls.crt").read_bytes())


def test_every_member_gets_one_and_a_second_call_makes_none(tmp_path: Path) -> None:
    assert ensure_certificates(tmp_path) == ["authority", *IDENTITIES]
    assert ensure_certificates(tmp_path) == []


def test_keys_are_private(folder: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*/*.key")} == {0o600}


def test_names_and_usages(folder: Path) -> None:
    extensions = load(folder, "booking").extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://matinee.local/booking"]
    assert names.get_values_for_type(x509.DNSName) == ["booking", "localhost"]
    usages = list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert usages == [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]


def test_both_sides_of_a_connection_accept_each_other(folder: Path) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "auth" / "ca.crt"))
    server.load_cert_chain(folder / "booking" / "tls.crt", folder / "booking" / "tls.key")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=str(folder / "auth" / "ca.crt"))
    client.load_cert_chain(folder / "developer" / "tls.crt", folder / "developer" / "tls.key")
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
        (folder / "ugc" / "tls.key").unlink()
    elif damage == "broken certificate":
        (folder / "ugc" / "tls.crt").write_text("nonsense")
    else:
        (folder / "ugc" / "tls.key").write_bytes((folder / "auth" / "tls.key").read_bytes())
    assert ensure_certificates(folder) == ["ugc"]


def test_one_that_expires_within_a_month_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "LIFETIME", datetime.timedelta(days=29))
    ensure_certificates(tmp_path)
    monkeypatch.undo()
    assert ensure_certificates(tmp_path) == list(IDENTITIES)


def test_a_lost_authority_is_replaced_and_issues_all_of_them_again(folder: Path) -> None:
    (folder / "authority" / "tls.key").unlink()
    assert ensure_certificates(folder) == ["authority", *IDENTITIES]
    key = serialization.load_pem_private_key((folder / "authority" / "tls.key").read_bytes(), password=None)
    assert load(folder, "authority").public_key() == key.public_key()


def test_renewing_gives_everybody_another_certificate_of_the_same_authority(folder: Path) -> None:
    before, trusted = serials(folder), (folder / "auth" / "ca.crt").read_bytes()
    renew_certificates(folder)
    assert not before & serials(folder)
    assert (folder / "auth" / "ca.crt").read_bytes() == trusted


def test_an_authority_takes_over_in_steps_that_always_trust_who_signed_what_is_shown(folder: Path) -> None:
    first = load(folder, "authority").subject
    seen = []

    def note(_: str = "") -> None:
        trusted = x509.load_pem_x509_certificates((folder / "ugc" / "ca.crt").read_bytes())
        seen.append(
            (load(folder, "booking").issuer == first, first in [each.subject for each in trusted], len(trusted))
        )

    note()
    replace_authority(folder, note)
    note()
    assert seen == [(True, True, 1), (True, True, 2), (False, True, 2), (False, False, 1)]


@pytest.mark.parametrize("step", [1, 2])
def test_a_change_of_authority_that_was_interrupted_goes_on_where_it_was(folder: Path, step: int) -> None:
    trusted = []

    def interrupt(_: str) -> None:
        trusted.append((folder / "ugc" / "ca.crt").read_bytes())
        if len(trusted) == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_authority(folder, interrupt)
    assert ensure_certificates(folder) == []
    replace_authority(folder, lambda _: None)
    now = (folder / "ugc" / "ca.crt").read_bytes()
    assert now in trusted[0]
    assert len(now) < len(trusted[0])


def serials(folder: Path) -> set[int]:
    """Of all members' certificates."""
    return {load(folder, name).serial_number for name in IDENTITIES}
