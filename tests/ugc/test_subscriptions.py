"""Who wants to hear of a film."""

import uuid
from typing import Any

from matinee.ugc.v1.ugc_pb2 import ListSubscribersRequest
from matinee.ugc.v1.ugc_pb2_grpc import UgcServiceStub

from tests.people import Person, ok, reason
from tests.ugc.lists import all_of


async def subscribers(ugc: UgcServiceStub, film_id: str) -> list[str]:
    """All of them, page by page."""
    found: list[str] = []
    token = ""
    while True:
        page = await ugc.ListSubscribers(ListSubscribersRequest(movie_id=film_id, page_size=2, page_token=token))
        found.extend(page.user_ids)
        if not (token := page.next_page_token):
            return found


async def test_subscribing_twice_is_once(ugc: UgcServiceStub, guest: Person, film: Any) -> None:
    for _ in range(2):
        assert ok(await guest.put(f"/ugc/v1/subscription/{film['id']}")) == {}
    assert (await subscribers(ugc, film["id"])).count(guest.id) == 1


async def test_who_unsubscribes_is_no_longer_listed(ugc: UgcServiceStub, guest: Person, film: Any) -> None:
    ok(await guest.put(f"/ugc/v1/subscription/{film['id']}"))
    for _ in range(2):
        assert ok(await guest.delete(f"/ugc/v1/subscription/{film['id']}")) == {}
    assert guest.id not in await subscribers(ugc, film["id"])


async def test_nobody_subscribes_to_a_film_that_does_not_exist(guest: Person) -> None:
    film_id = uuid.uuid4()
    assert reason(await guest.put(f"/ugc/v1/subscription/{film_id}")) == (404, "MOVIE_NOT_FOUND")
    assert ok(await guest.post(f"/ugc/v1/subscribers/{film_id}/")) == []


async def test_a_page_token_of_another_film_is_refused(host: Person, guest: Person, film: Any, other_film: Any) -> None:
    for person in (host, guest):
        ok(await person.put(f"/ugc/v1/subscription/{film['id']}"))
    first = await guest.get(f"/ugc/v1/subscribers/{film['id']}?page_size=1")
    token = first.headers["x-next-page-token"]
    answer = await guest.get(f"/ugc/v1/subscribers/{other_film['id']}?page_token={token}")
    assert reason(answer) == (400, "INVALID_PAGE_TOKEN")


async def test_ones_own_subscriptions_are_listed_oldest_first(guest: Person, film: Any, other_film: Any) -> None:
    for each in (other_film, film, other_film):
        ok(await guest.put(f"/ugc/v1/subscription/{each['id']}"))
    assert await all_of(guest, "/ugc/v1/subscriptions", page_size=1) == [other_film["id"], film["id"]]
