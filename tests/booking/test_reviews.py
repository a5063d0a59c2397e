"""POST /app/v1/reviews/{announcement_id} and GET /app/v1/average_score/{user_id}."""

from datetime import timedelta
from typing import Any

import pytest

from tests.booking.conftest import Move
from tests.people import Person, ok, reason


async def accepted(host: Person, announcement: Any, *guests: Person) -> list[Any]:
    return [ok(await host.decide(await guest.apply(announcement), True)) for guest in guests]


async def rate(guest: Person, announcement: Any, score: int = 8) -> Any:
    return await guest.post(f"/app/v1/reviews/{announcement['id']}", {"review_text": "Lovely", "score": score})


async def mean(person: Person) -> float:
    return float(ok(await person.get(f"/app/v1/average_score/{person.id}"))["score_average"])


async def test_guest_rates_the_host_after_the_evening(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement = await host.announce(film["id"])
    await accepted(host, announcement, guest)
    await ended(announcement, timedelta(days=1))
    review = ok(await rate(guest, announcement))
    facts = (review["announcement_id"], review["author_id"], review["user_id"], review["score"], review["review_text"])
    assert facts == (announcement["id"], guest.id, host.id, 8, "Lovely")


async def test_nobody_rates_before_the_evening_is_over(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    await accepted(host, announcement, guest)
    assert reason(await rate(guest, announcement)) == (400, "EVENING_NOT_OVER")


async def test_who_was_not_accepted_does_not_rate(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement = await host.announce(film["id"])
    await guest.apply(announcement)
    await ended(announcement, timedelta(days=1))
    answers = {reason(await rate(person, announcement)) for person in (guest, host)}
    assert answers == {(400, "NOT_A_GUEST")}


async def test_one_evening_is_rated_once(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement = await host.announce(film["id"])
    await accepted(host, announcement, guest)
    await ended(announcement, timedelta(days=1))
    ok(await rate(guest, announcement))
    assert reason(await rate(guest, announcement)) == (409, "RATING_EXISTS")


async def test_rating_ends_after_two_weeks(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement = await host.announce(film["id"])
    await accepted(host, announcement, guest)
    await ended(announcement, timedelta(days=16))
    assert reason(await rate(guest, announcement)) == (400, "RATING_WINDOW_CLOSED")


@pytest.mark.parametrize("score", [0, 11, -1])
async def test_score_out_of_range_is_refused(guest: Person, score: int) -> None:
    nowhere = {"id": "00000000-0000-4000-8000-000000000000"}
    assert reason(await rate(guest, nowhere, score)) == (400, "INVALID_FIELDS")


async def test_score_is_sealed_until_guests_and_host_have_rated(
    host: Person, guest: Person, new_person: Any, film: Any, ended: Move
) -> None:
    announcement, other = await host.announce(film["id"]), await new_person()
    bookings = await accepted(host, announcement, guest, other)
    await ended(announcement, timedelta(days=1))
    ok(await rate(guest, announcement, 4))
    ok(await rate(other, announcement, 9))
    ok(await host.post(f"/app/v1/rating/{bookings[0]['id']}", {"score": 7}))
    assert await mean(host) == 0
    ok(await host.post(f"/app/v1/rating/{bookings[1]['id']}", {"score": 8}))
    assert await mean(host) == 6.5
    shown = ok(await guest.get(f"/app/v1/announcement/{announcement['id']}"))
    assert (shown["author_rating"], shown["author_rating_count"]) == (6.5, 2)
    assert [(each["guest_rating"], each["guest_rating_count"]) for each in shown["guest_list"]] == [(7, 1), (8, 1)]


async def test_score_is_revealed_when_the_window_closes(
    host: Person, guest: Person, new_person: Any, film: Any, ended: Move
) -> None:
    announcement = await host.announce(film["id"])
    await accepted(host, announcement, guest, await new_person())
    await ended(announcement, timedelta(days=1))
    ok(await rate(guest, announcement, 7))
    await ended(announcement, timedelta(days=16))
    assert await mean(host) == 7


async def test_average_over_none_is_zero(guest: Person) -> None:
    assert await mean(guest) == 0


async def test_evening_that_is_over_is_done_and_stays_so(host: Person, film: Any, ended: Move) -> None:
    announcement = await host.announce(film["id"])
    await ended(announcement, timedelta(days=1))
    path = f"/app/v1/announcement/{announcement['id']}"
    assert ok(await host.get(path))["status"] == "Done"
    assert reason(await host.put(path, {"status": "Alive"})) == (400, "ANNOUNCEMENT_ENDED")


async def test_evening_that_has_begun_takes_no_applications(
    host: Person, guest: Person, film: Any, ended: Move
) -> None:
    announcement = await host.announce(film["id"])
    await ended(announcement, timedelta(minutes=1))
    assert reason(await guest.post(f"/app/v1/booking/{announcement['id']}")) == (400, "ANNOUNCEMENT_NOT_OPEN")
