"""Who asks too often is told to wait, by the edge, in the caller's own protocol."""

import asyncio
import re
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub
from matinee.booking.v1 import booking_pb2
from matinee.booking.v1.booking_pb2_grpc import BookingServiceStub

from envoy import rates
from envoy.rates import Rate
from envoy.settings import Door
from local.home import ROOT
from mesh.errors import from_call
from tests.e2e.edge_toys import Edge, running_edge, token
from tests.e2e.faults import until

# So slow that none comes back while a test runs.
FEW = Rate(3, 3600)
TIGHT: dict[str, Any] = {f"edge_limit_{name}": FEW for name in rates.TIGHT}


@pytest_asyncio.fixture(scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    """Behind a proxy, so that each test has addresses of its own."""
    folder = tmp_path_factory.mktemp("edge")
    async with running_edge(folder, trusted_hops=1, edge_limit_user=Rate(8, 3600), **TIGHT) as running:
        yield running


async def login(edge: Edge, address: str, path: str = "/auth/v1/login") -> int:
    """Tries to sign in from an address, at a stand-in that lets everybody in."""
    return (await edge.http.post(path, json={}, headers={"x-forwarded-for": address})).status_code


async def exhaust(edge: Edge, address: str) -> None:
    """Uses up what an address has."""
    for _ in range(FEW.requests):
        assert await login(edge, address) == 200


async def test_who_tries_too_often_is_refused_with_the_time_to_wait(edge: Edge) -> None:
    await exhaust(edge, "192.0.2.1")
    answer = await edge.http.post("/auth/v1/login", json={}, headers={"x-forwarded-for": "192.0.2.1"})
    assert (answer.status_code, answer.headers["content-type"]) == (429, "application/json")
    (info,) = answer.json()["details"]
    assert (answer.json()["code"], info["reason"], info["domain"]) == (8, "TOO_MANY_REQUESTS", "matinee")
    assert 1 <= int(answer.headers["retry-after"]) <= FEW.seconds
    assert info["metadata"] == {"retry_seconds": answer.headers["retry-after"]}


@pytest.mark.parametrize(
    "path",
    [
        "/auth/v1/login/",
        "/auth/v1/login?x=1",
        "/auth/v1/login/?x=1",
        "/auth/v1//login",
        "/auth/./v1/login",
        "/auth/v1/x/../login",
        "/auth/v1/lo%67in",
        "/auth//v1///login//",
        "/matinee.auth.v1.AuthService/Login",
    ],
)
async def test_no_spelling_of_the_path_begins_anew(edge: Edge, path: str) -> None:
    address = f"2001:db8:{secrets.randbelow(65536):x}:{secrets.randbelow(65536):x}::"
    await exhaust(edge, address)
    assert await login(edge, address, path) == 429


async def test_another_address_is_served(edge: Edge) -> None:
    await exhaust(edge, "192.0.2.3")
    assert await login(edge, "192.0.2.3") == 429
    assert await login(edge, "192.0.2.4") == 200


async def test_a_network_of_ipv6_counts_as_one_address(edge: Edge) -> None:
    for host in range(FEW.requests):
        assert await login(edge, f"2001:db8::{host}") == 200
    assert await login(edge, "2001:db8::ffff:ffff:ffff:ffff") == 429
    assert await login(edge, "2001:db8:0:1::1") == 200


async def test_each_limit_counts_for_itself(edge: Edge) -> None:
    await exhaust(edge, "192.0.2.5")
    from_there = {"x-forwarded-for": "192.0.2.5"}
    assert (await edge.http.post("/auth/v1/register", json={}, headers=from_there)).status_code == 200
    assert (await edge.http.get("/app/v1/booking/x", headers=from_there)).status_code == 200


async def test_grpc_and_json_share_a_limit_and_grpc_is_refused_in_grpc(edge: Edge) -> None:
    await exhaust(edge, "192.0.2.6")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{edge.port}") as channel:
        call = AuthServiceStub(channel).Login(auth_pb2.LoginRequest(), metadata=(("x-forwarded-for", "192.0.2.6"),))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert from_call(caught.value).reason == "TOO_MANY_REQUESTS"
    headers = dict(caught.value.initial_metadata()) | dict(caught.value.trailing_metadata())
    assert 1 <= int(headers["retry-after"]) <= FEW.seconds


async def by_http(edge: Edge, headers: dict[str, str]) -> bool:
    return (await edge.http.get("/app/v1/booking/x", headers=headers)).status_code == 200


async def by_grpc(edge: Edge, headers: dict[str, str]) -> bool:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{edge.port}") as channel:
        request = booking_pb2.GetBookingRequest(booking_id="x")
        call = BookingServiceStub(channel).GetBooking(request, metadata=tuple(headers.items()))
        return await call.code() == grpc.StatusCode.OK


@pytest.mark.parametrize("served", [by_http, by_grpc], ids=["json", "grpc"])
async def test_a_user_is_counted_wherever_he_calls_from(
    edge: Edge, served: Callable[[Edge, dict[str, str]], Awaitable[bool]]
) -> None:
    name = served.__name__
    mine = [
        {"authorization": f"Bearer {token(sub=name, jti=str(n))}", "x-forwarded-for": f"198.51.100.{n}"}
        for n in range(9)
    ]
    answers = [await served(edge, headers) for headers in mine]
    assert answers == [True] * 8 + [False]
    somebody = {"authorization": f"Bearer {token(sub=f'not {name}')}", "x-forwarded-for": "198.51.100.1"}
    assert await served(edge, somebody)


async def test_nobody_is_no_user_who_could_ask_too_often(edge: Edge) -> None:
    assert all([await by_http(edge, {"x-forwarded-for": "198.51.100.20"}) for _ in range(9)])


async def test_with_a_bucket_per_address_the_keys_are_still_found(tmp_path: Path) -> None:
    """The edge fetches them past its limits, and a new address is not refused for another."""
    async with running_edge(tmp_path, trusted_hops=1, edge_limit_address=FEW, ready_from="192.0.2.250") as edge:
        from_there = {"x-forwarded-for": "127.0.0.1"}
        answers = [(await edge.http.get("/app/v1/booking/x", headers=from_there)).status_code for _ in range(5)]
        assert answers == [200, 200, 200, 429, 429]
        other = {"x-forwarded-for": "192.0.2.1", "authorization": f"Bearer {token()}"}
        assert (await edge.http.get("/app/v1/booking/x", headers=other)).status_code == 200


async def test_what_is_used_comes_back(tmp_path: Path) -> None:
    async with running_edge(tmp_path, trusted_hops=1, edge_limit_login=Rate(2, 2)) as edge:
        while await login(edge, "192.0.2.1") != 429:
            pass

        async def again() -> bool:
            return await login(edge, "192.0.2.1") == 200

        await until(again, "the address may sign in again", 5)


async def test_by_default_three_hundred_register_at_once(tmp_path: Path) -> None:
    async with running_edge(tmp_path) as edge:
        answers = await asyncio.gather(*(edge.http.post("/auth/v1/register", json={}) for _ in range(300)))
        assert {answer.status_code for answer in answers} == {200}


async def test_zero_switches_a_limit_off(tmp_path: Path) -> None:
    off: dict[str, Any] = {name: Rate(0, 1) for name in (*TIGHT, "edge_limit_address", "edge_limit_user")}
    async with running_edge(tmp_path, **off) as edge:
        assert {await login(edge, "192.0.2.1") for _ in range(20)} == {200}


def test_the_page_tells_every_limit_and_its_default() -> None:
    page = (ROOT / "docs" / "edge.md").read_text()
    told = dict(re.findall(r"^\| `(EDGE_LIMIT_\w+)` \| [^|]+ \| `(\S+)` \|", page, re.MULTILINE))
    limits = {name: field.default for name, field in Door.model_fields.items() if name.startswith("edge_limit_")}
    assert told == {name.upper(): str(rate) for name, rate in limits.items()}


def test_every_limit_on_rpcs_has_a_setting() -> None:
    assert {f"edge_limit_{name}" for name in rates.TIGHT} <= Door.model_fields.keys()


@pytest.mark.parametrize("rate", ["often", "3", "3/0", "0/3", "-1/3", "3/3/3", "3 / 3"])
def test_a_limit_that_is_none_is_named(tmp_path: Path, rate: str) -> None:
    command = [sys.executable, "-m", "envoy.render", "--out", str(tmp_path)]
    done = subprocess.run(command, env={"EDGE_LIMIT_LOGIN": rate}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"EDGE_LIMIT_LOGIN={rate} is wrong: {rate!r} is not requests/seconds" in done.stderr
