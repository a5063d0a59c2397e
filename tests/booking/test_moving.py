"""Moving an evening: everybody's time moves with it, and who is elsewhere then is named or let go."""

from datetime import datetime, timedelta
from typing import Any

from tests.people import Person, ok, reason, some_time


def path(announcement: Any) -> str:
    return f"/app/v1/announcement/{announcement['id']}"


async def two_evenings(host: Person, other: Person, film: Any, **first: Any) -> tuple[Any, Any]:
    """Two evenings a week apart."""
    time = some_time()
    later = (time + timedelta(days=7)).isoformat()
    return (
        await host.announce(film["id"], event_time=time.isoformat(), **first),
        await other.announce(film["id"], event_time=later),
    )


async def state(person: Person, booking: Any) -> str:
    return str(ok(await person.get(f"/app/v1/booking/{booking['id']}"))["state"])


async def test_guests_who_are_elsewhere_are_named(host: Person, crowd: list[Person], film: Any) -> None:
    first, second = await two_evenings(host, crowd[0], film)
    for announcement in (first, second):
        await crowd[1].apply(announcement)
    await crowd[2].apply(first)
    answer = await host.put(path(first), {"event_time": second["event_time"]})
    assert reason(answer) == (400, "GUESTS_HAVE_CONFLICTS")
    assert answer.json()["details"][0]["metadata"]["guests"] == crowd[1].id
    assert ok(await host.get(path(first)))["event_time"] == first["event_time"]


async def test_with_force_their_bookings_end(host: Person, crowd: list[Person], film: Any) -> None:
    first, second = await two_evenings(host, crowd[0], film)
    ended, elsewhere = await crowd[1].apply(first), await crowd[1].apply(second)
    stays = await crowd[2].apply(first)
    for booking in (ended, stays):
        ok(await host.decide(booking, True))
    moved = ok(await host.put(path(first), {"event_time": second["event_time"], "force": True}))
    assert (moved["places_taken"], [each["guest_id"] for each in moved["guest_list"]]) == (1, [crowd[2].id])
    assert (await state(crowd[1], ended), await state(crowd[1], elsewhere)) == ("CANCELLED", "PENDING")
    timeline = ok(await crowd[1].get(f"/app/v1/booking/{ended['id']}"))["timeline"]
    assert (timeline[-1]["cause"], timeline[-1]["actor"]) == ("moved", host.id)


async def test_places_freed_by_force_serve_the_waiting_list(host: Person, crowd: list[Person], film: Any) -> None:
    first, second = await two_evenings(host, crowd[0], film, tickets_count=1, accept_at_once=True)
    await crowd[1].apply(first)
    await crowd[1].apply(second)
    waiting = await crowd[2].apply(first, waiting_list=True)
    ok(await host.put(path(first), {"event_time": second["event_time"], "force": True}))
    assert await state(crowd[2], waiting) == "ACCEPTED"


async def test_host_who_is_a_guest_elsewhere_cannot_be_forced(host: Person, crowd: list[Person], film: Any) -> None:
    first, second = await two_evenings(host, crowd[0], film)
    await host.apply(second)
    answer = await host.put(path(first), {"event_time": second["event_time"], "force": True})
    assert reason(answer) == (400, "TIME_CONFLICT")


async def test_time_that_an_evening_left_is_free_again(host: Person, crowd: list[Person], film: Any) -> None:
    first, second = await two_evenings(host, crowd[0], film)
    await crowd[1].apply(first)
    ok(await host.put(path(first), {"event_time": second["event_time"]}))
    there = await crowd[2].announce(film["id"], event_time=first["event_time"])
    assert (await crowd[1].apply(there))["state"] == "PENDING"
    assert reason(await crowd[1].post(f"/app/v1/booking/{second['id']}")) == (400, "TIME_CONFLICT")


async def test_another_film_changes_how_long_it_lasts(host: Person, film: Any, other_film: Any) -> None:
    announcement = await host.announce(film["id"])
    changed = ok(await host.put(path(announcement), {"movie_id": other_film["id"]}))
    assert (changed["movie_id"], changed["movie_title"], changed["duration"]) == (
        other_film["id"],
        other_film["title"],
        other_film["duration"],
    )


async def test_film_that_may_not_be_shown_is_refused(host: Person, film: Any, unbookable_film: Any) -> None:
    announcement = await host.announce(film["id"])
    answer = await host.put(path(announcement), {"movie_id": unbookable_film["id"]})
    assert reason(answer) == (400, "MOVIE_NOT_BOOKABLE")


async def test_whole_object_sent_back_changes_nothing(host: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    fields = ("title", "description", "tickets_count", "event_time", "event_location", "movie_id", "time_zone")
    again = ok(await host.put(path(announcement), {name: announcement[name] for name in fields}))
    assert again["version"] == announcement["version"]


async def test_evening_that_has_begun_is_not_moved(host: Person, film: Any, ended: Any) -> None:
    announcement = await host.announce(film["id"])
    await ended(announcement, timedelta(minutes=1))
    later = (datetime.fromisoformat(announcement["event_time"]) + timedelta(days=1)).isoformat()
    assert reason(await host.put(path(announcement), {"event_time": later})) == (400, "ANNOUNCEMENT_NOT_OPEN")


async def test_evening_that_has_begun_keeps_its_film(
    host: Person, sudo: Person, film: Any, other_film: Any, ended: Any
) -> None:
    announcement = await host.announce(film["id"])
    await ended(announcement, timedelta(minutes=1))
    for person in (host, sudo):
        answer = await person.put(path(announcement), {"movie_id": other_film["id"]})
        assert reason(answer) == (400, "ANNOUNCEMENT_NOT_OPEN")


async def test_not_even_super_moves_an_evening_that_has_begun(
    host: Person, sudo: Person, film: Any, ended: Any
) -> None:
    announcement = await host.announce(film["id"])
    await ended(announcement, timedelta(minutes=1))
    answer = await sudo.put(path(announcement), {"event_time": announcement["event_time"]})
    assert reason(answer) == (400, "ANNOUNCEMENT_NOT_OPEN")


async def test_another_room_is_given_while_the_film_runs(host: Person, film: Any, ended: Any) -> None:
    announcement = await host.announce(film["id"])
    await ended(announcement, timedelta(minutes=1))
    changed = ok(await host.put(path(announcement), {"event_location": "Next door"}))
    assert (changed["event_location"], changed["status"]) == ("Next door", "Closed")


async def test_host_does_not_call_off_what_has_begun(host: Person, film: Any, ended: Any) -> None:
    announcement = await host.announce(film["id"])
    await ended(announcement, timedelta(minutes=1))
    deleted, updated = (
        await host.delete(path(announcement)),
        await host.put(path(announcement), {"status": "Cancelled"}),
    )
    assert reason(deleted) == reason(updated) == (400, "ANNOUNCEMENT_NOT_OPEN")
    assert deleted.json()["details"][0]["metadata"]["status"] == "Closed"


async def test_super_calls_off_what_has_begun(host: Person, sudo: Person, film: Any, ended: Any) -> None:
    announcement = await host.announce(film["id"])
    await ended(announcement, timedelta(minutes=1))
    assert ok(await sudo.delete(path(announcement)))["status"] == "Cancelled"


async def test_reason_of_a_cancellation_is_shown(host: Person, guest: Person, film: Any) -> None:
    deleted, updated = await host.announce(film["id"]), await host.announce(film["id"])
    ok(await host.delete(path(deleted), params={"cancel_reason": "Flu"}))
    ok(await host.put(path(updated), {"status": "Cancelled", "cancel_reason": "Flu, too"}))
    reasons = [ok(await guest.get(path(each)))["cancel_reason"] for each in (deleted, updated)]
    assert reasons == ["Flu", "Flu, too"]


async def test_nothing_else_changes_with_a_cancellation(host: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    answer = await host.put(path(announcement), {"status": "Cancelled", "title": "Another"})
    assert reason(answer) == (400, "INVALID_FIELDS")
    assert ok(await host.get(path(announcement)))["status"] == "Alive"


async def test_capacity_below_what_was_accepted_is_refused_with_the_numbers(
    host: Person, guest: Person, film: Any
) -> None:
    announcement = await host.announce(film["id"], tickets_count=5)
    ok(await host.decide(await guest.apply(announcement, tickets=3), True))
    answer = await host.put(path(announcement), {"tickets_count": 2})
    assert reason(answer) == (400, "PLACES_ALREADY_TAKEN")
    assert answer.json()["details"][0]["metadata"] == {"places_taken": "3", "tickets_count": "2"}
