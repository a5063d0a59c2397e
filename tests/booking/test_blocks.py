"""Blocked people: the evenings of whoever blocks them do not exist for them, and they are not told."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
import pytest_asyncio

from local.mesh import Mesh
from tests.access.test_hidden_evenings import DOORS
from tests.booking.blocking import Block, telling
from tests.channels import refusal
from tests.e2e.faults import until_told
from tests.notify.conftest import inbox
from tests.people import Person, ok, reason, some_time


@pytest.fixture
def block(mesh: Mesh) -> Block:
    """Tells booking of blocks as ugc does."""
    return telling(mesh)


@pytest_asyncio.fixture(loop_scope="session")
async def own_film(http: Any) -> Any:
    """A film that hardly anybody else shows."""
    return ok(await http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=100"))[-2]


async def listed(person: Person, **params: Any) -> list[str]:
    """The ids of all evenings that a person's list has, by pages of two."""
    found: list[str] = []
    token = ""
    while True:
        page = await person.get("/app/v1/announcements", params={"page_size": 2, "page_token": token, **params})
        rows = ok(page)
        found += [row["id"] for row in rows]
        if not (token := page.headers.get("x-next-page-token", "")):
            return found
        assert rows, "an empty page that is not the last"


async def hosts(person: Person, film: Any) -> dict[str, Any]:
    """The hosts of a film, by their ids."""
    params = {"filter[movie]": film["id"], "page_size": 100}
    return {row["user_id"]: row for row in ok(await person.get("/app/v1/hosts", params=params))}


async def is_told(person: Person, announcement: Any) -> bool:
    """Whether a person has a notice of an evening."""
    return any(announcement["title"] in notice["title"] + notice["text"] for notice in await inbox(person))


@pytest.mark.parametrize("door", DOORS)
async def test_a_blockers_evening_is_like_one_that_does_not_exist(
    host: Person, guest: Person, film: Any, block: Block, door: str
) -> None:
    announcement = await host.announce(film["id"])
    await block(host, guest)
    method, path, body = DOORS[door]
    there = await guest.call(method, path.format(announcement["id"]), body)
    nowhere = await guest.call(method, path.format(uuid.uuid4()), body)
    assert reason(there)[0] in (400, 404)
    assert (there.status_code, there.json()) == (nowhere.status_code, nowhere.json())


@pytest.mark.parametrize("by_author", [True, False])
async def test_no_list_shows_it(host: Person, guest: Person, own_film: Any, block: Block, by_author: bool) -> None:
    hidden = await host.announce(own_film["id"])
    await block(host, guest)
    filters = {"filter[author]": host.id} if by_author else {"filter[movie]": own_film["id"]}
    assert hidden["id"] not in await listed(guest, **filters)


async def test_the_page_that_all_read_is_full_without_it(
    host: Person, guest: Person, new_person: Any, film: Any, block: Block
) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
    hidden = await host.announce(film["id"], event_time=soon)
    await (await new_person()).announce(film["id"])
    await block(host, guest)
    theirs, own = [
        [row["id"] for row in ok(await person.get("/app/v1/announcements", params={"page_size": size}))]
        for person, size in ((await new_person(), 100), (guest, 1))
    ]
    assert hidden["id"] in theirs
    assert hidden["id"] not in own
    assert len(own) == 1


async def test_pages_are_exact_however_many_are_hidden(
    host: Person, guest: Person, new_person: Any, own_film: Any, block: Block
) -> None:
    time, other = some_time(), await new_person()
    for days in range(15):
        await host.announce(own_film["id"], event_time=(time + timedelta(days=days)).isoformat())
    shown = [
        await other.announce(own_film["id"], event_time=(time + timedelta(days=20 + n)).isoformat()) for n in (0, 1)
    ]
    await block(host, guest)
    # Any empty page but the last would tell that something is hidden.
    assert await listed(guest, **{"filter[author]": host.id}) == []
    found = await listed(guest, **{"filter[movie]": own_film["id"], "filter[from]": time.isoformat()})
    assert [each for each in found if each in {row["id"] for row in shown}] == [row["id"] for row in shown]


async def test_the_host_is_no_host_for_them(host: Person, guest: Person, own_film: Any, block: Block) -> None:
    await host.announce(own_film["id"])
    assert host.id in await hosts(guest, own_film)
    await block(host, guest)
    assert host.id not in await hosts(guest, own_film)


async def test_who_follows_and_is_blocked_sees_no_private_one(
    host: Person, guest: Person, film: Any, block: Block
) -> None:
    private = await host.announce(film["id"], sub_only=True)
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    await block(host, guest)
    assert (await guest.get(f"/app/v1/announcement/{private['id']}")).status_code == 404
    assert (await guest.post(f"/app/v1/booking/{private['id']}")).status_code == 404


async def test_others_see_it_and_apply(host: Person, guest: Person, new_person: Any, film: Any, block: Block) -> None:
    announcement, other = await host.announce(film["id"]), await new_person()
    await block(host, guest)
    assert announcement["id"] in await listed(other, **{"filter[author]": host.id})
    assert (await other.apply(announcement))["state"] == "PENDING"


async def test_the_blocker_sees_and_visits_the_evenings_of_the_blocked(
    host: Person, guest: Person, film: Any, block: Block
) -> None:
    await block(guest, host)
    announcement = await host.announce(film["id"])
    ok(await guest.get(f"/app/v1/announcement/{announcement['id']}"))
    assert (await guest.apply(announcement))["state"] == "PENDING"


async def test_super_sees_an_evening_of_a_blocker(host: Person, sudo: Person, film: Any, block: Block) -> None:
    announcement = await host.announce(film["id"])
    await block(host, sudo)
    try:
        ok(await sudo.get(f"/app/v1/announcement/{announcement['id']}"))
        assert announcement["id"] in await listed(sudo, **{"filter[author]": host.id})
        refused = await sudo.post(f"/app/v1/booking/{announcement['id']}")
        assert reason(refused) == (404, "ANNOUNCEMENT_NOT_FOUND")
    finally:
        await block(host, sudo, False)


@pytest.mark.parametrize("key", [None, "a key"])
async def test_an_application_with_or_without_a_key_finds_nothing(
    host: Person, guest: Person, film: Any, block: Block, key: str | None
) -> None:
    announcement = await host.announce(film["id"], accept_at_once=True)
    await block(host, guest)
    body = {"idempotency_key": key} if key else {}
    assert reason(await guest.post(f"/app/v1/booking/{announcement['id']}", body)) == (404, "ANNOUNCEMENT_NOT_FOUND")
    assert ok(await host.get(f"/app/v1/announcement/{announcement['id']}"))["tickets_left"] == 2


async def test_of_many_who_apply_at_once_only_the_blocked_are_refused(
    host: Person, crowd: list[Person], film: Any, block: Block
) -> None:
    announcement = await host.announce(film["id"], accept_at_once=True, tickets_count=20)
    blocked = crowd[::2]
    for person in blocked:
        await block(host, person)
    answers = await asyncio.gather(*(person.post(f"/app/v1/booking/{announcement['id']}") for person in crowd))
    codes = [answer.status_code for answer in answers]
    assert codes == [404 if person in blocked else 200 for person in crowd]


async def test_of_many_who_read_at_once_only_the_blocked_see_nothing(
    host: Person, crowd: list[Person], film: Any, block: Block
) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=4)).isoformat()
    announcement = await host.announce(film["id"], event_time=soon)
    blocked = crowd[::2]
    for person in blocked:
        await block(host, person)
    details, pages = f"/app/v1/announcement/{announcement['id']}", "/app/v1/announcements?page_size=100"
    got = await asyncio.gather(*(person.get(details) for person in crowd))
    read = await asyncio.gather(*(person.get(pages) for person in crowd))
    sees = [person not in blocked for person in crowd]
    assert [answer.status_code == 200 for answer in got] == sees
    assert [announcement["id"] in {row["id"] for row in ok(answer)} for answer in read] == sees


async def test_who_holds_a_booking_goes_on_seeing_that_evening(
    host: Person, guest: Person, own_film: Any, block: Block
) -> None:
    kept, other = await host.announce(own_film["id"]), await host.announce(own_film["id"])
    booking = await guest.apply(kept)
    await block(host, guest)
    ok(await guest.get(f"/app/v1/announcement/{kept['id']}"))
    ok(await guest.get(f"/app/v1/booking/{booking['id']}"))
    assert (await guest.get(f"/app/v1/announcement/{other['id']}")).status_code == 404
    assert await listed(guest, **{"filter[author]": host.id}) == [kept["id"]]
    assert (await hosts(guest, own_film))[host.id]["evenings"] == 1
    assert reason(await guest.post(f"/app/v1/booking/{kept['id']}")) == (409, "BOOKING_EXISTS")


async def test_the_host_decides_about_a_blocked_guest_as_before(
    host: Person, guest: Person, film: Any, block: Block
) -> None:
    booking = await guest.apply(await host.announce(film["id"]))
    await block(host, guest)
    assert ok(await host.decide(booking, yes=True))["state"] == "ACCEPTED"
    assert ok(await host.decide(booking, yes=False))["state"] == "DECLINED"


async def test_who_withdraws_does_not_return(host: Person, guest: Person, film: Any, block: Block) -> None:
    announcement = await host.announce(film["id"])
    booking = await guest.apply(announcement)
    await block(host, guest)
    assert ok(await guest.decide(booking, yes=False))["state"] == "WITHDRAWN"
    assert reason(await guest.decide(booking, yes=True)) == (404, "ANNOUNCEMENT_NOT_FOUND")
    assert (await guest.get(f"/app/v1/announcement/{announcement['id']}")).status_code == 404


async def test_who_waits_gets_a_freed_place(
    host: Person, guest: Person, new_person: Any, film: Any, block: Block
) -> None:
    announcement, seated = await host.announce(film["id"], accept_at_once=True, tickets_count=1), await new_person()
    place = await seated.apply(announcement)
    waiting = await guest.apply(announcement, waiting_list=True)
    await block(host, guest)
    ok(await seated.decide(place, yes=False))
    assert ok(await guest.get(f"/app/v1/booking/{waiting['id']}"))["state"] == "ACCEPTED"


async def test_a_lifted_block_hides_nothing(host: Person, guest: Person, own_film: Any, block: Block) -> None:
    announcement = await host.announce(own_film["id"])
    await block(host, guest)
    await block(host, guest, False)
    assert await listed(guest, **{"filter[author]": host.id}) == [announcement["id"]]
    assert (await guest.apply(announcement))["state"] == "PENDING"


@pytest.mark.parametrize("late", [timedelta(seconds=1), timedelta()])
async def test_what_is_told_late_changes_nothing(
    host: Person, guest: Person, film: Any, block: Block, late: timedelta
) -> None:
    announcement, now = await host.announce(film["id"]), datetime.now(UTC)
    await block(host, guest, False, decided=now)
    await block(host, guest, decided=now - late)
    ok(await guest.get(f"/app/v1/announcement/{announcement['id']}"))


async def test_whatever_the_order_the_last_decision_holds(
    host: Person, crowd: list[Person], film: Any, block: Block
) -> None:
    announcement, now = await host.announce(film["id"]), datetime.now(UTC)
    told = [(person, n) for person in crowd for n in range(4)]
    await asyncio.gather(
        *(block(host, person, n % 2 == 1, decided=now + timedelta(microseconds=n)) for person, n in reversed(told))
    )
    answers = [await person.get(f"/app/v1/announcement/{announcement['id']}") for person in crowd]
    assert {answer.status_code for answer in answers} == {404}


async def test_nobody_blocks_himself(host: Person, block: Block) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await block(host, host)
    assert refusal(error.value) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")


@pytest.mark.parametrize("interest", ["following/{host}", "subscription/{film}"])
async def test_a_new_evening_is_told_to_others_only(
    mesh: Mesh, host: Person, guest: Person, new_person: Any, film: Any, block: Block, interest: str
) -> None:
    other = await new_person()
    for person in (guest, other):
        ok(await person.put(f"/ugc/v1/{interest.format(host=host.id, film=film['id'])}"))
    await block(host, guest)
    announcement = await host.announce(film["id"])
    await until_told(mesh)
    assert [await is_told(person, announcement) for person in (guest, other)] == [False, True]


async def test_a_guest_who_is_blocked_is_told_of_his_evening(
    mesh: Mesh, host: Person, guest: Person, film: Any, block: Block
) -> None:
    announcement = await host.announce(film["id"])
    booking = await guest.apply(announcement)
    await block(host, guest)
    ok(await host.decide(booking, yes=True))
    await until_told(mesh)
    assert await is_told(guest, announcement)


async def test_it_is_in_force_when_the_block_is_answered(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    path = f"/app/v1/announcement/{announcement['id']}"
    ok(await host.put(f"/ugc/v1/block/{guest.id}"))
    assert reason(await guest.get(path)) == (404, "ANNOUNCEMENT_NOT_FOUND")
    ok(await host.delete(f"/ugc/v1/block/{guest.id}"))
    ok(await guest.get(path))
