"""One's own profile."""

import asyncio
import secrets

import httpx
import pytest

from tests.people import Person, ok, reason

PROFILE = "/auth/v1/profile"


async def test_profile_is_what_oneself_sees_of_oneself(guest: Person) -> None:
    assert ok(await guest.get(PROFILE)) == ok(await guest.get(f"/auth/v1/user_info/{guest.id}"))


async def test_given_fields_change_and_the_others_stay(guest: Person) -> None:
    before = ok(await guest.get(PROFILE))
    changes = {"name": "Åsa", "time_zone": "Europe/Stockholm", "birthday": "1990-02-28", "language": "ru"}
    changes["delivery_type"] = "inbox"
    assert ok(await guest.put(PROFILE, changes)) == {**before, **changes}
    assert ok(await guest.get(PROFILE)) == {**before, **changes}


async def test_field_can_be_emptied(guest: Person) -> None:
    ok(await guest.put(PROFILE, {"birthday": "1990-02-28", "country": "Sweden"}))
    user = ok(await guest.put(PROFILE, {"birthday": "", "country": ""}))
    assert (user["birthday"], user["country"]) == ("", "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " "),
        ("time_zone", "Mars/Olympus"),
        ("birthday", "2001-02-30"),
        ("birthday", "2999-01-01"),
        ("language", ""),
        ("delivery_type", "pigeon"),
    ],
)
async def test_bad_field_is_refused_and_nothing_changes(guest: Person, field: str, value: str) -> None:
    before = ok(await guest.get(PROFILE))
    assert reason(await guest.put(PROFILE, {"country": "Sweden", field: value})) == (400, "INVALID_FIELDS")
    assert ok(await guest.get(PROFILE)) == before


@pytest.mark.parametrize("field", ["email", "user_id", "verified", "permissions", "is_super", "since"])
async def test_what_is_not_ones_own_to_say_stays(guest: Person, field: str) -> None:
    before = ok(await guest.get(PROFILE))
    await guest.put(PROFILE, {field: True})
    assert ok(await guest.get(PROFILE)) == before


async def test_same_key_at_once_changes_it_once(guest: Person) -> None:
    headers = {"idempotency-key": secrets.token_hex(8)}
    answers = await asyncio.gather(*(guest.put(PROFILE, {"country": "Sweden"}, headers=headers) for _ in range(4)))
    assert len({answer.text for answer in answers}) == 1
    other = await guest.put(PROFILE, {"country": "Norway"}, headers=headers)
    assert reason(other) == (400, "IDEMPOTENCY_KEY_REUSED")


async def test_others_see_since_when_but_not_what_is_private(guest: Person, host: Person) -> None:
    user = ok(await host.get(f"/auth/v1/user_info/{guest.id}"))
    assert user["since"] == ok(await guest.get(PROFILE))["since"] != ""
    assert (user["email"], user["verified"], user["permissions"], user["is_super"]) == ("", False, [], False)


async def test_strangers_have_no_profile(http: httpx.AsyncClient) -> None:
    assert (await http.get(PROFILE)).status_code == 401
