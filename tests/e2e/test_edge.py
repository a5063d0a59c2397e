"""The edge before the real services."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from matinee.booking.v1 import booking_pb2
from matinee.booking.v1.booking_pb2_grpc import BookingServiceStub

from local.mesh import Mesh


def address(mesh: Mesh) -> str:
    return f"{mesh.settings.edge_host}:{mesh.settings.edge_port}"


@pytest.fixture(scope="module")
def http(mesh: Mesh) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{address(mesh)}", timeout=10, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def bearer(http: httpx.Client) -> str:
    """The header of somebody who has just signed up."""
    account = {"email": f"{secrets.token_hex(8)}@example.com", "password": secrets.token_hex(8)}
    assert http.post("/auth/v1/register/", json={**account, "name": "Anna"}).status_code == 200
    return f"Bearer {http.post('/auth/v1/login/', json=account).json()['access_token']}"


def test_everything_serves(http: httpx.Client) -> None:
    answer = http.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "SERVING"})


def test_the_keys_are_public_whatever_token_comes_along(http: httpx.Client) -> None:
    answer = http.get("/.well-known/jwks.json", headers={"authorization": "Bearer garbage"})
    assert answer.status_code == 200
    assert answer.json()["keys"]


def test_a_missing_token_is_refused_by_the_service(http: httpx.Client) -> None:
    answer = http.get("/app/v1/bookings")
    assert (answer.status_code, answer.json()["code"]) == (401, 16)
    assert answer.json()["details"][0]["reason"] == "TOKEN_MISSING"


def test_a_token_opens_the_door(http: httpx.Client, bearer: str) -> None:
    answer = http.get("/app/v1/bookings?filter%5Bself%5D=guest", headers={"authorization": bearer})
    assert (answer.status_code, answer.json()) == (200, [])


async def test_grpc_goes_through_the_same_door(mesh: Mesh, bearer: str) -> None:
    async with grpc.aio.insecure_channel(address(mesh)) as channel:
        request, metadata = booking_pb2.ListBookingsRequest(), (("authorization", bearer),)
        answer = await BookingServiceStub(channel).ListBookings(request, metadata=metadata)
        health = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert not answer.bookings
    assert health.status == health_pb2.HealthCheckResponse.SERVING


async def test_grpc_that_nobody_serves_is_unimplemented(mesh: Mesh) -> None:
    async with grpc.aio.insecure_channel(address(mesh)) as channel:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            "/matinee.nothing.v1.NoService/Nothing"
        )
        assert await call(b"").code() == grpc.StatusCode.UNIMPLEMENTED


def test_reflection_lists_every_service(mesh: Mesh) -> None:
    command = [str(Path(sys.executable).parent / "grpcurl"), "-plaintext", address(mesh), "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    names = ("auth", "movie", "ugc", "booking", "notify", "link")
    assert {f"matinee.{name}.v1.{name.title()}Service" for name in names} <= set(listed)
