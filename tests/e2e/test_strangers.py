"""Who has no certificate of a member of the mesh gets nothing from a service's own port, whatever he calls."""

import asyncio
import datetime
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from google.protobuf.empty_pb2 import Empty
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub

from local.mesh import Mesh
from local.pairs import Pair, issue, make_authority
from local.processes import targets, tls_environment
from local.services import get_service
from mesh.channel import connect
from mesh.errors import Unavailable
from mesh.settings import ProcessSettings

AUTH = auth_pb2.DESCRIPTOR.services_by_name["AuthService"]
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def authority(mesh: Mesh) -> Pair:
    """The mesh's own."""
    folder = mesh.home.certificates / "authority"
    pair = Pair.read(folder / "tls.crt", folder / "tls.key")
    assert pair is not None
    return pair


def trusted(mesh: Mesh) -> bytes:
    return (mesh.home.certificates / "developer" / "ca.crt").read_bytes()


def port(mesh: Mesh, service: str = "auth") -> int:
    return mesh.settings.ports(get_service(service))[0]


def channel(mesh: Mesh, pair: Pair | None) -> grpc.aio.Channel:
    """To the auth service, with this certificate."""
    credentials = (
        grpc.ssl_channel_credentials(trusted(mesh), pair.key_pem, pair.certificate_pem)
        if pair
        else grpc.ssl_channel_credentials(trusted(mesh))
    )
    return grpc.aio.secure_channel(f"127.0.0.1:{port(mesh)}", credentials)


async def code(opened: grpc.aio.Channel) -> grpc.StatusCode:
    """How a call that anybody may make ends."""
    async with opened:
        try:
            await AuthServiceStub(opened).GetJwks(Empty(), timeout=10)
        except grpc.aio.AioRpcError as error:
            return error.code()
    return grpc.StatusCode.OK


def expired(mesh: Mesh) -> Pair:
    return issue(authority(mesh), "booking", lifetime=datetime.timedelta(seconds=-1))


def foreign(_: Mesh) -> Pair:
    return issue(make_authority(), "booking")


def self_signed(_: Mesh) -> Pair:
    return make_authority()


async def test_a_member_gets_in(mesh: Mesh) -> None:
    assert await code(channel(mesh, issue(authority(mesh), "developer"))) == grpc.StatusCode.OK


async def test_plaintext_is_refused(mesh: Mesh) -> None:
    assert await code(grpc.aio.insecure_channel(f"127.0.0.1:{port(mesh)}")) == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("first", [PREFACE, b"GET / HTTP/1.1\r\nhost: auth\r\n\r\n", b"\x16\x03\x01\x00\x05nonse"])
async def test_what_is_not_tls_gets_no_answer_in_http(mesh: Mesh, first: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port(mesh))
    writer.write(first)
    # At most an alert of TLS, which begins with 21.
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    assert answer[:1] in (b"", b"\x15")


@pytest.mark.parametrize("stranger", [expired, foreign, self_signed])
async def test_a_certificate_that_our_authority_does_not_stand_for_gets_no_connection(
    mesh: Mesh, stranger: Callable[[Mesh], Pair]
) -> None:
    assert await code(channel(mesh, stranger(mesh))) == grpc.StatusCode.UNAVAILABLE


async def test_without_a_certificate_there_is_no_connection(mesh: Mesh) -> None:
    assert await code(channel(mesh, None)) == grpc.StatusCode.UNAVAILABLE


def uri(*names: str) -> list[x509.GeneralName]:
    return [x509.DNSName("booking"), *(x509.UniformResourceIdentifier(name) for name in names)]


NAMES = {
    "no name": uri(),
    "no SPIFFE name": uri("https://matinee.local/booking"),
    "another trust domain": uri("spiffe://matinee.example/booking"),
    "a domain that begins like ours": uri("spiffe://matinee.local.example/booking"),
    "nobody": uri("spiffe://matinee.local/"),
    "a member's path": uri("spiffe://matinee.local/booking/more"),
    "not a member": uri("spiffe://matinee.local/stranger"),
    "two names": uri("spiffe://matinee.local/booking", "spiffe://matinee.local/notify"),
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES.keys())
async def test_our_authority_alone_makes_nobody_a_member(mesh: Mesh, names: list[x509.GeneralName]) -> None:
    pair = issue(authority(mesh), "booking", names)
    assert await code(channel(mesh, pair)) == grpc.StatusCode.PERMISSION_DENIED


async def test_who_is_no_member_does_not_learn_what_is_served(mesh: Mesh) -> None:
    async with channel(mesh, issue(authority(mesh), "booking", NAMES["not a member"])) as opened:
        with pytest.raises(grpc.aio.AioRpcError) as health:
            await health_pb2_grpc.HealthStub(opened).Check(health_pb2.HealthCheckRequest(), timeout=10)
        listing = reflection_pb2_grpc.ServerReflectionStub(opened).ServerReflectionInfo(
            iter([reflection_pb2.ServerReflectionRequest(list_services="")])
        )
        with pytest.raises(grpc.aio.AioRpcError) as reflection:
            await listing.read()
    assert health.value.code() == grpc.StatusCode.PERMISSION_DENIED
    # Of a stream that is refused while the caller still sends, gRPC may tell the hanging up instead of the status.
    assert reflection.value.code() in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.INTERNAL)


async def test_the_certificate_of_one_service_does_not_serve_as_another(mesh: Mesh) -> None:
    files = {key.lower(): Path(path) for key, path in tls_environment(mesh.settings, "booking").items()}
    settings = ProcessSettings.model_validate({"listen": "127.0.0.1:1", **files})
    async with connect(settings, "auth", targets(mesh.settings)["movie"], AUTH) as opened:
        with pytest.raises(Unavailable):
            await AuthServiceStub(opened).GetJwks(Empty())


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_only_modern_tls_is_spoken(mesh: Mesh) -> None:
    folder = mesh.home.certificates / "developer"
    versions = {}
    for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
        # Python's own defaults leave 1.1 out.
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        versions[version.name] = handshake(context, port(mesh))
    assert versions == {"TLSv1_1": "", "TLSv1_2": "ECDHE", "TLSv1_3": "TLS"}


def handshake(context: ssl.SSLContext, to: int) -> str:
    """The beginning of the cipher's name; empty if there is no agreement."""
    with socket.create_connection(("127.0.0.1", to), timeout=10) as connection:
        try:
            with context.wrap_socket(connection, server_hostname="auth") as tls:
                cipher = tls.cipher()
                return cipher[0].partition("-")[0].partition("_")[0] if cipher else ""
        except (ssl.SSLError, ConnectionError):
            return ""
