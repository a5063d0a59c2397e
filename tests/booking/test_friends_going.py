"""GET /app/v1/announcement/{announcement_id}/friends: which friends have a place, if they let friends see it."""

import uuid
from typing import Any

from tests.people import Person, ok, reason


async def befriend(one: Person, other: Person, *, shows: bool = True) -> None:
    """Makes two people friends; the other lets his friends see where he goes, or not."""
    ok(await one.put(f"/ugc/v1/friend_requests/{other.id}"))
    ok(await other.post(f"/ugc/v1/friend_requests/{one.id}/accept"))
    ok(await other.put("/ugc/v1/privacy", {"show_evenings_to_friends": shows}))


async def going(person: Person, announcement: Any, **params: Any) -> list[str]:
    """The ids of a person's friends at an evening."""
    rows = ok(await person.get(f"/app/v1/announcement/{announcement['id']}/friends", params=params))
    return [row["user_id"] for row in rows]


async def test_a_friend_with_a_place_is_listed_by_name(host: Person, guest: Person, new_person: Any, film: Any) -> None:
    announcement, friend = await host.announce(film["id"], accept_at_once=True), await new_person("Frida")
    await befriend(guest, friend)
    await friend.apply(announcement)
    rows = ok(await guest.get(f"/app/v1/announcement/{announcement['id']}/friends"))
    assert rows == [{"user_id": friend.id, "name": "Frida"}]


async def test_a_friend_who_does_not_let_it_be_seen_is_not(
    host: Person, guest: Person, new_person: Any, film: Any
) -> None:
    announcement, friend = await host.announce(film["id"], accept_at_once=True), await new_person()
    await befriend(guest, friend, shows=False)
    await friend.apply(announcement)
    assert await going(guest, announcement) == []


async def test_a_guest_who_is_no_friend_is_not(host: Person, guest: Person, new_person: Any, film: Any) -> None:
    announcement, other = await host.announce(film["id"], accept_at_once=True), await new_person()
    ok(await other.put("/ugc/v1/privacy", {"show_evenings_to_friends": True}))
    ok(await guest.put(f"/ugc/v1/following/{other.id}"))
    await other.apply(announcement)
    assert await going(guest, announcement) == []


async def test_a_friend_who_has_only_applied_is_not(host: Person, guest: Person, new_person: Any, film: Any) -> None:
    announcement, friend = await host.announce(film["id"]), await new_person()
    await befriend(guest, friend)
    booking = await friend.apply(announcement)
    assert await going(guest, announcement) == []
    ok(await host.decide(booking, yes=True))
    assert await going(guest, announcement) == [friend.id]


async def test_pages_have_every_friend_once_in_the_order_of_applying(
    host: Person, guest: Person, crowd: list[Person], film: Any
) -> None:
    announcement = await host.announce(film["id"], accept_at_once=True, tickets_count=20)
    for number, person in enumerate(crowd[:7]):
        if number != 3:
            await befriend(guest, person)
        await person.apply(announcement)
    found: list[str] = []
    token = ""
    while True:
        params = {"page_size": 2, "page_token": token}
        page = await guest.get(f"/app/v1/announcement/{announcement['id']}/friends", params=params)
        found += [row["user_id"] for row in ok(page)]
        if not (token := page.headers.get("x-next-page-token", "")):
            break
    assert found == [person.id for number, person in enumerate(crowd[:7]) if number != 3]


async def test_another_evenings_token_is_refused(host: Person, guest: Person, crowd: list[Person], film: Any) -> None:
    evenings = [await host.announce(film["id"], accept_at_once=True) for _ in range(2)]
    for person in crowd[:2]:
        await befriend(guest, person)
        await person.apply(evenings[0])
    page = await guest.get(f"/app/v1/announcement/{evenings[0]['id']}/friends", params={"page_size": 1})
    params = {"page_token": page.headers["x-next-page-token"]}
    refused = await guest.get(f"/app/v1/announcement/{evenings[1]['id']}/friends", params=params)
    assert reason(refused) == (400, "INVALID_PAGE_TOKEN")


async def test_an_evening_that_one_does_not_see_has_no_friends(host: Person, guest: Person, film: Any) -> None:
    hidden = await host.announce(film["id"], sub_only=True)
    for announcement_id in (hidden["id"], uuid.uuid4()):
        refused = await guest.get(f"/app/v1/announcement/{announcement_id}/friends")
        assert reason(refused) == (404, "ANNOUNCEMENT_NOT_FOUND")


async def test_a_block_ends_it_both_ways(host: Person, guest: Person, new_person: Any, film: Any) -> None:
    announcement, friend = await host.announce(film["id"], accept_at_once=True, tickets_count=9), await new_person()
    await befriend(guest, friend)
    await befriend(friend, guest)
    for person in (guest, friend):
        await person.apply(announcement)
    ok(await friend.put(f"/ugc/v1/block/{guest.id}"))
    assert (await going(guest, announcement), await going(friend, announcement)) == ([], [])
