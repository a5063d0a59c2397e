"""A new evening is told to very many by one job, which goes on where it stopped."""

from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service
from tests.e2e.faults import BOTH, booking_rows, kill, until, until_all_serve, until_told, without
from tests.people import Person, ok

MANY = 5000
TOLD = """SELECT recipient_id, count(*) AS times FROM notices
    WHERE announcement_id = $1 AND kind = 'announcement_published' GROUP BY recipient_id"""

REACHED = """INSERT INTO fan_outs (event_id, source, page_token) SELECT id, 'subscribers', '' FROM booking_events
    WHERE announcement_id = $1 AND kind = 'announcement_published'"""


async def connected(mesh: Mesh, service: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection to a service's database."""
    return await asyncpg.connect(database_url(mesh.settings, get_service(service)).replace("+asyncpg", ""))


async def told(mesh: Mesh, announcement: Any) -> Counter[UUID]:
    """Who was told of a new evening, and how often."""
    connection = await connected(mesh, "notify")
    try:
        rows = await connection.fetch(TOLD, UUID(announcement["id"]))
    finally:
        await connection.close()
    return Counter({row["recipient_id"]: row["times"] for row in rows})


async def follow(mesh: Mesh, host: Person, followers: list[UUID]) -> None:
    """Makes many follow somebody, more than one wants to register."""
    connection = await connected(mesh, "ugc")
    try:
        statement = "INSERT INTO follows (follower_id, followed_id, create_time) SELECT unnest($1::uuid[]), $2, now()"
        await connection.execute(statement, followers, UUID(host.id))
    finally:
        await connection.close()


async def test_thousands_are_told_once_each_although_processes_die(
    mesh: Mesh, host: Person, film: dict[str, str]
) -> None:
    followers = [uuid4() for _ in range(MANY)]
    await follow(mesh, host, followers)
    announcement = await host.announce(film["id"])

    async def some_are() -> bool:
        return len(await told(mesh, announcement)) > 0

    await until(some_are, "some are told")
    for name in BOTH:
        await kill(mesh, name)
    await until_told(mesh)
    assert await told(mesh, announcement) == Counter(followers)


async def test_it_goes_on_where_it_stopped(mesh: Mesh, host: Person, crowd: list[Person], film: dict[str, str]) -> None:
    ok(await crowd[0].put(f"/ugc/v1/following/{host.id}"))
    for person in crowd[:2]:
        ok(await person.put(f"/ugc/v1/subscription/{film['id']}"))
    whole = await host.announce(film["id"])
    await until_told(mesh)
    assert {UUID(crowd[0].id): 1, UUID(crowd[1].id): 1}.items() <= (await told(mesh, whole)).items()
    ok(await crowd[0].delete(f"/ugc/v1/subscription/{film['id']}"))
    async with without(mesh, "notify"):
        rest = await host.announce(film["id"])
        # As if its followers had been told when the process died.
        await booking_rows(mesh, REACHED, UUID(rest["id"]))
    await until_told(mesh)
    reached = await told(mesh, rest)
    assert (reached[UUID(crowd[0].id)], reached[UUID(crowd[1].id)]) == (0, 1)
    await until_all_serve(mesh)


async def test_nobody_is_told_of_a_new_evening_that_is_off_by_then(
    mesh: Mesh, host: Person, film: dict[str, str]
) -> None:
    await follow(mesh, host, [uuid4()])
    async with without(mesh, "notify"):
        announcement = await host.announce(film["id"])
        ok(await host.delete(f"/app/v1/announcement/{announcement['id']}"))
    await until_told(mesh)
    assert not await told(mesh, announcement)
