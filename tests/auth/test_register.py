"""Opening an account."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.people import ok, reason

Account = Callable[..., dict[str, Any]]
PATH = "/auth/v1/register/"


def fields(response: httpx.Response) -> set[str]:
    """The fields that a refusal names."""
    violations = [bad for detail in response.json()["details"] for bad in detail.get("field_violations", ())]
    return {violation["field"] for violation in violations}


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
    assert user == {**profile, "email": given["email"], "delivery_type": "email"}


async def test_zone_is_utc_and_language_english_unless_told(http: httpx.AsyncClient, account: Account) -> None:
    user = ok(await http.post(PATH, json=account()))
    assert (user["time_zone"], user["language"]) == ("UTC", "en")


async def test_address_is_taken_in_any_case(http: httpx.AsyncClient, account: Account) -> None:
    given = account()
    ok(await http.post(PATH, json=given))
    again = await http.post(PATH, json=account(email=given["email"].upper()))
    assert reason(again) == (409, "EMAIL_TAKEN")


async def test_of_many_at_once_one_gets_the_address(http: httpx.AsyncClient, account: Account) -> None:
    given = account()
    answers = await asyncio.gather(*(http.post(PATH, json=given) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", ""),
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
