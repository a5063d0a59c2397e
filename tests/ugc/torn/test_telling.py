"""Booking learns of a block, however long that takes, and knows it while ugc is away."""

from typing import Any

import httpx
import pytest_asyncio

from local.mesh import Mesh
from tests.e2e.faults import kill, until, without
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
