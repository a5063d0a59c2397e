"""GET /app/v1/_audit: everything added up again."""

from typing import Any

import asyncpg

from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service
from tests.people import Person, ok, reason


async def differences(sudo: Person) -> dict[str, Any]:
    report = ok(await sudo.get("/app/v1/_audit"))
    return {each["announcement_id"]: each for each in report["differences"]}


async def test_whatever_happened_adds_up(host: Person, crowd: list[Person], sudo: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=4, accept_at_once=True)
    first = await crowd[0].apply(announcement, tickets=3)
    await crowd[1].apply(announcement, tickets=2, waiting_list=True)
    ok(await crowd[0].decide(first, False))
    ok(await crowd[0].apply(announcement, tickets=2) and await host.get("/app/v1/bookings"))
    report = ok(await sudo.get("/app/v1/_audit"))
    assert report["announcements"] > 0
    assert report["events"] > 0
    assert announcement["id"] not in {each["announcement_id"] for each in report["differences"]}


async def test_place_that_no_event_explains_is_reported(
    host: Person, guest: Person, sudo: Person, film: Any, mesh: Mesh
) -> None:
    announcement = await host.announce(film["id"], tickets_count=4, accept_at_once=True)
    await guest.apply(announcement)
    connection = await asyncpg.connect(database_url(mesh.settings, get_service("booking")).replace("+asyncpg", ""))
    try:
        change = "UPDATE announcements SET places_taken = places_taken + $1 WHERE id = $2"
        await connection.execute(change, 1, announcement["id"])
        found = (await differences(sudo))[announcement["id"]]
        await connection.execute(change, -1, announcement["id"])
    finally:
        await connection.close()
    assert (found["places_taken"], found["places_by_events"], found["places_by_bookings"]) == (2, 1, 1)
    assert announcement["id"] not in await differences(sudo)


async def test_is_for_super_only(guest: Person) -> None:
    assert reason(await guest.get("/app/v1/_audit")) == (403, "ACCESS_DENIED")
