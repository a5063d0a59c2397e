"""Somebody is always super. On a mesh of its own, where nobody else makes anybody super."""

import asyncio

import asyncpg
import httpx
import pytest_asyncio

from local.mesh import Mesh
from tests.auth.signing import login
from tests.auth.test_roles import permit
from tests.people import Person, reason


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sudo(mesh: Mesh, http: httpx.AsyncClient) -> Person:
    """The only one."""
    tokens = await asyncio.to_thread(mesh.tokens)
    return Person(tokens["sudo"], "", "", tokens["sudo_access_token"], http)


async def supers(database: "asyncpg.Connection") -> int:
    """How many there are."""
    count: int = await database.fetchval("SELECT count(*) FROM users WHERE is_super")
    return count


async def test_last_one_stays(sudo: Person, database: "asyncpg.Connection") -> None:
    assert await supers(database) == 1
    answer = await sudo.put(f"/auth/v1/permissions/{sudo.id}", {"permissions": [0, 3], "is_super": False})
    assert reason(answer) == (400, "LAST_SUPER")


async def test_of_two_who_take_it_from_each_other_at_once_one_stays(
    sudo: Person, guest: Person, database: "asyncpg.Connection"
) -> None:
    await permit(sudo, guest, [], is_super=True)
    guest.token = (await login(guest)).access
    await asyncio.gather(
        *(by.put(f"/auth/v1/permissions/{whom.id}", {"is_super": False}) for by, whom in ((sudo, guest), (guest, sudo)))
    )
    assert await supers(database) == 1
