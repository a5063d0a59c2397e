"""POST /app/v1/announcement/{announcement_id}/attendance: who came."""

from datetime import timedelta
from typing import Any

from tests.booking.conftest import Move
from tests.people import Person, ok, reason


def path(announcement: Any) -> str:
    return f"/app/v1/announcement/{announcement['id']}/attendance"


async def past_evening(host: Person, guests: list[Person], film: Any, ended: Move) -> tuple[Any, list[Any]]:
    announcement = await host.announce(film["id"], tickets_count=10)
    bookings = [await person.apply(announcement) for person in guests]
    for booking in bookings:
        ok(await host.decide(booking, True))
    await ended(announcement, timedelta(days=1))
    return announcement, bookings


async def test_host_notes_who_came_and_who_did_not(host: Person, crowd: list[Person], film: Any, ended: Move) -> None:
    announcement, (came, absent) = await past_evening(host, crowd[:2], film, ended)
    noted = ok(await host.post(path(announcement), {"attended": [came["id"]], "no_show": [absent["id"]]}))
    assert [(each["id"], each["state"]) for each in noted] == [(came["id"], "ATTENDED"), (absent["id"], "NO_SHOW")]
    shown = ok(await host.get(f"/app/v1/announcement/{announcement['id']}"))
    assert (shown["places_taken"], len(shown["guest_list"])) == (2, 2)


async def test_note_may_be_corrected_and_repeated(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement, (booking,) = await past_evening(host, [guest], film, ended)
    for body in ({"no_show": [booking["id"]]}, {"attended": [booking["id"]]}, {"attended": [booking["id"]]}):
        (noted,) = ok(await host.post(path(announcement), body))
    assert noted["state"] == "ATTENDED"
    assert [entry["cause"] for entry in noted["timeline"]][-2:] == ["no_show", "attended"]


async def test_whom_the_host_has_rated_he_does_not_mark_absent(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    announcement, bookings = await past_evening(host, crowd[:2], film, ended)
    ok(await host.post(f"/app/v1/rating/{bookings[0]['id']}", {"score": 1}))
    answer = await host.post(path(announcement), {"no_show": [each["id"] for each in bookings]})
    assert reason(answer) == (400, "GUEST_WAS_RATED")
    states = [ok(await host.get(f"/app/v1/booking/{each['id']}"))["state"] for each in bookings]
    assert states == ["ACCEPTED", "ACCEPTED"]
    ok(await crowd[0].post(f"/app/v1/rating/{bookings[0]['id']}", {"score": 2}))


async def test_after_two_weeks_nothing_is_noted_any_more(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement, (booking,) = await past_evening(host, [guest], film, ended)
    await ended(announcement, timedelta(days=15))
    answer = await host.post(path(announcement), {"no_show": [booking["id"]]})
    assert reason(answer) == (400, "RATING_WINDOW_CLOSED")


async def test_nothing_is_noted_before_the_end(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    booking = await guest.apply(announcement)
    ok(await host.decide(booking, True))
    answer = await host.post(path(announcement), {"attended": [booking["id"]]})
    assert reason(answer) == (400, "EVENING_NOT_OVER")


async def test_one_who_was_not_accepted_and_nobody_is_noted(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    announcement = await host.announce(film["id"])
    accepted, declined = [await person.apply(announcement) for person in crowd[:2]]
    ok(await host.decide(accepted, True))
    ok(await host.decide(declined, False))
    await ended(announcement, timedelta(days=1))
    answer = await host.post(path(announcement), {"attended": [accepted["id"], declined["id"]]})
    assert reason(answer) == (400, "WRONG_BOOKING_STATE")
    assert ok(await host.get(f"/app/v1/booking/{accepted['id']}"))["state"] == "ACCEPTED"


async def test_only_the_author_notes(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement, (booking,) = await past_evening(host, [guest], film, ended)
    answer = await guest.post(path(announcement), {"attended": [booking["id"]]})
    assert reason(answer) == (403, "NOT_YOUR_ANNOUNCEMENT")


async def test_who_did_not_come_does_not_rate(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement, (booking,) = await past_evening(host, [guest], film, ended)
    ok(await host.post(path(announcement), {"no_show": [booking["id"]]}))
    answer = await guest.post(f"/app/v1/reviews/{announcement['id']}", {"score": 5})
    assert reason(answer) == (400, "NOT_A_GUEST")
