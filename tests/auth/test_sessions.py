"""Signing in."""

import time
from typing import Any

import asyncpg
import httpx
import jwt
from argon2 import PasswordHasher

from auth_svc.passwords import HASHER
from tests.auth.signing import refresh, sign_in
from tests.people import Person, ok, reason


async def tokens(person: Person) -> dict[str, Any]:
    return dict(ok(await sign_in(person)))


async def test_access_token_carries_the_documented_claims(guest: Person) -> None:
    given = await tokens(guest)
    claims = jwt.decode(given["access_token"], options={"verify_signature": False})
    lifetime = claims.pop("exp") - claims.pop("iat")
    assert claims.pop("jti")
    assert claims.pop("sid")
    assert lifetime == given["expires_in"]
    assert claims == {
        "iss": "https://auth.matinee.local",
        "aud": "matinee",
        "sub": guest.id,
        "permissions": [0],
        "is_super": False,
    }


async def test_access_token_verifies_with_the_public_keys(guest: Person, http: httpx.AsyncClient) -> None:
    token = (await tokens(guest))["access_token"]
    header = jwt.get_unverified_header(token)
    keys = jwt.PyJWKSet.from_dict(ok(await http.get("/.well-known/jwks.json")))
    assert header["alg"] == "ES256"
    assert jwt.decode(token, keys[header["kid"]], algorithms=["ES256"], audience="matinee")["sub"] == guest.id


async def test_public_keys_hold_no_private_part(http: httpx.AsyncClient) -> None:
    keys = ok(await http.get("/.well-known/jwks.json"))["keys"]
    assert keys
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in keys)


async def test_address_signs_in_in_any_case(guest: Person) -> None:
    assert (await sign_in(guest, email=guest.email.upper())).status_code == 200


async def test_wrong_password_and_unknown_address_look_alike(guest: Person) -> None:
    wrong, unknown = await sign_in(guest, password="wrong-password"), await sign_in(guest, email="no" + guest.email)
    assert reason(wrong) == (401, "WRONG_CREDENTIALS")
    assert wrong.content == unknown.content


async def test_unknown_address_takes_as_long_as_a_known_one(guest: Person) -> None:
    async def seconds(**changes: str) -> float:
        started = time.perf_counter()
        await sign_in(guest, **changes)
        return time.perf_counter() - started

    spans = [(await seconds(password="wrong-password"), await seconds(email="no" + guest.email)) for _ in range(4)]
    known, unknown = (min(span) for span in zip(*spans, strict=True))
    assert unknown > known / 3


async def test_answers_with_tokens_are_not_to_be_cached(guest: Person) -> None:
    assert (await sign_in(guest)).headers["cache-control"] == "no-store"


async def test_refreshed_tokens_work(guest: Person) -> None:
    again = ok(await refresh(guest, (await tokens(guest))["refresh_token"]))
    guest.token = again["access_token"]
    ok(await guest.get(f"/auth/v1/user_info/{guest.id}"))
    ok(await refresh(guest, again["refresh_token"]))


async def test_weak_hash_is_replaced_at_the_next_login(guest: Person, database: "asyncpg.Connection") -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(guest.password)
    await database.execute("UPDATE users SET password_hash = $1 WHERE id = $2", weak, guest.id)
    ok(await sign_in(guest))
    stored = await database.fetchval("SELECT password_hash FROM users WHERE id = $1", guest.id)
    assert not HASHER.check_needs_rehash(stored)
    ok(await sign_in(guest))
