"""A registration repeated is the same registration, and its key gives no secret away."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from auth_svc.settings import TokenSettings
from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service
from mesh import idempotency
from mesh.database import Database
from tests.people import Person, ok, reason

Account = Callable[..., dict[str, Any]]
PATH = "/auth/v1/register/"


def key() -> dict[str, str]:
    return {"idempotency-key": secrets.token_hex(8)}


async def test_same_key_returns_the_account(http: httpx.AsyncClient, account: Account) -> None:
    given, headers = account(), key()
    first = ok(await http.post(PATH, json=given, headers=headers))
    assert ok(await http.post(PATH, json=given, headers=headers)) == first


async def test_key_in_the_body_is_the_key_in_the_header(http: httpx.AsyncClient, account: Account) -> None:
    given, headers = account(), key()
    first = ok(await http.post(PATH, json=given, headers=headers))
    body = {**given, "idempotency_key": headers["idempotency-key"]}
    assert ok(await http.post(PATH, json=body)) == first


async def test_same_key_at_once_is_one_account(http: httpx.AsyncClient, account: Account) -> None:
    given, headers = account(), key()
    answers = await asyncio.gather(*(http.post(PATH, json=given, headers=headers) for _ in range(5)))
    assert len({ok(answer)["user_id"] for answer in answers}) == 1


@pytest.mark.parametrize(
    "change", [{"name": "Ronja"}, {"password": "another password"}, {"email": "another@test.example.com"}]
)
async def test_another_registration_under_the_key_is_refused(
    http: httpx.AsyncClient, account: Account, change: dict[str, str]
) -> None:
    given, headers = account(), key()
    ok(await http.post(PATH, json=given, headers=headers))
    answer = await http.post(PATH, json={**given, **change}, headers=headers)
    assert reason(answer) == (400, "IDEMPOTENCY_KEY_REUSED")


async def test_refused_registration_does_not_use_the_key_up(http: httpx.AsyncClient, account: Account) -> None:
    headers = key()
    answer = await http.post(PATH, json=account(birthday="2001-02-30"), headers=headers)
    assert reason(answer) == (400, "INVALID_FIELDS")
    ok(await http.post(PATH, json=account(), headers=headers))


async def test_key_that_is_a_day_old_is_free_again(
    http: httpx.AsyncClient, account: Account, database: "asyncpg.Connection"
) -> None:
    headers = key()
    ok(await http.post(PATH, json=account(), headers=headers))
    old = "UPDATE idempotency_keys SET create_time = create_time - interval '24 hours 1 second' WHERE key = $1"
    await database.execute(old, headers["idempotency-key"])
    ok(await http.post(PATH, json=account(), headers=headers))


async def test_account_is_told_when_its_answer_was_lost_with_the_process(
    http: httpx.AsyncClient, account: Account, database: "asyncpg.Connection"
) -> None:
    given, headers = account(), key()
    first = ok(await http.post(PATH, json=given, headers=headers))
    lose = "UPDATE idempotency_keys SET response = NULL WHERE key = $1"
    await database.execute(lose, headers["idempotency-key"])
    assert ok(await http.post(PATH, json=given, headers=headers)) == first


async def test_what_is_kept_is_the_same_whatever_the_password(
    http: httpx.AsyncClient, account: Account, database: "asyncpg.Connection"
) -> None:
    given = account()
    hashes = []
    for password in ("first password", "second password"):
        headers = key()
        ok(await http.post(PATH, json={**given, "password": password}, headers=headers))
        kept = await database.fetchrow("SELECT * FROM idempotency_keys WHERE key = $1", headers["idempotency-key"])
        assert password.encode() not in kept["response"]
        hashes.append(kept["request_hash"])
        await database.execute("DELETE FROM users WHERE email = $1", given["email"])
    assert hashes[0] == hashes[1]


async def test_old_keys_are_swept_and_fresh_ones_stay(
    mesh: Mesh, http: httpx.AsyncClient, account: Account, database: "asyncpg.Connection"
) -> None:
    old, fresh = key(), key()
    for headers in (old, fresh):
        ok(await http.post(PATH, json=account(), headers=headers))
    age = "UPDATE idempotency_keys SET create_time = create_time - interval '24 hours 1 second' WHERE key = $1"
    await database.execute(age, old["idempotency-key"])
    own = Database(
        TokenSettings(
            signing_key_secret=SecretStr("x" * 16),
            database_url=SecretStr(database_url(mesh.settings, get_service("auth"))),
        ),
        "tests",
    )
    await idempotency.sweep(own)
    await own.close()
    found = await database.fetch(
        "SELECT key FROM idempotency_keys WHERE key = ANY($1)", [old["idempotency-key"], fresh["idempotency-key"]]
    )
    assert [row["key"] for row in found] == [fresh["idempotency-key"]]


async def test_signing_in_keeps_no_key(http: httpx.AsyncClient, guest: Person, database: "asyncpg.Connection") -> None:
    headers = key()
    credentials = {"email": guest.email, "password": guest.password}
    answers = [ok(await http.post("/auth/v1/login/", json=credentials, headers=headers)) for _ in range(2)]
    assert answers[0]["refresh_token"] != answers[1]["refresh_token"]
    kept = "SELECT count(*) FROM idempotency_keys WHERE key = $1"
    assert await database.fetchval(kept, headers["idempotency-key"]) == 0
