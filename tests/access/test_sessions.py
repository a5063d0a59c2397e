"""Whose sessions who sees and ends."""

import pytest

from tests.auth.signing import login
from tests.people import Person, ok

OTHERS = ("stranger", "moderator", "super")
SESSIONS = "/auth/v1/sessions"


@pytest.mark.parametrize("role", OTHERS)
async def test_anothers_session_is_in_no_list(outsiders: dict[str, Person], guest: Person, role: str) -> None:
    session = (await login(guest)).session
    assert session not in (await outsiders[role].get(SESSIONS)).text


@pytest.mark.parametrize("role", OTHERS)
async def test_anothers_session_goes_on(outsiders: dict[str, Person], guest: Person, role: str) -> None:
    session = (await login(guest)).session
    await outsiders[role].delete(f"{SESSIONS}/{session}")
    assert session in {each["id"] for each in ok(await guest.get(SESSIONS))}
