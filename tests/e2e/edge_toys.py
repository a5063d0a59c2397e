"""An Envoy of its own with small stand-ins for two services; the other three are away."""

import asyncio
import base64
import json
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from google.api import httpbody_pb2
from google.protobuf import empty_pb2, struct_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceServicer, add_AuthServiceServicer_to_server
from matinee.booking.v1 import booking_pb2
from matinee.booking.v1.booking_pb2_grpc import BookingServiceServicer, add_BookingServiceServicer_to_server

from envoy.binary import envoy_binary
from envoy.render import render
from envoy.settings import load_settings
from local.certificates import ensure_certificates
from local.ports import reserved_block

KEY = ec.generate_private_key(ec.SECP256R1())
Context = grpc.aio.ServicerContext[Any, Any]


def token(key: ec.EllipticCurvePrivateKey = KEY, **claims: object) -> str:
    """A token like those of the auth service, with some claims as given."""
    now = int(time.time())
    usual = {"iss": "https://auth.matinee.local", "aud": "matinee", "sub": "somebody", "iat": now, "exp": now + 600}
    return jwt.encode(usual | claims, key, "ES256", headers={"kid": "one"})


class Booking(BookingServiceServicer):
    """Remembers what reached it. The ids and titles say how to answer."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.headers: dict[str, str] = {}

    async def ListAnnouncements(
        self, request: booking_pb2.ListAnnouncementsRequest, context: Context
    ) -> booking_pb2.ListAnnouncementsResponse:
        await context.send_initial_metadata((("x-json-unwrap", "announcements"), ("x-next-page-token", "abc_-=")))
        rows = [booking_pb2.Announcement(id="1", title=request.filter.location, tickets_left=request.filter.tickets)]
        if request.page_size:
            return booking_pb2.ListAnnouncementsResponse()
        return booking_pb2.ListAnnouncementsResponse(announcements=rows, next_page_token="abc_-=")

    async def GetBooking(self, request: booking_pb2.GetBookingRequest, context: Context) -> booking_pb2.BookingDetail:
        self._remember("GetBooking", context)
        if request.booking_id == "unavailable":
            await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        status = struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        return booking_pb2.BookingDetail(id=request.booking_id, author_status=status)

    async def CreateBooking(
        self, request: booking_pb2.CreateBookingRequest, context: Context
    ) -> booking_pb2.BookingDetail:
        self._remember("CreateBooking", context)
        if request.announcement_id == "unavailable":
            await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        if request.announcement_id == "elsewhere":
            await context.send_initial_metadata((("x-http-status", "302"), ("location", "http://localhost/there")))
        return booking_pb2.BookingDetail(announcement_id=request.announcement_id)

    def _remember(self, rpc: str, context: Context) -> None:
        self.calls[rpc] += 1
        self.headers = {key: str(value) for key, value in context.invocation_metadata() or ()}


class Auth(AuthServiceServicer):
    """Has a key, and lets everybody in."""

    async def Register(self, request: auth_pb2.RegisterRequest, context: Context) -> auth_pb2.User:
        return auth_pb2.User()

    async def Login(self, request: auth_pb2.LoginRequest, context: Context) -> auth_pb2.Tokens:
        return auth_pb2.Tokens()

    async def GetJwks(self, request: empty_pb2.Empty, context: Context) -> httpbody_pb2.HttpBody:
        numbers = KEY.public_key().public_numbers()
        point = {
            name: base64.urlsafe_b64encode(value.to_bytes(32, "big")).rstrip(b"=").decode()
            for name, value in (("x", numbers.x), ("y", numbers.y))
        }
        key = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "one", **point}
        return httpbody_pb2.HttpBody(content_type="application/json", data=json.dumps({"keys": [key]}).encode())


@dataclass(frozen=True)
class Edge:
    """The running edge."""

    port: int
    admin: int
    booking: Booking
    health: health.aio.HealthServicer
    http: httpx.AsyncClient

    async def busy(self, service: str) -> int:
        """How many calls Envoy has open at a service."""
        return await self.count(f"cluster.{service}.upstream_rq_active")

    async def count(self, name: str) -> int:
        """One of Envoy's own statistics."""
        async with httpx.AsyncClient(trust_env=False) as http:
            stats = await http.get(f"http://127.0.0.1:{self.admin}/stats?filter=^{name}$")
        return int(stats.text.split()[-1])


@asynccontextmanager
async def running_edge(
    folder: Path, *, with_keys: bool = True, ready_from: str = "", **given: object
) -> AsyncIterator[Edge]:
    """Envoy with some settings as given, a booking service, and an auth service that can be left out.

    Behind a proxy, who waits until it is ready comes from the address `ready_from`.
    """
    ensure_certificates(folder)
    with reserved_block() as base:
        port, ports = base, {"auth": base + 10, "booking": base + 40}
        # Abstract in the stubs' eyes: the other RPCs are never called.
        booking, serving = Booking(), health.aio.HealthServicer()  # type: ignore[abstract]
        servers = [_server(folder, "booking", ports["booking"], serving)]
        add_BookingServiceServicer_to_server(booking, servers[0])
        if with_keys:
            servers.append(_server(folder, "auth", ports["auth"], serving))
            add_AuthServiceServicer_to_server(Auth(), servers[1])  # type: ignore[abstract]
        await serving.set("", health_pb2.HealthCheckResponse.SERVING)
        for server in servers:
            await server.start()
        process = _start_envoy(folder, port, base, given)
        certificate = given.get("edge_tls_certificate")
        url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        trusted = ssl.create_default_context(cafile=str(certificate)) if certificate else False
        try:
            async with httpx.AsyncClient(base_url=url, timeout=10, trust_env=False, verify=trusted) as http:
                await _until_ready(http, with_keys, ready_from)
                yield Edge(port, base + 3, booking, serving, http)
        finally:
            process.terminate()
            process.wait(10)
            for server in servers:
                await server.stop(None)


def _server(folder: Path, name: str, port: int, serving: health.aio.HealthServicer) -> grpc.aio.Server:
    key, certificate, authorities = ((folder / name / file).read_bytes() for file in ("tls.key", "tls.crt", "ca.crt"))
    credentials = grpc.ssl_server_credentials([(key, certificate)], authorities, True)
    server = grpc.aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(serving, server)
    server.add_secure_port(f"127.0.0.1:{port}", credentials)
    return server


def _start_envoy(folder: Path, port: int, base: int, given: dict[str, object]) -> subprocess.Popen[bytes]:
    targets = {
        f"{name}_target": f"127.0.0.1:{base + offset}"
        for name, offset in (("auth", 10), ("movie", 20), ("ugc", 30), ("booking", 40), ("notify", 50))
    }
    settings = load_settings(
        edge_host="127.0.0.1",
        edge_port=port,
        envoy_admin_port=base + 3,
        tls_ca=folder / "envoy" / "ca.crt",
        tls_certificate=folder / "envoy" / "tls.crt",
        tls_key=folder / "envoy" / "tls.key",
        **targets,
        **given,
    )
    config = render(settings, folder)
    flags = ["--disable-hot-restart", "--concurrency", "1", "--log-level", "off"]
    with (folder / "access.log").open("wb") as log:
        return subprocess.Popen([str(envoy_binary()), "-c", str(config), *flags], stdout=log, stderr=log)


async def _until_ready(http: httpx.AsyncClient, with_keys: bool, address: str) -> None:
    headers = {"authorization": f"Bearer {token()}"} if with_keys else {}
    headers |= {"x-forwarded-for": address} if address else {}
    for _ in range(100):
        try:
            if (await http.get("/app/v1/booking/x", headers=headers)).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("the edge does not come up")
