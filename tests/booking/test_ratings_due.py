"""GET /app/v1/ratings_due: whom one may still rate, and until when."""

from datetime import datetime, timedelta
from typing import Any

from tests.booking.conftest import Move
from tests.booking.ratings import over, rate
from tests.people import Person, ok, reason

DAY = timedelta(days=1)


async def due(person: Person, **params: Any) -> list[Any]:
    """What the list says."""
    return list(ok(await person.get("/app/v1/ratings_due", params=params)))


async def whom(person: Person) -> set[str]:
    """The ids of those whom a person may still rate."""
    return {row["user_id"] for row in await due(person)}


async def test_a_guest_may_rate_the_host_of_an_evening_that_is_over(
    host: Person, guest: Person, film: Any, ended: Move
) -> None:
    evening = await over(host, [guest], film, ended)
    (row,) = await due(guest)
    shown = ok(await guest.get(f"/app/v1/announcement/{evening.announcement['id']}"))
    until = datetime.fromisoformat(shown["event_time"]) + timedelta(minutes=shown["duration"]) + 14 * DAY
    assert datetime.fromisoformat(row.pop("until")) == until
    assert row == {
        "booking_id": evening.bookings[0]["id"],
        "announcement_id": evening.announcement["id"],
        "title": evening.announcement["title"],
        "user_id": host.id,
        "name": shown["author_name"],
        "of_host": True,
    }


async def test_a_host_may_rate_each_of_his_guests(host: Person, crowd: list[Person], film: Any, ended: Move) -> None:
    await over(host, crowd[:3], film, ended)
    rows = await due(host)
    assert {row["user_id"] for row in rows} == {guest.id for guest in crowd[:3]}
    assert not any(row["of_host"] for row in rows)


async def test_what_is_listed_can_be_rated_and_is_listed_no_more(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    await over(host, crowd[:2], film, ended)
    (first, second) = await due(host)
    ok(await rate(host, {"id": first["booking_id"]}))
    assert await due(host) == [second]


async def test_an_evening_that_is_not_over_is_not_listed(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    ok(await host.decide(await guest.apply(announcement), True))
    assert await whom(guest) == await whom(host) == set()


async def test_an_evening_of_more_than_two_weeks_ago_is_not_listed(
    host: Person, guest: Person, film: Any, ended: Move
) -> None:
    evening = await over(host, [guest], film, ended)
    await ended(evening.announcement, 15 * DAY)
    assert await whom(guest) == await whom(host) == set()


async def test_who_was_not_accepted_is_not_listed(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement = await host.announce(film["id"])
    await guest.apply(announcement)
    await ended(announcement, DAY)
    assert await whom(guest) == await whom(host) == set()


async def test_who_is_marked_absent_is_not_listed(host: Person, guest: Person, film: Any, ended: Move) -> None:
    evening = await over(host, [guest], film, ended)
    await evening.mark([], [0])
    assert await whom(guest) == await whom(host) == set()


async def test_who_can_read_what_the_other_says_of_him_is_not_asked(
    host: Person, guest: Person, film: Any, ended: Move
) -> None:
    evening = await over(host, [guest], film, ended)
    ok(await evening.by_guest())
    await evening.mark([], [0])
    await evening.mark([0], [])
    assert reason(await evening.by_host()) == (400, "RATING_REVEALED")
    assert await whom(host) == set()


async def test_pages_have_everybody_once_the_least_time_first(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    later = await over(host, crowd[:3], film, ended)
    sooner = await over(host, crowd[3:6], film, ended)
    await ended(sooner.announcement, 9 * DAY)
    hosted = await over(crowd[6], [host], film, ended)
    await ended(hosted.announcement, 5 * DAY)
    found, token = list[Any](), ""
    while token or not found:
        response = await host.get("/app/v1/ratings_due", params={"page_size": 2, "page_token": token})
        found += ok(response)
        token = response.headers.get("x-next-page-token", "")
    expected = [*sooner.bookings, *hosted.bookings, *later.bookings]
    assert [row["booking_id"] for row in found] == [booking["id"] for booking in expected]
    assert [row["of_host"] for row in found] == [False] * 3 + [True] + [False] * 3


async def test_the_token_of_somebody_else_is_refused(
    host: Person, guest: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    await over(host, crowd[:2], film, ended)
    token = (await host.get("/app/v1/ratings_due", params={"page_size": 1})).headers["x-next-page-token"]
    refused = await guest.get("/app/v1/ratings_due", params={"page_token": token})
    assert reason(refused) == (400, "INVALID_PAGE_TOKEN")
