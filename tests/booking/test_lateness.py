"""Places given up or taken away at short notice: how late is written down, and whose lateness it was."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.people import Person, ok


def ahead(**length: float) -> str:
    return (datetime.now(UTC) + timedelta(**length)).isoformat()


async def accepted(host: Person, film: Any, *guests: Person, **length: float) -> tuple[Any, list[Any]]:
    """An evening so far ahead, with these guests' accepted bookings."""
    announcement = await host.announce(film["id"], event_time=ahead(**length), tickets_count=10)
    bookings = [await guest.apply(announcement) for guest in guests]
    for booking in bookings:
        ok(await host.decide(booking, True))
    return announcement, bookings


async def withdraw(guest: Person, booking: Any) -> Any:
    return ok(await guest.delete(f"/app/v1/booking/{booking['id']}"))


async def move(host: Person, announcement: Any, **length: float) -> None:
    ok(await host.put(f"/app/v1/announcement/{announcement['id']}", {"event_time": ahead(**length), "force": True}))


async def cancel(host: Person, announcement: Any) -> Any:
    return ok(await host.delete(f"/app/v1/announcement/{announcement['id']}"))


def last(booking: Any) -> tuple[str, int | None]:
    """The last cause in a booking's timeline, and how late that was."""
    entry = booking["timeline"][-1]
    return entry["cause"], entry.get("minutes_before")


async def last_of(person: Person, booking: Any) -> tuple[str, int | None]:
    return last(ok(await person.get(f"/app/v1/booking/{booking['id']}")))


async def test_how_late_a_guest_withdraws_is_in_the_timeline(host: Person, guest: Person, film: Any) -> None:
    _, (booking,) = await accepted(host, film, guest, hours=3)
    assert last(await withdraw(guest, booking)) == ("withdrawn", 179)


async def test_a_guest_who_withdraws_a_day_before_is_not_late(host: Person, guest: Person, film: Any) -> None:
    _, (booking,) = await accepted(host, film, guest, hours=24, minutes=5)
    assert last(await withdraw(guest, booking)) == ("withdrawn", None)


async def test_an_applicant_who_withdraws_is_not_late(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], event_time=ahead(hours=3))
    assert last(await withdraw(guest, await guest.apply(announcement))) == ("withdrawn", None)


async def test_a_guest_whom_super_withdraws_is_not_late(host: Person, guest: Person, sudo: Person, film: Any) -> None:
    _, (booking,) = await accepted(host, film, guest, hours=3)
    assert last(await withdraw(sudo, booking)) == ("withdrawn", None)


async def test_a_guest_who_leaves_because_the_evening_was_moved_is_not_late(
    host: Person, guest: Person, film: Any
) -> None:
    announcement, (booking,) = await accepted(host, film, guest, days=3)
    await move(host, announcement, hours=3)
    assert last(await withdraw(guest, booking)) == ("withdrawn", None)


async def test_a_guest_who_was_accepted_after_the_move_is_late(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], event_time=ahead(days=3))
    await move(host, announcement, hours=3)
    booking = await guest.apply(announcement)
    ok(await host.decide(booking, True))
    assert last(await withdraw(guest, booking))[1] is not None


async def test_a_move_that_drops_a_guest_is_the_hosts_lateness(
    host: Person, guest: Person, new_person: Any, film: Any
) -> None:
    announcement, (booking,) = await accepted(host, film, guest, hours=3)
    await accepted(await new_person(), film, guest, hours=30)
    await move(host, announcement, hours=30)
    assert await last_of(guest, booking) == ("moved", 179)


async def test_how_late_a_host_revokes_is_in_the_timeline(host: Person, guest: Person, film: Any) -> None:
    _, (booking,) = await accepted(host, film, guest, hours=3)
    assert last(ok(await host.decide(booking, False))) == ("revoked", 179)


async def test_a_host_who_declines_an_applicant_is_not_late(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], event_time=ahead(hours=3))
    assert last(ok(await host.decide(await guest.apply(announcement), False))) == ("declined", None)


async def test_how_late_an_evening_is_called_off_is_shown(host: Person, guest: Person, film: Any) -> None:
    announcement, (booking,) = await accepted(host, film, guest, hours=3)
    assert (await cancel(host, announcement))["cancelled_minutes_before"] == 179
    assert await last_of(guest, booking) == ("cancelled", 179)


async def test_an_evening_without_guests_is_never_called_off_late(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], event_time=ahead(hours=3))
    await guest.apply(announcement)
    assert "cancelled_minutes_before" not in await cancel(host, announcement)


async def test_an_evening_called_off_a_day_before_is_not_late(host: Person, guest: Person, film: Any) -> None:
    announcement, _ = await accepted(host, film, guest, hours=24, minutes=5)
    assert "cancelled_minutes_before" not in await cancel(host, announcement)


async def test_an_evening_that_super_calls_off_is_not_called_off_late(
    host: Person, guest: Person, sudo: Person, film: Any
) -> None:
    announcement, _ = await accepted(host, film, guest, hours=3)
    assert "cancelled_minutes_before" not in await cancel(sudo, announcement)


async def test_moving_an_evening_away_first_does_not_make_calling_it_off_earlier(
    host: Person, guest: Person, film: Any
) -> None:
    announcement, _ = await accepted(host, film, guest, hours=3)
    await move(host, announcement, days=30)
    assert (await cancel(host, announcement))["cancelled_minutes_before"] == 179
