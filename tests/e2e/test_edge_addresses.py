"""Whose call it is: the services hear a caller's address from the edge, and from nobody else."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import grpc
import pytest
import pytest_asyncio
from matinee.booking.v1 import booking_pb2
from matinee.booking.v1.booking_pb2_grpc import BookingServiceStub

from tests.e2e.edge_toys import Edge, running_edge

CLAIMS = {
    "x-client-address": "192.0.2.1",
    "x-forwarded-for": "192.0.2.2, 192.0.2.3",
    "x-forwarded-host": "elsewhere.example",
    "x-forwarded-port": "1",
    "x-forwarded-proto": "https",
    "x-forwarded-client-cert": "URI=spiffe://matinee.local/auth",
    "x-real-ip": "192.0.2.4",
    "forwarded": "for=192.0.2.5",
}


@pytest_asyncio.fixture(scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    async with running_edge(tmp_path_factory.mktemp("edge")) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def edge_behind_a_proxy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    async with running_edge(tmp_path_factory.mktemp("edge"), trusted_hops=1) as running:
        yield running


async def by_http(edge: Edge, headers: Mapping[str, str]) -> dict[str, str]:
    """What a service hears of a JSON call."""
    assert (await edge.http.get("/app/v1/booking/x", headers=headers)).status_code == 200
    return edge.booking.headers


async def by_grpc(edge: Edge, headers: Mapping[str, str]) -> dict[str, str]:
    """What a service hears of a gRPC call."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{edge.port}") as channel:
        await BookingServiceStub(channel).GetBooking(
            booking_pb2.GetBookingRequest(booking_id="x"), metadata=tuple(headers.items())
        )
    return edge.booking.headers


Heard = Callable[[Edge, Mapping[str, str]], Awaitable[dict[str, str]]]
both_encodings = pytest.mark.parametrize("heard", [by_http, by_grpc], ids=["json", "grpc"])


@both_encodings
async def test_a_service_hears_where_a_call_comes_from(edge: Edge, heard: Heard) -> None:
    assert (await heard(edge, {}))["x-client-address"] == "127.0.0.1"


@both_encodings
async def test_a_caller_cannot_give_himself_another_address(edge: Edge, heard: Heard) -> None:
    arrived = await heard(edge, CLAIMS)
    assert {name: arrived[name] for name in CLAIMS if name in arrived} == {"x-client-address": "127.0.0.1"}


@both_encodings
async def test_a_list_of_addresses_becomes_the_true_one(edge: Edge, heard: Heard) -> None:
    arrived = await heard(edge, {"x-client-address": "192.0.2.1,127.0.0.2"})
    assert arrived["x-client-address"] == "127.0.0.1"


@both_encodings
async def test_behind_a_proxy_of_ours_its_word_counts(edge_behind_a_proxy: Edge, heard: Heard) -> None:
    arrived = await heard(edge_behind_a_proxy, CLAIMS)
    # The last one is what the proxy saw; the one before is what the caller told the proxy.
    assert arrived["x-client-address"] == "192.0.2.3"
    assert "x-forwarded-for" not in arrived


async def test_behind_a_proxy_an_address_of_the_next_protocol_is_told_whole(edge_behind_a_proxy: Edge) -> None:
    arrived = await by_http(edge_behind_a_proxy, {"x-forwarded-for": "2001:db8::1:2"})
    assert arrived["x-client-address"] == "2001:db8::1:2"
