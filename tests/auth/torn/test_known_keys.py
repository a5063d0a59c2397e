"""While auth is away the keys come from the other services: who is started then accepts valid tokens."""

import asyncio

import httpx
import pytest
from google.protobuf.empty_pb2 import Empty
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub

from local.mesh import Mesh
from local.sample_data import REVIEWS
from tests.channels import inner_channel
from tests.e2e.faults import start, until, until_all_serve, without
from tests.people import Person, ok, reason

AUTH = ("auth", "auth-2")
PATH = "/app/v1/bookings"


async def restart(mesh: Mesh, *names: str) -> None:
    """Stops processes and starts them again."""
    await asyncio.to_thread(mesh.supervisor.stop, *names)
    await start(mesh, *names)


async def until_accepted(person: Person, path: str) -> None:
    """Waits until the person is let in."""

    async def accepted() -> bool:
        try:
            return (await person.get(path)).status_code == 200
        except httpx.TransportError:
            return False

    await until(accepted, f"the token is good at {path}", 20)


@pytest.mark.parametrize("service", ["movie", "ugc", "booking", "notify"])
async def test_every_service_tells_the_keys_that_auth_tells(mesh: Mesh, http: httpx.AsyncClient, service: str) -> None:
    keys = ok(await http.get("/.well-known/jwks.json"))
    async with inner_channel(mesh, service, "envoy") as channel:
        told = await AuthServiceStub(channel).GetJwks(Empty(), wait_for_ready=True)
    assert (told.content_type, httpx.Response(200, content=told.data).json()) == ("application/json", keys)


async def test_envoy_started_while_auth_is_away_accepts_valid_tokens(mesh: Mesh, guest: Person) -> None:
    async with without(mesh, *AUTH):
        await restart(mesh, "envoy")
        await until_accepted(guest, PATH)
        guest.token += "x"
        assert reason(await guest.get(PATH)) == (401, "TOKEN_INVALID")


async def test_envoy_finds_the_one_that_knows_the_keys(mesh: Mesh, guest: Person) -> None:
    async with without(mesh, *AUTH):
        # Knows nobody else whom it could ask.
        await restart(mesh, "movie")
        await restart(mesh, "envoy")
        await until_accepted(guest, PATH)
    await until_all_serve(mesh)


async def test_service_started_while_auth_is_away_asks_its_other_peers(mesh: Mesh, guest: Person) -> None:
    async with without(mesh, *AUTH):
        await restart(mesh, "booking", "ugc")
        await until_accepted(guest, PATH)
        await until_accepted(guest, f"/ugc/v1/likes_count/{REVIEWS[0]['id']}")
