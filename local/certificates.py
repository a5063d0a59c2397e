"""The mesh's own certificate authority, and a certificate per service: `python -m local.certificates FOLDER`."""

import argparse
import datetime
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.home import write_private
from local.services import NAMES

IDENTITIES = (*NAMES, "envoy", "developer", "bench")
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


def ensure_certificates(folder: Path) -> list[str]:
    """Makes what is missing, broken or about to expire, and returns the names of what was made."""
    authority = _read(folder, "ca")
    made = []
    if authority is None or _stale(authority):
        authority = _make_authority()
        _write(folder, "ca", authority)
        made.append("ca")
    for name in IDENTITIES:
        pair = _read(folder, name)
        if pair is None or _stale(pair) or not _issued_by(pair, authority) or not _names_match(pair, name):
            _write(folder, name, _issue(name, authority))
            made.append(name)
    return made


def spiffe_id(name: str) -> str:
    """The name by which a member of the mesh knows another."""
    return f"spiffe://matinee.local/{name}"


def _make_authority() -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject("Matinee local authority")
    builder = (
        _builder(subject, subject, key, CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
    )
    return Pair(builder.sign(key, hashes.SHA256()), key)


def _issue(name: str, authority: Pair) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _builder(_subject(name), issuer.subject, key, LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(usages, critical=False)
        .add_extension(x509.SubjectAlternativeName(list(_alternative_names(name))), critical=False)
        .add_extension(authority_key, critical=False)
    )
    return Pair(builder.sign(authority.key, hashes.SHA256()), key)


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


def _alternative_names(name: str) -> Iterator[x509.GeneralName]:
    yield x509.UniformResourceIdentifier(spiffe_id(name))
    # Python's clients refuse a certificate that has no DNS name.
    yield x509.DNSName(name)
    yield x509.DNSName("localhost")
    yield x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


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


def _stale(pair: Pair) -> bool:
    now = datetime.datetime.now(datetime.UTC)
    certificate = pair.certificate
    return not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE


def _issued_by(pair: Pair, authority: Pair) -> bool:
    try:
        pair.certificate.verify_directly_issued_by(authority.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _names_match(pair: Pair, name: str) -> bool:
    try:
        names = pair.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    return list(names) == list(_alternative_names(name))


def _read(folder: Path, name: str) -> Pair | None:
    """The pair from the folder, or None if it is missing, unreadable or does not belong together."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())
        key = serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return Pair(certificate, key)


def _write(folder: Path, name: str, pair: Pair) -> None:
    key = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(folder / f"{name}.key", key.decode())
    write_private(folder / f"{name}.crt", pair.certificate.public_bytes(serialization.Encoding.PEM).decode())


def main() -> None:
    """The command line, for where `make up` is not used."""
    parser = argparse.ArgumentParser(
        prog="python -m local.certificates",
        description="Makes the mesh's certificates: what is missing, broken or about to expire; the others stay.",
    )
    parser.add_argument("folder", type=Path, help="where ca.crt, ca.key and a pair of files per service lie")
    folder: Path = parser.parse_args().folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = ensure_certificates(folder)
    except OSError as error:
        raise SystemExit(f"cannot write the certificates: {error}") from None
    print(f"made: {', '.join(made)}" if made else "all certificates are good")


if __name__ == "__main__":
    main()
