"""Opening an account."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import jwt
import pytest

from tests.people import ok, reason

Account = Callable[..., dict[str, Any]]
PATH = "/auth/v1/register/"


def fields(response: httpx.Response) -> set[str]:
    """The fields that a refusal names."""
    violations = [bad for detail in response.json()["details"] for bad in detail.get("field_violations", ())]
    return {violation["field"] for violation in violations}


async def signed_in(http: httpx.AsyncClient, given: dict[str, Any]) -> str:
    """Who the tokens of a sign-in are for."""
    credentials = {"email": given["email"], "password": given["password"]}
    token = ok(await http.post("/auth/v1/login/", json=credentials))["access_token"]
    return str(jwt.decode(token, options={"verify_signature": False})["sub"])


async def test_answer_is_the_whole_profile(http: httpx.AsyncClient, account: Account) -> None:
    profile = {
        "name": "Åsa",
        "last_name": "Öberg",
        "phone_number": "+46 8 555 00 00",
        "telegram_name": "asa",
        "gender": "female",
        "country": "Sweden",
        "time_zone": "Europe/Stockholm",
        "birthday": "1990-02-28",
        "language": "ru",
    }
    given = account(**profile)
    user = ok(await http.post(PATH, json=given))
    assert user.pop("user_id")
    assert user.pop("since") == f"{datetime.now(UTC):%Y-%m}"
    ours = {"delivery_type": "email", "verified": False, "permissions": [0], "is_super": False}
    assert user == {**profile, **ours, "email": given["email"]}


async def test_zone_is_utc_and_language_english_unless_told(http: httpx.AsyncClient, account: Account) -> None:
    user = ok(await http.post(PATH, json=account()))
    assert (user["time_zone"], user["language"]) == ("UTC", "en")


async def test_whether_an_address_has_an_account_is_not_told(http: httpx.AsyncClient, account: Account) -> None:
    given = account()
    first, again = [ok(await http.post(PATH, json=given)) for _ in range(2)]
    assert first.pop("user_id") != again.pop("user_id")
    assert first == again


async def test_every_claim_of_an_address_signs_in_at_once(http: httpx.AsyncClient, account: Account) -> None:
    email = account()["email"]
    for given in (account(email=email), account(email=email.upper(), password="another password")):
        user = ok(await http.post(PATH, json=given))
        assert await signed_in(http, given) == user["user_id"]


async def test_last_claim_does_not_lock_out_whose_address_it_is(
    http: httpx.AsyncClient, account: Account, database: "asyncpg.Connection"
) -> None:
    given = account()
    owner = ok(await http.post(PATH, json=given))
    await database.execute("UPDATE users SET verify_time = now() WHERE id = $1", owner["user_id"])
    later = ok(await http.post(PATH, json=account(email=given["email"], password="another password")))
    assert await signed_in(http, given) == owner["user_id"]
    assert await signed_in(http, {**given, "password": "another password"}) == later["user_id"]


async def test_database_lets_one_account_have_an_address(
    http: httpx.AsyncClient, account: Account, database: "asyncpg.Connection"
) -> None:
    given = account()
    await asyncio.gather(*(http.post(PATH, json=given) for _ in range(2)))
    with pytest.raises(asyncpg.UniqueViolationError):
        await database.execute("UPDATE users SET verify_time = now() WHERE email = $1", given["email"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", ""),
        ("email", "a..b@example.com"),
        ("email", ".a@example.com"),
        ("password", "1234567"),
        ("password", "x" * 129),
        ("name", ""),
        ("name", " \t"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", "Europe"),
        ("birthday", "2001-02-30"),
        ("birthday", "28.02.2001"),
        ("birthday", (datetime.now(UTC) + timedelta(days=2)).date().isoformat()),
        ("language", "tlh"),
    ],
)
async def test_bad_field_is_named(http: httpx.AsyncClient, account: Account, field: str, value: str) -> None:
    refused = await http.post(PATH, json=account(**{field: value}))
    assert (reason(refused), fields(refused)) == ((400, "INVALID_FIELDS"), {field})


async def test_nul_is_refused_not_a_defect(http: httpx.AsyncClient, account: Account) -> None:
    assert reason(await http.post(PATH, json=account(country="a\0b"))) == (400, "INVALID_FIELDS")
