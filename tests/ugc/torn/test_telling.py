"""Booking learns of a block, however long that takes, and knows it while ugc is away."""

from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service
from tests.e2e.faults import booking_rows, kill, until, without
from tests.people import Person, ok, reason


@pytest_asyncio.fixture(loop_scope="session")
async def film(http: httpx.AsyncClient) -> Any:
    """A film of this mesh."""
    return ok(await http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=1"))[0]


async def until_answered(person: Person, evening: Any, status: int) -> None:
    """Waits until a person who asks for an evening is answered so."""

    async def answered() -> bool:
        return (await person.get(f"/app/v1/announcement/{evening['id']}")).status_code == status

    await until(answered, f"the evening is {status} for the guest")


async def until_no_job(mesh: Mesh) -> None:
    """Waits until ugc has nothing more to tell."""
    connection = await asyncpg.connect(database_url(mesh.settings, get_service("ugc")).replace("+asyncpg", ""))

    async def done() -> bool:
        return not await connection.fetchval("SELECT count(*) FROM pgqueuer")

    await until(done, "ugc has told all")
    await connection.close()


async def test_a_block_is_told_when_booking_is_back(mesh: Mesh, host: Person, guest: Person, film: Any) -> None:
    evening = await host.announce(film["id"])
    async with without(mesh, "booking"):
        answer = await host.put(f"/ugc/v1/block/{guest.id}")
        assert (ok(answer), answer.headers["x-degraded"]) == ({}, "booking")
    await until_answered(guest, evening, 404)


async def test_a_block_is_told_although_ugc_died_before_it_could(
    mesh: Mesh, host: Person, guest: Person, film: Any
) -> None:
    evening = await host.announce(film["id"])
    async with without(mesh, "booking"):
        ok(await host.put(f"/ugc/v1/block/{guest.id}"))
        await kill(mesh, "ugc")
    await until_answered(guest, evening, 404)


async def test_of_two_changes_told_late_the_last_one_counts(mesh: Mesh, host: Person, guest: Person, film: Any) -> None:
    evening = await host.announce(film["id"])
    ok(await host.put(f"/ugc/v1/block/{guest.id}"))
    await until_answered(guest, evening, 404)
    async with without(mesh, "booking"):
        for method in ("DELETE", "PUT", "DELETE"):
            ok(await host.call(method, f"/ugc/v1/block/{guest.id}"))
    await until_answered(guest, evening, 200)


@pytest.mark.parametrize(
    ("lost", "changed"),
    [("DELETE FROM blocks", ("PUT",)), ("UPDATE blocks SET blocked = true, change_time = 'epoch'", ("PUT", "DELETE"))],
    ids=["a block", "its end"],
)
async def test_booking_is_told_again_of_what_its_database_has_lost(
    mesh: Mesh, host: Person, guest: Person, film: Any, lost: str, changed: tuple[str, ...]
) -> None:
    evening = await host.announce(film["id"])
    for method in changed:
        ok(await host.call(method, f"/ugc/v1/block/{guest.id}"))
    await until_no_job(mesh)
    told = (await guest.get(f"/app/v1/announcement/{evening['id']}")).status_code
    assert len(await booking_rows(mesh, f"{lost} WHERE blocker_id = $1 RETURNING 1", host.id)) == 1
    await until_answered(guest, evening, told)


async def test_a_block_holds_while_ugc_is_away(mesh: Mesh, host: Person, guest: Person, film: Any) -> None:
    evening = await host.announce(film["id"])
    ok(await host.put(f"/ugc/v1/block/{guest.id}"))
    async with without(mesh, "ugc"):
        assert (await guest.get(f"/app/v1/announcement/{evening['id']}")).status_code == 404
        assert (await guest.post(f"/app/v1/booking/{evening['id']}")).status_code == 404
        assert ok(await guest.get("/app/v1/announcements", params={"filter[author]": host.id})) == []


async def test_who_of_ones_friends_goes_is_not_told_while_ugc_is_away(
    mesh: Mesh, host: Person, guest: Person, new_person: Any, film: Any
) -> None:
    evening = await host.announce(film["id"], accept_at_once=True)
    await (await new_person()).apply(evening)
    async with without(mesh, "ugc"):
        refused = await guest.get(f"/app/v1/announcement/{evening['id']}/friends")
    assert reason(refused) == (503, "PEER_UNAVAILABLE")
