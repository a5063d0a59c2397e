"""Other teams' programs call what they were granted, and are nobody else."""

from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from auth_svc.tokens import PEOPLE
from tests.auth.signing import until_revoked
from tests.people import Person, ok, reason

PATH = "/auth/v1/clients"
GET_USER = "matinee.auth.v1.AuthService.GetUser"
PROFILE = f"/auth/v1/user_info/{PEOPLE['guest_1']}"
WRONG = (401, "WRONG_CREDENTIALS")


async def made(sudo: Person, *rpcs: str) -> dict[str, str]:
    """A new client's id and secret, as it signs in with them."""
    answer = ok(await sudo.post(PATH, {"name": "Billing", "rpcs": rpcs or [GET_USER]}))
    return {"client_id": answer["client"]["client_id"], "client_secret": answer["client_secret"]}


async def signed_in(http: httpx.AsyncClient, client: dict[str, str]) -> Person:
    """Whoever calls with the client's token."""
    token = ok(await http.post("/auth/v1/token", json=client))["access_token"]
    return Person("", "", "", token, http)


@pytest_asyncio.fixture(loop_scope="session")
async def client(sudo: Person) -> dict[str, str]:
    """A client that may read profiles."""
    return await made(sudo)


@pytest_asyncio.fixture(loop_scope="session")
async def program(http: httpx.AsyncClient, client: dict[str, str]) -> Person:
    """That client, signed in."""
    return await signed_in(http, client)


async def test_client_calls_what_it_was_granted(program: Person, guest: Person) -> None:
    assert ok(await program.get(f"/auth/v1/user_info/{guest.id}"))["name"] == "Robin"


async def test_client_sees_no_private_fields(program: Person, guest: Person) -> None:
    assert ok(await program.get(f"/auth/v1/user_info/{guest.id}"))["email"] == ""


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/auth/v1/user_group/hosts"),
        ("GET", "/app/v1/bookings"),
        ("GET", "/auth/v1/sessions"),
        ("GET", "/notify/v1/inbox"),
        ("GET", "/app/v1/_bookings"),
        ("GET", PATH),
    ],
)
async def test_client_calls_nothing_else(program: Person, method: str, path: str) -> None:
    assert reason(await program.call(method, path)) == (403, "ACCESS_DENIED")


async def test_client_calls_all_that_it_was_granted(sudo: Person, http: httpx.AsyncClient, guest: Person) -> None:
    rpcs = {
        GET_USER: f"/auth/v1/user_info/{guest.id}",
        "matinee.auth.v1.AuthService.ListGroupMembers": "/auth/v1/user_group/hosts",
        "matinee.ugc.v1.UgcService.ListFollowers": f"/ugc/v1/followers/{guest.id}",
        "matinee.booking.v1.BookingService.GetAverageScore": f"/app/v1/average_score/{guest.id}",
    }
    program = await signed_in(http, await made(sudo, *rpcs))
    for path in rpcs.values():
        ok(await program.get(path))


@pytest.mark.parametrize(
    "rpc",
    [
        "matinee.auth.v1.AuthService.BatchGetUsers",
        "matinee.booking.v1.BookingService.ListAllBookings",
        "matinee.auth.v1.ClientService.CreateClient",
        "matinee.auth.v1.AuthService",
        "nothing",
    ],
)
async def test_what_does_not_name_clients_cannot_be_granted(sudo: Person, rpc: str) -> None:
    assert reason(await sudo.post(PATH, {"name": "Billing", "rpcs": [GET_USER, rpc]})) == (400, "INVALID_FIELDS")


@pytest.mark.parametrize(
    "change", [{"client_secret": "x"}, {"client_id": "f55291b9-c09d-405b-b025-36f26c887905"}, {"client_secret": "é"}]
)
async def test_wrong_secret_and_unknown_client_look_alike(
    http: httpx.AsyncClient, client: dict[str, str], change: dict[str, str]
) -> None:
    assert reason(await http.post("/auth/v1/token", json={**client, **change})) == WRONG


async def test_only_super_makes_sees_and_ends_clients(client: dict[str, str], guest: Person) -> None:
    one = f"{PATH}/{client['client_id']}"
    answers = [
        await guest.post(PATH, {"name": "Mine", "rpcs": [GET_USER]}),
        await guest.get(PATH),
        await guest.post(f"{one}/secret", {}),
        await guest.delete(one),
    ]
    assert [reason(answer) for answer in answers] == [(403, "ACCESS_DENIED")] * 4


async def test_list_tells_what_a_client_may_and_no_secret(sudo: Person, client: dict[str, str]) -> None:
    listed: list[Any] = []
    token = ""
    while not listed or token:
        answer = await sudo.get(PATH, params={"page_size": 100, "page_token": token})
        listed += ok(answer)
        token = answer.headers.get("x-next-page-token", "")
    [found] = [each for each in listed if each["client_id"] == client["client_id"]]
    assert (found["rpcs"], found["creator_id"]) == ([GET_USER], sudo.id)
    assert client["client_secret"] not in str(listed)


async def test_secret_is_not_in_the_database(client: dict[str, str], database: "asyncpg.Connection") -> None:
    row = await database.fetchval("SELECT c::text FROM clients c WHERE id = $1", client["client_id"])
    secret = client["client_secret"]
    assert not any(text in row for text in (secret, secret.encode().hex()))


async def test_replaced_secret_and_its_tokens_end(
    sudo: Person, http: httpx.AsyncClient, client: dict[str, str], program: Person
) -> None:
    answer = ok(await sudo.post(f"{PATH}/{client['client_id']}/secret", {}))
    assert reason(await http.post("/auth/v1/token", json=client)) == WRONG
    await until_revoked(program, PROFILE)
    await signed_in(http, {**client, "client_secret": answer["client_secret"]})


async def test_ended_client_and_its_tokens_end(
    sudo: Person, http: httpx.AsyncClient, client: dict[str, str], program: Person
) -> None:
    for _ in range(2):
        ok(await sudo.delete(f"{PATH}/{client['client_id']}"))
    assert reason(await http.post("/auth/v1/token", json=client)) == WRONG
    assert reason(await sudo.post(f"{PATH}/{client['client_id']}/secret", {})) == (404, "CLIENT_NOT_FOUND")
    await until_revoked(program, PROFILE)
