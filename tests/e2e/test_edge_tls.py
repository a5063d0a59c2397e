"""The public door with TLS: what it speaks, and that a new certificate is used at once."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from matinee.booking.v1 import booking_pb2
from matinee.booking.v1.booking_pb2_grpc import BookingServiceStub

from tests.e2e.edge_toys import Edge, running_edge, token
from tests.e2e.faults import until


def write_pair(folder: Path) -> int:
    """Renames a new certificate for 127.0.0.1 and its key into place; returns its serial number."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    place(folder / "door.key", pem(key))
    place(folder / "door.crt", certificate.public_bytes(serialization.Encoding.PEM))
    return certificate.serial_number


def place(path: Path, content: bytes) -> None:
    """Puts a file where it belongs in one step."""
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.rename(path)


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A key as its file holds it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pair")
    write_pair(folder)
    return folder


@pytest_asyncio.fixture(scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory, pair: Path) -> AsyncIterator[Edge]:
    files: dict[str, Any] = {"edge_tls_certificate": pair / "door.crt", "edge_tls_key": pair / "door.key"}
    async with running_edge(tmp_path_factory.mktemp("edge"), **files) as running:
        yield running


def shake_hands(edge: Edge, context: ssl.SSLContext) -> ssl.SSLSocket:
    """A connection with what the context allows."""
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", edge.port), 5))


def serial_now(edge: Edge) -> int:
    """The serial number of the certificate that a new connection gets."""
    with shake_hands(edge, ssl.create_default_context()) as connection:
        return x509.load_der_x509_certificate(connection.getpeercert(True) or b"").serial_number


async def refused_pairs(edge: Edge) -> int:
    """How often Envoy has found a pair that does not fit."""
    return await edge.count("sds.edge.key_rotation_failed")


async def test_json_is_served_with_a_token_and_browsers_are_told_to_stay_with_tls(edge: Edge) -> None:
    answer = await edge.http.get("/app/v1/booking/x", headers={"authorization": f"Bearer {token()}"})
    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_grpc_is_served(edge: Edge, pair: Path) -> None:
    credentials = grpc.ssl_channel_credentials((pair / "door.crt").read_bytes())
    async with grpc.aio.secure_channel(f"127.0.0.1:{edge.port}", credentials) as channel:
        answer = await BookingServiceStub(channel).GetBooking(booking_pb2.GetBookingRequest(booking_id="x"))
    assert answer.id == "x"


@pytest.mark.parametrize("protocol", ["h2", "http/1.1"])
async def test_a_caller_chooses_between_both_versions_of_http(edge: Edge, protocol: str) -> None:
    context = ssl.create_default_context()
    context.set_alpn_protocols([protocol])
    with shake_hands(edge, context) as connection:
        assert connection.selected_alpn_protocol() == protocol


async def test_plain_http_is_not_spoken(edge: Edge) -> None:
    with socket.create_connection(("127.0.0.1", edge.port), 5) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b"HTTP" not in connection.recv(100)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_old_versions_are_refused(edge: Edge, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = version, version
    with pytest.raises(ssl.SSLError):
        shake_hands(edge, context)


@pytest.mark.parametrize("cipher", ["AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA"])
async def test_weak_ciphers_are_refused(edge: Edge, cipher: str) -> None:
    context = ssl.create_default_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{cipher}:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        shake_hands(edge, context)


async def test_a_cipher_of_today_is_taken_with_the_older_version(edge: Edge) -> None:
    context = ssl.create_default_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with shake_hands(edge, context) as connection:
        assert connection.version() == "TLSv1.2"


async def test_a_new_certificate_is_used_without_a_failed_request(edge: Edge, pair: Path) -> None:
    stop = asyncio.Event()

    async def ask() -> set[int]:
        seen = set()
        while not stop.is_set():
            seen.add((await edge.http.get("/app/v1/booking/x")).status_code)
        return seen

    asking = asyncio.create_task(ask())
    serial = write_pair(pair)

    async def is_used() -> bool:
        return await asyncio.to_thread(serial_now, edge) == serial

    await until(is_used, "a new connection gets the new certificate", 5)
    stop.set()
    assert await asking == {200}


async def test_a_key_that_does_not_fit_is_passed_over(edge: Edge, pair: Path) -> None:
    before, failed = serial_now(edge), await refused_pairs(edge)
    other = ec.generate_private_key(ec.SECP256R1())
    place(pair / "door.key", pem(other))

    async def is_looked_at() -> bool:
        return await refused_pairs(edge) > failed

    await until(is_looked_at, "the pair is looked at", 5)
    assert serial_now(edge) == before
    whole = write_pair(pair)

    async def is_used() -> bool:
        return await asyncio.to_thread(serial_now, edge) == whole

    await until(is_used, "the next pair is used", 5)


def test_half_a_pair_is_refused(tmp_path: Path, pair: Path) -> None:
    given = {"EDGE_PORT": "1", "ENVOY_ADMIN_PORT": "2", "EDGE_TLS_KEY": str(pair / "door.key")}
    given |= {name: str(pair / "door.crt") for name in ("TLS_CA", "TLS_CERTIFICATE", "TLS_KEY")}
    given |= {f"{name}_TARGET": "127.0.0.1:3" for name in ("AUTH", "MOVIE", "UGC", "BOOKING", "NOTIFY")}
    command = [sys.executable, "-m", "envoy.render", "--out", str(tmp_path)]
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("EDGE_TLS_CERTIFICATE and EDGE_TLS_KEY belong together")
