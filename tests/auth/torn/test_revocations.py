"""An ended session is refused whatever is away, and valid tokens work on."""

import pytest

from local.mesh import Mesh
from tests.auth.signing import login, until_revoked
from tests.e2e.faults import without
from tests.people import Person, ok, reason

AUTH = ("auth", "auth-2")
REVOKED = (401, "TOKEN_REVOKED")
EVERYWHERE = ("/movie_api/v1/movies", "/ugc/v1/followers/f55291b9-c09d-405b-b025-36f26c887905", "/app/v1/bookings")


async def elsewhere(person: Person) -> Person:
    """The same person at another client."""
    return Person(person.id, person.email, person.password, (await login(person)).access, person.http)


async def until_revoked_everywhere(person: Person, seconds: float) -> None:
    """Waits until every service refuses the person's token."""
    for path in EVERYWHERE:
        await until_revoked(person, path, seconds)


async def test_without_redis_an_ended_session_is_refused_within_a_minute(mesh: Mesh, guest: Person) -> None:
    other = await elsewhere(guest)
    async with without(mesh, "valkey"):
        ok(await guest.delete("/auth/v1/sessions"))
        await until_revoked_everywhere(other, 60)


@pytest.mark.parametrize("process", AUTH)
async def test_nudges_are_heard_again_when_redis_is_back(mesh: Mesh, guest: Person, process: str) -> None:
    other = await elsewhere(guest)
    async with without(mesh, "valkey", process):
        pass
    ok(await guest.delete("/auth/v1/sessions"))
    await until_revoked_everywhere(other, 10)


async def test_without_auth_ended_sessions_stay_refused_and_others_go_on(mesh: Mesh, guest: Person) -> None:
    other = await elsewhere(guest)
    ok(await guest.delete("/auth/v1/sessions"))
    await until_revoked_everywhere(other, 10)
    async with without(mesh, *AUTH):
        for path in EVERYWHERE:
            assert reason(await other.get(path)) == REVOKED
            ok(await guest.get(path))
