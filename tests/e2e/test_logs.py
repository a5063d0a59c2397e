"""Nothing that opens a door stands in a log: after use, wrong use and defects, every log is searched for it."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import httpx
import pytest
from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub

from local.databases import Server
from local.env_file import random_secret
from local.mesh import Mesh
from local.settings import SECRETS
from tests.auth.mailbox import link
from tests.channels import public_client
from tests.e2e.faults import until
from tests.mails import mails
from tests.people import Person, evening, ok

LOGIN, REFRESH, REGISTER = "/auth/v1/login/", "/auth/v1/refresh/", "/auth/v1/register/"
NEVER = {
    "a password's hash": re.compile(rb"\$argon2"),
    "a private key": re.compile(rb"PRIVATE KEY"),
    "a token": re.compile(rb"eyJ[\w-]{10,}\.eyJ"),
    "a bearer": re.compile(rb"(?i)bearer +[\w.-]{8}"),
    "an address with a password": re.compile(rb"(postgresql|redis)[+a-z]*://[^ ]*:[^ ]*@"),
}


async def logged(mesh: Mesh) -> list[tuple[str, bytes]]:
    """Every log of the mesh, those that were put aside, too, once they tell of all that has happened so far."""
    last = {"x-request-id": random_secret()}
    async with public_client(mesh) as http:
        ok(await http.post("/app/v1/ping", headers=last))

    async def is_told() -> bool:
        return last["x-request-id"].encode() in mesh.home.log("envoy").read_bytes()

    await until(is_told, "Envoy writes its log")
    return [(path.name, path.read_bytes()) for path in mesh.home.logs.iterdir()]


async def found(mesh: Mesh, secrets: dict[str, str]) -> list[tuple[str, str]]:
    """Which log has which secret."""
    logs = await logged(mesh)
    return [(log, what) for log, text in logs for what, secret in secrets.items() if secret.encode() in text]


@asynccontextmanager
async def refused_by_the_database(mesh: Mesh, table: str, rows: str) -> AsyncIterator[None]:
    """A defect: a constraint that no code knows, for these rows only."""
    async with Server.of(mesh.settings).connected("auth") as connection:
        await connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT defect CHECK (NOT ({rows})) NOT VALID")
        try:
            yield
        finally:
            await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT defect")


async def test_secrets_of_the_mesh_are_in_no_log(mesh: Mesh, guest: Person) -> None:
    ok(await guest.get("/app/v1/bookings"))
    assert await found(mesh, {name: getattr(mesh.settings, name.lower()) for name in SECRETS}) == []


@pytest.mark.parametrize("what", NEVER)
async def test_what_always_looks_the_same_is_in_no_log(mesh: Mesh, guest: Person, what: str) -> None:
    ok(await guest.get("/app/v1/bookings"))
    assert [log for log, text in await logged(mesh) if NEVER[what].search(text)] == []


async def test_what_people_sign_in_with_is_in_no_log(
    mesh: Mesh, http: httpx.AsyncClient, new_person: Callable[..., Awaitable[Person]]
) -> None:
    person = await new_person()
    account = {"email": person.email, "password": person.password}
    tokens = [ok(await http.post(LOGIN, json=account))]
    tokens += [ok(await http.post(REFRESH, json={"refresh_token": tokens[0]["refresh_token"]}))]
    await http.post(REFRESH, json={"refresh_token": tokens[0]["refresh_token"]})
    await http.post("/auth/v1/logout/", json={"refresh_token": tokens[1]["refresh_token"]})
    given = {
        f"{name} {turn}": each[name] for turn, each in enumerate(tokens) for name in ("access_token", "refresh_token")
    }
    assert await found(mesh, {"password": person.password, "first token": person.token, **given}) == []


async def test_secrets_of_mails_on_accounts_are_in_no_log(mesh: Mesh, http: httpx.AsyncClient, guest: Person) -> None:
    _, verifies = await link(mesh, guest)
    ok(await http.post("/auth/v1/verify/", json={"token": verifies}))
    ok(await http.post("/auth/v1/password/forgot/", json={"email": guest.email}))
    path, resets = await link(mesh, guest, 2, "/auth/v1/password/reset")
    assert (await http.get(path)).status_code == 200
    password = random_secret()
    for status in (200, 400):
        answer = await http.post(f"{path}/", json={"token": resets, "password": password})
        assert answer.status_code == status
    assert await found(mesh, {"what verifies": verifies, "what resets": resets, "the new password": password}) == []


async def test_secrets_of_clients_are_in_no_log(mesh: Mesh, http: httpx.AsyncClient, sudo: Person) -> None:
    client = ok(await sudo.post("/auth/v1/clients", {"name": "Logs", "rpcs": ["matinee.auth.v1.AuthService.GetUser"]}))
    credentials = {"client_id": client["client"]["client_id"], "client_secret": client["client_secret"]}
    token = ok(await http.post("/auth/v1/token/", json=credentials))["access_token"]
    await http.post("/auth/v1/token/", json={**credentials, "client_secret": random_secret()})
    assert await found(mesh, {"secret": client["client_secret"], "token": token}) == []


async def test_wrong_requests_leave_nothing_of_themselves(mesh: Mesh, http: httpx.AsyncClient, guest: Person) -> None:
    secret = random_secret()
    header, payload, _ = guest.token.split(".")
    ways: list[dict[str, Any]] = [
        {"url": LOGIN, "json": {"email": guest.email, "password": secret}},
        {"url": LOGIN, "json": {"email": secret * 20, "password": [secret]}},
        {"url": LOGIN, "content": f'{{"password": "{secret}"'},
        {"url": f"{LOGIN}?password={secret}", "json": {"email": guest.email, "password": secret}},
        {"url": REGISTER, "json": {"email": "nobody", "password": secret, "name": ""}},
        {"url": REFRESH, "json": {"refresh_token": secret}},
        {"url": "/app/v1/booking/nothing", "headers": {"authorization": f"Bearer {secret}"}},
        {"url": "/app/v1/booking/nothing", "headers": {"authorization": f"Bearer {header}.{payload}.{secret}"}},
        {"url": "/app/v1/booking/nothing", "headers": {"authorization": f"Basic {secret}", "cookie": secret}},
        {"url": f"/app/v1/booking/nothing?access_token={secret}"},
        {"url": f"/notify/v1/unsubscribe?token={secret}"},
    ]
    answers = [await http.request("POST", way.pop("url"), **way) for way in ways]
    assert {answer.status_code for answer in answers} <= {400, 401, 403, 404}
    assert await found(mesh, {"what was wrong": secret}) == []


@pytest.mark.parametrize("path", ["/{}", "/app/v1/announcement/{}", "/s/{}", "/auth/v1/{}/ping"])
async def test_what_is_typed_into_a_path_is_in_no_log(
    mesh: Mesh, http: httpx.AsyncClient, guest: Person, path: str
) -> None:
    for secret in (guest.email, guest.token):
        assert (await http.get(path.format(secret))).status_code in {400, 401, 404}
    assert await found(mesh, {"address": guest.email, "token": guest.token.rpartition(".")[0]}) == []


async def test_a_wrong_call_by_grpc_leaves_nothing_of_itself(mesh: Mesh) -> None:
    secret = random_secret()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{mesh.settings.edge_port}") as channel:
        stub = AuthServiceStub(channel)
        for token in (f"Bearer {secret}", secret):
            with pytest.raises(grpc.aio.AioRpcError):
                await stub.Login(
                    auth_pb2.LoginRequest(email=f"{secret}@example.com", password=secret),
                    metadata=(("authorization", token), ("x-secret-bin", secret.encode())),
                )
    assert await found(mesh, {"what was wrong": secret}) == []


async def test_a_defect_shows_no_row(mesh: Mesh, http: httpx.AsyncClient, guest: Person) -> None:
    secret = random_secret()
    address = f"{random_secret()}@test.example.com".lower()
    account = {"email": address, "password": secret, "name": secret}
    async with refused_by_the_database(mesh, "users", f"email = '{address}'"):
        answer = await http.post(REGISTER, json=account)
    assert (answer.status_code, secret in answer.text) == (500, False)
    async with refused_by_the_database(mesh, "sessions", f"user_id = '{guest.id}'"):
        answer = await http.post(LOGIN, json={"email": guest.email, "password": guest.password})
    assert answer.status_code == 500
    assert await found(mesh, {"password": secret, "address": address, "another's password": guest.password}) == []
    assert [log for log, text in await logged(mesh) if b"Failing row" in text or b"$argon2" in text] == []


async def test_links_of_mails_are_in_no_log(
    mesh: Mesh, http: httpx.AsyncClient, host: Person, guest: Person, film: dict[str, Any]
) -> None:
    announcement = ok(await host.post(f"/app/v1/announcement/{film['id']}", evening(status="Alive")))
    await guest.apply(announcement)

    async def sent() -> bool:
        return bool(signed_parts(mesh, host))

    await until(sent, "a mail with a link")
    for token in signed_parts(mesh, host):
        for method in ("GET", "POST"):
            assert (await http.request(method, f"/notify/v1/unsubscribe?token={token}")).status_code == 200
    assert await found(mesh, {f"link {number}": token for number, token in enumerate(signed_parts(mesh, host))}) == []


def signed_parts(mesh: Mesh, person: Person) -> list[str]:
    """What signs the links of the mails to a person."""
    links = (str(mail["list-unsubscribe"] or "") for mail in mails(mesh, person))
    return [link.strip("<>").rpartition("=")[2] for link in links if link]
