"""Addresses that only accepted guests see."""

from typing import Any

from tests.e2e.faults import until
from tests.people import Person, ok, reason

HIDDEN = {"event_location": "Secret Lane 7", "city": "Görlitz", "address_for_guests_only": True}


async def seen(person: Person, announcement: Any) -> tuple[str, str]:
    """The address as a person gets it alone and in a list."""
    alone = ok(await person.get(f"/app/v1/announcement/{announcement['id']}"))
    params = {"filter[author]": announcement["author_id"]}
    (row,) = ok(await person.get("/app/v1/announcements", params=params))
    return alone["event_location"], row["event_location"]


async def test_others_see_the_city(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], **HIDDEN)
    assert await seen(guest, announcement) == ("Görlitz", "Görlitz")


async def test_author_sees_it(host: Person, film: Any) -> None:
    assert await seen(host, await host.announce(film["id"], **HIDDEN)) == ("Secret Lane 7", "Secret Lane 7")


async def test_guest_sees_it_from_acceptance_to_revocation(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], **HIDDEN)
    booking = await guest.apply(announcement)
    assert await seen(guest, announcement) == ("Görlitz", "Görlitz")
    ok(await host.decide(booking, True))
    assert await seen(guest, announcement) == ("Secret Lane 7", "Secret Lane 7")
    ok(await host.decide(booking, False))
    assert await seen(guest, announcement) == ("Görlitz", "Görlitz")


async def test_search_does_not_find_it(host: Person, guest: Person, film: Any) -> None:
    await host.announce(film["id"], **HIDDEN)
    by = {"filter[author]": host.id}
    assert ok(await guest.get("/app/v1/announcements", params={**by, "filter[location]": "lane"})) == []
    assert len(ok(await guest.get("/app/v1/announcements", params={**by, "filter[location]": "gorl"}))) == 1


async def test_needs_a_city(host: Person, film: Any) -> None:
    body = {**HIDDEN, "title": "x", "tickets_count": 1, "event_time": "2040-01-01T20:00:00Z", "city": "  "}
    assert reason(await host.post(f"/app/v1/announcement/{film['id']}", body)) == (400, "INVALID_FIELDS")
    announcement = await host.announce(film["id"])
    answer = await host.put(f"/app/v1/announcement/{announcement['id']}", {"address_for_guests_only": True})
    assert reason(answer) == (400, "INVALID_FIELDS")


async def test_notice_of_a_new_address_is_for_accepted_guests(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], **HIDDEN)
    accepted, pending = await crowd[0].apply(announcement), await crowd[1].apply(announcement)
    ok(await host.decide(accepted, True))
    path = f"/app/v1/announcement/{announcement['id']}"
    ok(await host.put(path, {"event_location": "Hidden Alley 9", "title": "Another title"}))
    for person, knows in ((crowd[0], True), (crowd[1], False)):
        notice = await changed(person)
        assert "Another title" in notice
        assert ("Hidden Alley 9" in notice) is knows
    assert pending["state"] == "PENDING"


async def changed(person: Person) -> str:
    """The text of the notice of a change, once it is there."""
    texts: list[str] = []

    async def told() -> bool:
        inbox = ok(await person.get("/notify/v1/inbox"))
        texts.extend(notice["text"] for notice in inbox if notice["kind"] == "announcement_changed")
        return bool(texts)

    await until(told, "he is told")
    return texts[0]
