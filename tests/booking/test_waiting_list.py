"""The waiting list: who gets on it, who is served when, in which order."""

import asyncio
from typing import Any

import pytest

from tests.people import Person, ok, reason, some_time


async def wait_for_place(person: Person, announcement: Any, tickets: int = 1) -> Any:
    return await person.apply(announcement, waiting_list=True, tickets=tickets)


async def shown(person: Person, booking: Any) -> tuple[str, int]:
    """A booking's state and its place among those who wait."""
    found = ok(await person.get(f"/app/v1/booking/{booking['id']}"))
    return found["state"], found["waitlist_position"]


async def taken(host: Person, announcement: Any) -> int:
    return int(ok(await host.get(f"/app/v1/announcement/{announcement['id']}"))["places_taken"])


async def test_full_evening_refuses_who_does_not_want_to_wait(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1, accept_at_once=True)
    await crowd[0].apply(announcement)
    assert reason(await crowd[1].post(f"/app/v1/booking/{announcement['id']}")) == (400, "NO_PLACES_LEFT")


async def test_who_wants_to_wait_gets_a_rank(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1, accept_at_once=True)
    await crowd[0].apply(announcement)
    waiting = [await wait_for_place(person, announcement) for person in crowd[1:4]]
    assert [(booking["state"], booking["waitlist_position"]) for booking in waiting] == [
        ("WAITLISTED", 1),
        ("WAITLISTED", 2),
        ("WAITLISTED", 3),
    ]


async def test_who_waits_is_documented_as_undecided(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1, accept_at_once=True)
    await crowd[0].apply(announcement)
    booking = await wait_for_place(crowd[1], announcement)
    assert (booking["author_status"], booking["guest_status"]) == (None, True)


async def test_nobody_waits_while_there_is_room(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=2)
    assert (await wait_for_place(guest, announcement, 2))["state"] == "PENDING"


async def test_freed_place_is_the_first_ones_where_accepting_is_at_once(
    host: Person, crowd: list[Person], film: Any
) -> None:
    announcement = await host.announce(film["id"], tickets_count=1, accept_at_once=True)
    first = await crowd[0].apply(announcement)
    waiting = [await wait_for_place(person, announcement) for person in crowd[1:3]]
    ok(await crowd[0].decide(first, False))
    assert await shown(crowd[1], waiting[0]) == ("ACCEPTED", 0)
    assert await shown(crowd[2], waiting[1]) == ("WAITLISTED", 1)
    assert await taken(host, announcement) == 1


async def test_freed_place_is_offered_to_the_first_where_the_host_decides(
    host: Person, crowd: list[Person], film: Any
) -> None:
    announcement = await host.announce(film["id"], tickets_count=1)
    first = await crowd[0].apply(announcement)
    ok(await host.decide(first, True))
    waiting = [await wait_for_place(person, announcement) for person in crowd[1:3]]
    ok(await host.decide(first, False))
    assert await shown(crowd[1], waiting[0]) == ("PENDING", 0)
    assert await shown(crowd[2], waiting[1]) == ("WAITLISTED", 1)
    assert await taken(host, announcement) == 0


async def test_place_that_the_host_refuses_to_one_is_offered_to_the_next(
    host: Person, crowd: list[Person], film: Any
) -> None:
    announcement = await host.announce(film["id"], tickets_count=1)
    first = await crowd[0].apply(announcement)
    ok(await host.decide(first, True))
    waiting = [await wait_for_place(person, announcement) for person in crowd[1:3]]
    ok(await crowd[0].decide(first, False))
    ok(await host.decide(waiting[0], False))
    assert await shown(crowd[2], waiting[1]) == ("PENDING", 0)


async def test_place_that_is_offered_is_not_offered_to_another(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=2)
    accepted = [await person.apply(announcement) for person in crowd[:2]]
    for booking in accepted:
        ok(await host.decide(booking, True))
    waiting = [await wait_for_place(person, announcement) for person in crowd[2:5]]
    ok(await crowd[0].decide(accepted[0], False))
    ok(await crowd[1].decide(accepted[1], False))
    states = [(await shown(person, booking))[0] for person, booking in zip(crowd[2:5], waiting, strict=True)]
    assert states == ["PENDING", "PENDING", "WAITLISTED"]


async def test_party_that_does_not_fit_is_passed_over_and_keeps_its_rank(
    host: Person, crowd: list[Person], film: Any
) -> None:
    announcement = await host.announce(film["id"], tickets_count=2, accept_at_once=True)
    seated = [await person.apply(announcement) for person in crowd[:2]]
    pair = await wait_for_place(crowd[2], announcement, 2)
    single, last = await wait_for_place(crowd[3], announcement), await wait_for_place(crowd[4], announcement)
    ok(await crowd[0].decide(seated[0], False))
    assert await shown(crowd[3], single) == ("ACCEPTED", 0)
    assert await shown(crowd[2], pair) == ("WAITLISTED", 1)
    assert await shown(crowd[4], last) == ("WAITLISTED", 2)


async def test_places_freed_one_by_one_add_up_for_a_party(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=2)
    seated = [await person.apply(announcement) for person in crowd[:2]]
    for booking in seated:
        ok(await host.decide(booking, True))
    pair = await wait_for_place(crowd[2], announcement, 2)
    for person, booking in zip(crowd[:2], seated, strict=True):
        assert (await shown(crowd[2], pair))[0] == "WAITLISTED"
        ok(await person.decide(booking, False))
    assert await shown(crowd[2], pair) == ("PENDING", 0)


async def test_added_places_are_given_in_order(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1, accept_at_once=True)
    await crowd[0].apply(announcement)
    waiting = [await wait_for_place(person, announcement) for person in crowd[1:5]]
    ok(await host.put(f"/app/v1/announcement/{announcement['id']}", {"tickets_count": 3}))
    states = [(await shown(person, booking))[0] for person, booking in zip(crowd[1:5], waiting, strict=True)]
    assert states == ["ACCEPTED", "ACCEPTED", "WAITLISTED", "WAITLISTED"]


async def test_leaving_the_list_moves_the_others_up(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1, accept_at_once=True)
    await crowd[0].apply(announcement)
    waiting = [await wait_for_place(person, announcement) for person in crowd[1:3]]
    assert ok(await crowd[1].decide(waiting[0], False))["state"] == "WITHDRAWN"
    assert await shown(crowd[2], waiting[1]) == ("WAITLISTED", 1)


async def test_host_declines_from_the_list(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1, accept_at_once=True)
    await crowd[0].apply(announcement)
    booking = await wait_for_place(crowd[1], announcement)
    assert ok(await host.decide(booking, False))["state"] == "DECLINED"
    assert await taken(host, announcement) == 1


async def test_who_waits_cannot_be_accepted_into_a_full_evening(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1, accept_at_once=True)
    await crowd[0].apply(announcement)
    booking = await wait_for_place(crowd[1], announcement)
    assert reason(await host.decide(booking, True)) == (400, "NO_PLACES_LEFT")


async def test_who_waits_is_busy_then(host: Person, crowd: list[Person], film: Any) -> None:
    time = some_time().isoformat()
    announcement = await host.announce(film["id"], tickets_count=1, accept_at_once=True, event_time=time)
    other = await crowd[2].announce(film["id"], event_time=time)
    await crowd[0].apply(announcement)
    await wait_for_place(crowd[1], announcement)
    assert reason(await crowd[1].post(f"/app/v1/booking/{other['id']}")) == (400, "TIME_CONFLICT")


async def test_evening_closed_by_its_host_takes_nobody_on_the_list(
    host: Person, crowd: list[Person], film: Any
) -> None:
    announcement = await host.announce(film["id"], tickets_count=1, accept_at_once=True)
    await crowd[0].apply(announcement)
    ok(await host.put(f"/app/v1/announcement/{announcement['id']}", {"status": "Closed"}))
    answer = await crowd[1].post(f"/app/v1/booking/{announcement['id']}", {"waiting_list": True})
    assert reason(answer) == (400, "ANNOUNCEMENT_NOT_OPEN")


async def test_cancelling_ends_the_waiting(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1, accept_at_once=True)
    await crowd[0].apply(announcement)
    booking = await wait_for_place(crowd[1], announcement)
    ok(await host.delete(f"/app/v1/announcement/{announcement['id']}"))
    assert await shown(crowd[1], booking) == ("CANCELLED", 0)


async def test_returning_guest_does_not_join_the_list(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1, accept_at_once=True)
    first = await crowd[0].apply(announcement)
    await wait_for_place(crowd[1], announcement)
    ok(await crowd[0].decide(first, False))
    assert reason(await crowd[0].decide(first, True)) == (400, "NO_PLACES_LEFT")


@pytest.mark.parametrize("places", [1, 3])
async def test_racing_applicants_are_seated_or_ranked(
    host: Person, crowd: list[Person], film: Any, places: int
) -> None:
    announcement = await host.announce(film["id"], tickets_count=places, accept_at_once=True)
    bookings = await asyncio.gather(*(wait_for_place(person, announcement) for person in crowd))
    found = [await shown(person, booking) for person, booking in zip(crowd, bookings, strict=True)]
    ranks = sorted(position for state, position in found if state == "WAITLISTED")
    assert [state for state, _ in found].count("ACCEPTED") == places
    assert ranks == list(range(1, len(crowd) - places + 1))


async def test_racing_withdrawals_promote_as_many_as_they_free(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=4, accept_at_once=True)
    seated = [await person.apply(announcement) for person in crowd[:4]]
    waiting = [await wait_for_place(person, announcement) for person in crowd[4:10]]
    await asyncio.gather(*(person.decide(booking, False) for person, booking in zip(crowd[:4], seated, strict=True)))
    states = [(await shown(person, booking))[0] for person, booking in zip(crowd[4:10], waiting, strict=True)]
    assert states == ["ACCEPTED"] * 4 + ["WAITLISTED"] * 2
    assert await taken(host, announcement) == 4
