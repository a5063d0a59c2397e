"""GET /app/v1/announcement/{announcement_id}/applications, and the timeline of a booking."""

from typing import Any

from tests.people import Person, ok, reason


def path(announcement: Any) -> str:
    return f"/app/v1/announcement/{announcement['id']}/applications"


async def causes(person: Person, booking: Any) -> list[tuple[str, str, str]]:
    timeline = ok(await person.get(f"/app/v1/booking/{booking['id']}"))["timeline"]
    assert [entry["time"] for entry in timeline] == sorted(entry["time"] for entry in timeline)
    return [(entry["kind"], entry["cause"], entry["actor"]) for entry in timeline]


async def test_lists_every_booking_in_the_order_of_application(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1)
    bookings = [await person.apply(announcement) for person in crowd[:3]]
    ok(await host.decide(bookings[1], True))
    ok(await crowd[2].decide(bookings[2], False))
    listed = ok(await host.get(path(announcement)))
    assert [(each["id"], each["state"]) for each in listed] == [
        (bookings[0]["id"], "PENDING"),
        (bookings[1]["id"], "ACCEPTED"),
        (bookings[2]["id"], "WITHDRAWN"),
    ]


async def test_pages_hold_every_booking_once(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=20)
    bookings = [await person.apply(announcement) for person in crowd[:5]]
    found, token = [], ""
    while True:
        page = await host.get(path(announcement), params={"page_size": 2, "page_token": token})
        found += [each["id"] for each in ok(page)]
        if not (token := page.headers.get("x-next-page-token", "")):
            break
    assert found == [booking["id"] for booking in bookings]


async def test_is_for_the_author_and_super(host: Person, guest: Person, sudo: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    await guest.apply(announcement)
    assert reason(await guest.get(path(announcement))) == (403, "NOT_YOUR_ANNOUNCEMENT")
    assert len(ok(await sudo.get(path(announcement)))) == 1


async def test_private_evening_is_not_found_by_others(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], sub_only=True)
    assert reason(await guest.get(path(announcement))) == (404, "ANNOUNCEMENT_NOT_FOUND")


async def test_timeline_tells_what_happened_and_who_did_it(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    booking = await guest.apply(announcement)
    for person, yes in ((host, True), (host, False), (host, True), (guest, False), (guest, True)):
        ok(await person.decide(booking, yes))
    assert await causes(guest, booking) == [
        ("booking_created", "applied", guest.id),
        ("booking_status", "accepted", host.id),
        ("booking_status", "revoked", host.id),
        ("booking_status", "accepted", host.id),
        ("booking_status", "withdrawn", guest.id),
        ("booking_status", "returned", guest.id),
    ]


async def test_timeline_of_who_waited(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1, accept_at_once=True)
    first = await crowd[0].apply(announcement)
    second = await crowd[1].apply(announcement, waiting_list=True)
    ok(await crowd[0].decide(first, False))
    assert await causes(crowd[1], second) == [
        ("booking_created", "waitlisted", crowd[1].id),
        ("booking_status", "promoted", ""),
    ]


async def test_timeline_of_a_cancelled_evening(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    booking = await guest.apply(announcement)
    ok(await host.delete(f"/app/v1/announcement/{announcement['id']}"))
    assert (await causes(guest, booking))[-1] == ("booking_status", "cancelled", host.id)


async def test_reason_of_a_revocation_goes_when_the_guest_is_accepted_again(
    host: Person, guest: Person, film: Any
) -> None:
    booking = await guest.apply(await host.announce(film["id"]))
    path_of_booking = f"/app/v1/booking/{booking['id']}"
    declined = ok(await host.put(path_of_booking, {"my_status": False, "reason": "No room"}))
    accepted = ok(await host.put(path_of_booking, {"my_status": True}))
    assert (declined["decline_reason"], accepted["decline_reason"]) == ("No room", "")
