"""POST /app/v1/announcement/{announcement_id}/decide: many at once, all or none."""

from typing import Any
from uuid import uuid4

from tests.people import Person, ok, reason


def path(announcement: Any) -> str:
    return f"/app/v1/announcement/{announcement['id']}/decide"


def ids(*bookings: Any) -> list[str]:
    return [booking["id"] for booking in bookings]


async def state(person: Person, booking: Any) -> str:
    return str(ok(await person.get(f"/app/v1/booking/{booking['id']}"))["state"])


async def test_accepts_and_declines_together(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=2)
    bookings = [await person.apply(announcement) for person in crowd[:3]]
    decided = ok(await host.post(path(announcement), {"accept": ids(*bookings[:2]), "decline": ids(bookings[2])}))
    assert [(each["id"], each["state"]) for each in decided] == [
        (bookings[0]["id"], "ACCEPTED"),
        (bookings[1]["id"], "ACCEPTED"),
        (bookings[2]["id"], "DECLINED"),
    ]


async def test_one_too_many_and_nobody_is_accepted(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=2)
    bookings = [await person.apply(announcement) for person in crowd[:3]]
    answer = await host.post(path(announcement), {"accept": ids(*bookings)})
    assert reason(answer) == (400, "NO_PLACES_LEFT")
    assert answer.json()["details"][0]["metadata"]["booking_id"] == bookings[2]["id"]
    assert {await state(host, booking) for booking in bookings} == {"PENDING"}


async def test_what_is_revoked_makes_room_for_what_is_accepted(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1)
    first, second = [await person.apply(announcement) for person in crowd[:2]]
    ok(await host.decide(first, True))
    ok(await host.post(path(announcement), {"accept": ids(second), "decline": ids(first), "reason": "Sorry"}))
    assert (await state(host, first), await state(host, second)) == ("DECLINED", "ACCEPTED")


async def test_places_that_are_left_over_serve_the_waiting_list(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=2, accept_at_once=True)
    seated = [await person.apply(announcement) for person in crowd[:2]]
    waiting = await crowd[2].apply(announcement, waiting_list=True)
    ok(await host.post(path(announcement), {"decline": ids(*seated)}))
    assert await state(crowd[2], waiting) == "ACCEPTED"


async def test_reason_is_shown_to_those_who_are_declined(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    booking = await guest.apply(announcement)
    ok(await host.post(path(announcement), {"decline": ids(booking), "reason": "Only friends 🎬"}))
    assert ok(await guest.get(f"/app/v1/booking/{booking['id']}"))["decline_reason"] == "Only friends 🎬"


async def test_nobody_is_decided_twice(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    booking = await guest.apply(announcement)
    answer = await host.post(path(announcement), {"accept": ids(booking), "decline": ids(booking)})
    assert reason(answer) == (400, "INVALID_FIELDS")


async def test_deciding_nobody_is_refused(host: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    assert reason(await host.post(path(announcement), {})) == (400, "INVALID_FIELDS")


async def test_booking_of_another_evening_is_not_found(host: Person, crowd: list[Person], film: Any) -> None:
    announcement, other = await host.announce(film["id"]), await host.announce(film["id"])
    mine, foreign = await crowd[0].apply(announcement), await crowd[1].apply(other)
    assert reason(await host.post(path(announcement), {"accept": ids(mine, foreign)})) == (404, "BOOKING_NOT_FOUND")
    assert await state(host, mine) == "PENDING"


async def test_only_the_author_decides(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"])
    booking = await crowd[0].apply(announcement)
    answer = await crowd[0].post(path(announcement), {"accept": ids(booking)})
    assert reason(answer) == (403, "NOT_YOUR_ANNOUNCEMENT")


async def test_same_key_decides_once(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    booking = await guest.apply(announcement)
    body, headers = {"accept": ids(booking)}, {"idempotency-key": str(uuid4())}
    first = ok(await host.post(path(announcement), body, headers=headers))
    assert ok(await host.post(path(announcement), body, headers=headers)) == first
    other = await host.post(path(announcement), {"decline": ids(booking)}, headers=headers)
    assert reason(other) == (400, "IDEMPOTENCY_KEY_REUSED")
