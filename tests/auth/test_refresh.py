"""A refresh token works once, and once more for an answer that was lost; a copy ends the session."""

import asyncio

import asyncpg
import httpx
import pytest

from local.mesh import Mesh
from tests.auth.mailbox import subjects
from tests.auth.signing import Tokens, login, refresh, refreshed
from tests.people import Person, ok, reason

INVALID = (401, "REFRESH_TOKEN_INVALID")


async def make_older(database: "asyncpg.Connection", person: Person) -> None:
    """The last rotation was longer ago than an answer takes to be asked for again."""
    await database.execute(
        "UPDATE sessions SET refresh_time = refresh_time - interval '10 seconds' WHERE user_id = $1", person.id
    )


@pytest.fixture
async def first(guest: Person) -> str:
    """The refresh token of a new session."""
    return (await login(guest)).refresh


async def test_used_token_ends_the_session_once_its_successor_was_used(guest: Person, first: str) -> None:
    second = await refreshed(guest, first)
    third = await refreshed(guest, second)
    assert reason(await refresh(guest, first)) == INVALID
    assert reason(await refresh(guest, third)) == INVALID


async def test_used_token_that_comes_late_ends_the_session(
    guest: Person, first: str, database: "asyncpg.Connection"
) -> None:
    second = await refreshed(guest, first)
    await make_older(database, guest)
    assert reason(await refresh(guest, first)) == INVALID
    assert reason(await refresh(guest, second)) == INVALID


async def test_token_of_long_ago_ends_the_session(guest: Person, first: str, database: "asyncpg.Connection") -> None:
    last = first
    for _ in range(4):
        last = await refreshed(guest, last)
        await make_older(database, guest)
    assert reason(await refresh(guest, first)) == INVALID
    assert reason(await refresh(guest, last)) == INVALID


async def test_user_is_told_of_a_copied_token_once(mesh: Mesh, guest: Person, first: str) -> None:
    await refreshed(guest, await refreshed(guest, first))
    for _ in range(3):
        assert reason(await refresh(guest, first)) == INVALID
    # Behind those that there must not be.
    ok(await guest.post("/auth/v1/password/change/", {"old": guest.password, "new": "another password"}))
    assert sorted(await subjects(mesh, guest, 3)) == [
        "A device was signed out",
        "Welcome to Matinee",
        "Your password was changed",
    ]


async def test_copied_token_ends_no_other_session(guest: Person, first: str) -> None:
    other = (await login(guest)).refresh
    await refreshed(guest, await refreshed(guest, first))
    assert reason(await refresh(guest, first)) == INVALID
    await refreshed(guest, other)


async def test_lost_answer_is_given_once_more(guest: Person, first: str) -> None:
    lost = await refreshed(guest, first)
    again = await refreshed(guest, first)
    assert again != lost
    await refreshed(guest, again)


async def test_lost_answer_that_arrives_after_all_works_too(guest: Person, first: str) -> None:
    late = await refreshed(guest, first)
    await refreshed(guest, first)
    await refreshed(guest, late)


async def test_of_the_two_answers_the_one_used_second_ends_the_session(guest: Person, first: str) -> None:
    lost, again = await refreshed(guest, first), await refreshed(guest, first)
    last = await refreshed(guest, again)
    assert reason(await refresh(guest, lost)) == INVALID
    assert reason(await refresh(guest, last)) == INVALID


async def test_third_try_gets_nothing_and_leaves_the_session_alone(guest: Person, first: str) -> None:
    await refreshed(guest, first)
    again = await refreshed(guest, first)
    assert reason(await refresh(guest, first)) == INVALID
    await refreshed(guest, again)


@pytest.mark.parametrize("racers", [2, 8])
async def test_refreshes_racing_with_one_token_leave_one_session_that_goes_on(
    guest: Person, first: str, racers: int, database: "asyncpg.Connection"
) -> None:
    answers = await asyncio.gather(*(refresh(guest, first) for _ in range(racers)))
    won = [Tokens.of(answer).refresh for answer in answers if answer.status_code == 200]
    assert len(won) == 2
    await refreshed(guest, won[0])
    # The guest's own first sign-in is the other one.
    assert await database.fetchval("SELECT count(*) FROM sessions WHERE user_id = $1", guest.id) == 2


async def test_refreshed_access_token_is_of_the_same_session(guest: Person) -> None:
    given = await login(guest)
    assert Tokens.of(await refresh(guest, given.refresh)).session == given.session


@pytest.mark.parametrize("change", ["", "x", "é", "." * 256])
async def test_what_is_no_token_is_refused(guest: Person, first: str, change: str) -> None:
    assert reason(await refresh(guest, change or first[:-1])) == INVALID


async def test_expired_session_cannot_be_refreshed(guest: Person, first: str, database: "asyncpg.Connection") -> None:
    await database.execute("UPDATE sessions SET expire_time = now() WHERE user_id = $1", guest.id)
    assert reason(await refresh(guest, first)) == INVALID


async def test_refresh_token_is_not_in_the_database(guest: Person, first: str, database: "asyncpg.Connection") -> None:
    rows = await database.fetch("SELECT s::text AS row FROM sessions s WHERE user_id = $1", guest.id)
    assert rows
    assert not any(first in row["row"] or first.encode().hex() in row["row"] for row in rows)


async def test_logout_ends_the_session(guest: Person, first: str, http: httpx.AsyncClient) -> None:
    assert ok(await http.post("/auth/v1/logout/", json={"refresh_token": first})) == {}
    assert reason(await refresh(guest, first)) == INVALID


async def test_logout_twice_is_no_error(first: str, http: httpx.AsyncClient) -> None:
    for _ in range(2):
        ok(await http.post("/auth/v1/logout/", json={"refresh_token": first}))


async def test_logout_leaves_other_sessions_alone(guest: Person, first: str, http: httpx.AsyncClient) -> None:
    other = (await login(guest)).refresh
    ok(await http.post("/auth/v1/logout/", json={"refresh_token": first}))
    await refreshed(guest, other)
