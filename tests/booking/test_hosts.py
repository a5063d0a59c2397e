"""GET /app/v1/hosts: who shows a film, soonest first."""

from datetime import timedelta
from typing import Any

import pytest_asyncio

from tests.people import Person, ok, some_time


@pytest_asyncio.fixture(loop_scope="session")
async def own_film(http: Any) -> Any:
    """A film that hardly anybody else shows."""
    return ok(await http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=100"))[-1]


async def hosts(person: Person, film: Any) -> list[Any]:
    """All hosts of a film, by pages of two."""
    found: list[Any] = []
    token = ""
    while True:
        params = {"filter[movie]": film["id"], "page_size": 2, "page_token": token}
        page = await person.get("/app/v1/hosts", params=params)
        found += ok(page)
        if not (token := page.headers.get("x-next-page-token", "")):
            return found


async def test_counts_evenings_and_places(host: Person, guest: Person, own_film: Any) -> None:
    time = some_time()
    for days, places in ((3, 2), (1, 4), (2, 6)):
        await host.announce(own_film["id"], event_time=(time + timedelta(days=days)).isoformat(), tickets_count=places)
    draft = {"status": "Created", "title": "Draft", "tickets_count": 9, "event_time": time.isoformat()}
    ok(await host.post(f"/app/v1/announcement/{own_film['id']}", {**draft, "event_location": "Nowhere"}))
    (found,) = [each for each in await hosts(guest, own_film) if each["user_id"] == host.id]
    assert (found["name"], found["rating"], found["evenings"], found["places_left"]) == ("Robin", 0, 3, 12)
    assert found["next_event_time"].startswith((time + timedelta(days=1)).isoformat()[:19])


async def test_everybody_is_listed_once_and_in_order(crowd: list[Person], guest: Person, own_film: Any) -> None:
    for person in crowd[:5]:
        await person.announce(own_film["id"])
        await person.announce(own_film["id"])
    found = await hosts(guest, own_film)
    assert [each["next_event_time"] for each in found] == sorted(each["next_event_time"] for each in found)
    ids = [each["user_id"] for each in found]
    assert len(ids) == len(set(ids))
    assert {person.id for person in crowd[:5]} <= set(ids)


async def test_private_evenings_count_for_followers_only(
    host: Person, guest: Person, new_person: Any, own_film: Any
) -> None:
    await host.announce(own_film["id"], sub_only=True)
    stranger = await new_person()
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    assert host.id in {each["user_id"] for each in await hosts(guest, own_film)}
    assert host.id not in {each["user_id"] for each in await hosts(stranger, own_film)}


async def test_without_a_film_lists_hosts_of_any(host: Person, guest: Person, film: Any) -> None:
    await host.announce(film["id"])
    page = ok(await guest.get("/app/v1/hosts", params={"page_size": 1}))
    assert len(page) == 1
