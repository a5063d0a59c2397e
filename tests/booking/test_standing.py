"""GET /app/v1/standing/{user_id}: what became of a person's evenings, and of how many that is known."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.booking.conftest import Move
from tests.people import Person, ok, reason

NOBODY = "00000000-0000-4000-8000-000000000000"
DAY = timedelta(days=1)


def ahead(**length: float) -> str:
    return (datetime.now(UTC) + timedelta(**length)).isoformat()


async def evening(host: Person, film: Any, *guests: Person, **changes: Any) -> tuple[Any, list[Any]]:
    """An evening with these guests' accepted bookings."""
    announcement = await host.announce(film["id"], tickets_count=10, **changes)
    bookings = [await guest.apply(announcement) for guest in guests]
    for booking in bookings:
        ok(await host.decide(booking, True))
    return announcement, bookings


async def past(host: Person, film: Any, ended: Move, *guests: Person) -> tuple[Any, list[Any]]:
    announcement, bookings = await evening(host, film, *guests)
    await ended(announcement, DAY)
    return announcement, bookings


async def absent(host: Person, announcement: Any, *bookings: Any) -> None:
    body = {"no_show": [booking["id"] for booking in bookings]}
    ok(await host.post(f"/app/v1/announcement/{announcement['id']}/attendance", body))


async def say(guest: Person, announcement: Any) -> Any:
    return await guest.post(f"/app/v1/announcement/{announcement['id']}/not_held")


async def take_back(guest: Person, announcement: Any) -> Any:
    return await guest.delete(f"/app/v1/announcement/{announcement['id']}/not_held")


async def standing(person: Person, side: str) -> dict[str, int]:
    """What is known of a person on one side, without what is 0."""
    shown = ok(await person.get(f"/app/v1/standing/{person.id}"))[side]
    return {name: number for name, number in shown.items() if number}


async def test_who_has_done_nothing_has_no_numbers(guest: Person) -> None:
    shown = ok(await guest.get(f"/app/v1/standing/{NOBODY}"))
    assert shown["user_id"] == NOBODY
    assert set(shown["as_host"].values()) == set(shown["as_guest"].values()) == {0}


async def test_an_evening_with_guests_that_is_over_was_kept(
    host: Person, guest: Person, film: Any, ended: Move
) -> None:
    await past(host, film, ended, guest)
    assert await standing(host, "as_host") == {"evenings": 1, "kept": 1}
    assert await standing(guest, "as_guest") == {"evenings": 1, "attended": 1}


async def test_an_evening_to_come_is_not_counted(host: Person, guest: Person, film: Any) -> None:
    await evening(host, film, guest)
    assert await standing(host, "as_host") == await standing(guest, "as_guest") == {}


async def test_an_evening_without_guests_is_not_counted(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement = await host.announce(film["id"])
    await guest.apply(announcement)
    await ended(announcement, DAY)
    assert await standing(host, "as_host") == await standing(guest, "as_guest") == {}


async def test_who_is_marked_absent_did_not_show_up(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement, (booking,) = await past(host, film, ended, guest)
    await absent(host, announcement, booking)
    assert await standing(guest, "as_guest") == {"evenings": 1, "no_shows": 1}


async def test_a_late_withdrawal_counts_at_once(host: Person, guest: Person, film: Any) -> None:
    _, (booking,) = await evening(host, film, guest, event_time=ahead(hours=3))
    ok(await guest.delete(f"/app/v1/booking/{booking['id']}"))
    assert await standing(guest, "as_guest") == {"evenings": 1, "cancelled_late": 1}


async def test_who_returns_and_is_accepted_again_was_not_late(host: Person, guest: Person, film: Any) -> None:
    _, (booking,) = await evening(host, film, guest, event_time=ahead(hours=3))
    for word in (False, True):
        ok(await guest.decide(booking, word))
    ok(await host.decide(booking, True))
    assert await standing(guest, "as_guest") == {}


async def test_who_returns_at_once_and_leaves_again_was_late(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], event_time=ahead(hours=3), accept_at_once=True)
    booking = await guest.apply(announcement)
    for word in (False, True, False):
        ok(await guest.decide(booking, word))
    assert await standing(guest, "as_guest") == {"evenings": 1, "cancelled_late": 1}


async def test_who_returns_and_is_not_accepted_again_was_late(host: Person, guest: Person, film: Any) -> None:
    _, (booking,) = await evening(host, film, guest, event_time=ahead(hours=3))
    for word in (False, True):
        ok(await guest.decide(booking, word))
    ok(await host.decide(booking, False))
    assert await standing(guest, "as_guest") == {"evenings": 1, "cancelled_late": 1}


async def test_who_applies_anew_and_is_accepted_was_not_late(host: Person, guest: Person, film: Any) -> None:
    announcement, (booking,) = await evening(host, film, guest, event_time=ahead(hours=3))
    ok(await guest.delete(f"/app/v1/booking/{booking['id']}"))
    ok(await host.decide(await guest.apply(announcement), True))
    assert await standing(guest, "as_guest") == {}


async def test_calling_off_late_counts_for_the_host_only(host: Person, guest: Person, film: Any) -> None:
    announcement, _ = await evening(host, film, guest, event_time=ahead(hours=3))
    ok(await host.delete(f"/app/v1/announcement/{announcement['id']}"))
    assert await standing(host, "as_host") == {"evenings": 1, "cancelled_late": 1}
    assert await standing(guest, "as_guest") == {}


async def test_calling_off_in_time_is_not_counted(host: Person, guest: Person, film: Any) -> None:
    announcement, _ = await evening(host, film, guest)
    ok(await host.delete(f"/app/v1/announcement/{announcement['id']}"))
    assert await standing(host, "as_host") == {}


async def test_revoking_everybody_before_calling_off_is_calling_off_late(
    host: Person, guest: Person, film: Any
) -> None:
    announcement, (booking,) = await evening(host, film, guest, event_time=ahead(hours=3))
    ok(await host.decide(booking, False))
    ok(await host.delete(f"/app/v1/announcement/{announcement['id']}"))
    assert await standing(host, "as_host") == {"evenings": 1, "cancelled_late": 1}


async def test_an_evening_that_let_one_guest_down_late_was_not_kept(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    announcement, (booking, _) = await evening(host, film, *crowd[:2], event_time=ahead(hours=3))
    ok(await host.decide(booking, False))
    await ended(announcement, DAY)
    assert await standing(host, "as_host") == {"evenings": 1, "cancelled_late": 1}


async def test_a_guest_accepted_again_was_not_let_down(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement, (booking,) = await evening(host, film, guest, event_time=ahead(hours=3))
    for word in (False, True):
        ok(await host.decide(booking, word))
    await ended(announcement, DAY)
    assert await standing(host, "as_host") == {"evenings": 1, "kept": 1}


async def test_an_evening_of_which_most_guests_say_so_was_not_held(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    announcement, _ = await past(host, film, ended, *crowd[:3])
    ok(await say(crowd[0], announcement))
    assert await standing(host, "as_host") == {"evenings": 1, "kept": 1}
    ok(await say(crowd[1], announcement))
    assert await standing(host, "as_host") == {"evenings": 1, "not_held": 1}


async def test_half_of_the_guests_are_not_most(host: Person, crowd: list[Person], film: Any, ended: Move) -> None:
    announcement, _ = await past(host, film, ended, *crowd[:2])
    ok(await say(crowd[0], announcement))
    assert await standing(host, "as_host") == {"evenings": 1, "kept": 1}


async def test_who_is_marked_absent_is_not_asked(host: Person, crowd: list[Person], film: Any, ended: Move) -> None:
    announcement, (_, booking) = await past(host, film, ended, *crowd[:2])
    await absent(host, announcement, booking)
    assert reason(await say(crowd[1], announcement)) == (400, "NOT_A_GUEST")
    ok(await say(crowd[0], announcement))
    assert await standing(host, "as_host") == {"evenings": 1, "not_held": 1}


async def test_a_host_does_not_silence_who_has_spoken(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement, (booking,) = await past(host, film, ended, guest)
    ok(await say(guest, announcement))
    await absent(host, announcement, booking)
    assert await standing(host, "as_host") == {"evenings": 1, "not_held": 1}


async def test_a_guest_who_speaks_while_he_is_marked_absent_is_heard_or_refused(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    counted = 0
    for guest in crowd[:6]:
        announcement, (booking,) = await past(host, film, ended, guest)
        answer, _ = await asyncio.gather(say(guest, announcement), absent(host, announcement, booking))
        heard = answer.status_code == 200
        assert heard or reason(answer) == (400, "NOT_A_GUEST")
        counted += heard
        assert (await standing(host, "as_host")).get("not_held", 0) == counted


async def test_what_was_said_twice_is_taken_back_once(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement, _ = await past(host, film, ended, guest)
    for word in (say, say, take_back, take_back):
        ok(await word(guest, announcement))
    assert await standing(host, "as_host") == {"evenings": 1, "kept": 1}


async def test_nobody_says_it_before_the_end(host: Person, guest: Person, film: Any) -> None:
    announcement, _ = await evening(host, film, guest)
    assert reason(await say(guest, announcement)) == (400, "EVENING_NOT_OVER")


async def test_nobody_says_it_or_takes_it_back_after_two_weeks(
    host: Person, guest: Person, film: Any, ended: Move
) -> None:
    announcement, _ = await past(host, film, ended, guest)
    ok(await say(guest, announcement))
    await ended(announcement, 16 * DAY)
    for word in (say, take_back):
        assert reason(await word(guest, announcement)) == (400, "RATING_WINDOW_CLOSED")


async def test_who_was_not_accepted_does_not_say_it(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement = await host.announce(film["id"])
    await guest.apply(announcement)
    await ended(announcement, DAY)
    assert {reason(await say(person, announcement)) for person in (guest, host)} == {(400, "NOT_A_GUEST")}


async def test_a_private_evening_does_not_exist_for_strangers(
    host: Person, guest: Person, film: Any, ended: Move
) -> None:
    announcement = await host.announce(film["id"], sub_only=True)
    await ended(announcement, DAY)
    for evening_id in (announcement["id"], NOBODY):
        assert reason(await say(guest, {"id": evening_id})) == (404, "ANNOUNCEMENT_NOT_FOUND")
