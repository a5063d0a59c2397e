"""Certificates with their keys: made, signed by an authority, read and judged."""

import datetime
import ipaddress
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

RENEW_BEFORE = datetime.timedelta(days=30)
CA_LIFETIME = datetime.timedelta(days=3650)
LIFETIME = datetime.timedelta(days=365)
# Clocks of one machine's containers differ by seconds, not by minutes.
BACKDATED = datetime.timedelta(minutes=5)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def read(cls, certificate_file: Path, key_file: Path) -> Self | None:
        """From PEM files, or None if one is missing, unreadable or not the other's."""
        try:
            certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
            key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        except (OSError, ValueError, TypeError):
            return None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            return None
        return cls(certificate, key)

    @property
    def certificate_pem(self) -> bytes:
        """What may be shown to everybody."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """What only its owner may read."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def is_stale(self) -> bool:
        """Whether it is expired, or will be within a month."""
        now = datetime.datetime.now(datetime.UTC)
        return not self.certificate.not_valid_before_utc <= now < self.certificate.not_valid_after_utc - RENEW_BEFORE

    def is_issued_by(self, authority: "Pair") -> bool:
        """Whether the authority signed it."""
        try:
            self.certificate.verify_directly_issued_by(authority.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def has_names_of(self, name: str) -> bool:
        """Whether it has exactly the names that `name` gets."""
        try:
            names = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return False
        return list(names) == list(alternative_names(name))


def spiffe_id(name: str) -> str:
    """The name by which a member of the mesh knows another."""
    return f"spiffe://matinee.local/{name}"


def make_authority() -> Pair:
    """A new authority, which trusts nobody but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    # Two that are trusted at the same time are told apart.
    subject = _subject(f"Matinee local authority {secrets.token_hex(4)}")
    builder = (
        _builder(subject, subject, key, CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
    )
    return Pair(builder.sign(key, hashes.SHA256()), key)


def issue(
    authority: Pair, name: str, names: list[x509.GeneralName] | None = None, lifetime: datetime.timedelta | None = None
) -> Pair:
    """A certificate with a key of its own; with the names of the member `name` unless others are given."""
    key = ec.generate_private_key(ec.SECP256R1())
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    subject_names = x509.SubjectAlternativeName(names if names is not None else list(alternative_names(name)))
    builder = (
        _builder(_subject(name), authority.certificate.subject, key, lifetime or LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(usages, critical=False)
        .add_extension(subject_names, critical=False)
        .add_extension(authority_key, critical=False)
    )
    return Pair(builder.sign(authority.key, hashes.SHA256()), key)


def alternative_names(name: str) -> Iterator[x509.GeneralName]:
    """The names of a member of the mesh."""
    yield x509.UniformResourceIdentifier(spiffe_id(name))
    # Python's clients refuse a certificate that has no DNS name.
    yield x509.DNSName(name)
    yield x509.DNSName("localhost")
    yield x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, lifetime: datetime.timedelta
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
