"""Applying, deciding, withdrawing, returning; reading bookings."""

from typing import Any

import pytest

from tests.people import Person, ok, reason


async def test_application_is_undecided(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    booking = await guest.apply(announcement)
    expected = {
        "announcement_id": announcement["id"],
        "movie_title": film["title"],
        "author_name": "Robin",
        "guest_name": "Robin",
        "author_status": None,
        "guest_status": True,
        "guest_rating": 0,
        "author_rating": 0,
        "event_time": announcement["event_time"],
        "state": "PENDING",
    }
    assert {name: booking[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("words", "state", "pair"),
    [
        (["host yes"], "ACCEPTED", (True, True)),
        (["host no"], "DECLINED", (False, True)),
        (["host yes", "host no"], "DECLINED", (False, True)),
        (["host no", "host yes"], "ACCEPTED", (True, True)),
        (["guest no"], "WITHDRAWN", (None, False)),
        (["guest no", "guest yes"], "PENDING", (None, True)),
        (["host yes", "guest no"], "WITHDRAWN", (None, False)),
        (["host yes", "guest no", "guest yes"], "PENDING", (None, True)),
    ],
)
async def test_words_move_the_booking(
    host: Person, guest: Person, film: Any, words: list[str], state: str, pair: tuple[bool | None, bool]
) -> None:
    booking = await guest.apply(await host.announce(film["id"]))
    for word in words:
        who = host if word.startswith("host") else guest
        booking = ok(await who.decide(booking, word.endswith("yes")))
    assert (booking["state"], (booking["author_status"], booking["guest_status"])) == (state, pair)


@pytest.mark.parametrize(
    ("words", "last"),
    [
        (["host yes"], "host yes"),
        (["host no"], "host no"),
        (["guest no"], "guest no"),
        ([], "guest yes"),
        (["guest no"], "host yes"),
        (["host no"], "guest no"),
    ],
)
async def test_word_out_of_turn_is_refused(host: Person, guest: Person, film: Any, words: list[str], last: str) -> None:
    booking = await guest.apply(await host.announce(film["id"]))
    people = {"host": host, "guest": guest}
    for word in words:
        ok(await people[word.split()[0]].decide(booking, word.endswith("yes")))
    refused = await people[last.split()[0]].decide(booking, last.endswith("yes"))
    assert reason(refused) == (400, "WRONG_BOOKING_STATE")


async def test_third_acceptance_of_two_places_is_refused(host: Person, new_person: Any, film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=2)
    bookings = [await (await new_person()).apply(announcement) for _ in range(3)]
    for booking in bookings[:2]:
        ok(await host.decide(booking, True))
    refused = await host.decide(bookings[2], True)
    assert reason(refused) == (400, "NO_PLACES_LEFT")
    assert refused.json()["details"][0]["metadata"] == {"places_left": "0"}


async def test_full_evening_is_closed_and_reopens_when_a_place_is_freed(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1)
    path = f"/app/v1/announcement/{announcement['id']}"
    booking = await guest.apply(announcement)
    ok(await host.decide(booking, True))
    assert ok(await host.get(path))["status"] == "Closed"
    ok(await guest.decide(booking, False))
    assert ok(await host.get(path))["status"] == "Alive"


async def test_declining_does_not_reopen_what_the_author_closed(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1)
    path = f"/app/v1/announcement/{announcement['id']}"
    booking = await guest.apply(announcement)
    ok(await host.decide(booking, True))
    ok(await host.put(path, {"status": "Closed"}))
    ok(await host.decide(booking, False))
    assert ok(await host.get(path))["status"] == "Closed"


async def test_withdrawn_guest_cannot_return_to_a_place_given_away(
    host: Person, guest: Person, new_person: Any, film: Any
) -> None:
    announcement = await host.announce(film["id"], tickets_count=1)
    booking = await guest.apply(announcement)
    ok(await guest.decide(booking, False))
    ok(await host.decide(await (await new_person()).apply(announcement), True))
    assert reason(await guest.decide(booking, True)) == (400, "NO_PLACES_LEFT")


async def test_accept_at_once_accepts_while_places_last(host: Person, new_person: Any, film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=2, accept_at_once=True)
    party = await (await new_person()).apply(announcement, tickets=2)
    assert (party["state"], party["author_status"]) == ("ACCEPTED", True)
    refused = await (await new_person()).post(f"/app/v1/booking/{announcement['id']}")
    assert reason(refused) == (400, "NO_PLACES_LEFT")


async def test_party_takes_as_many_places_as_it_has_people(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=5)
    ok(await host.decide(await guest.apply(announcement, tickets=3), True))
    assert ok(await host.get(f"/app/v1/announcement/{announcement['id']}"))["tickets_left"] == 2


async def test_own_evening_is_refused(host: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    assert reason(await host.post(f"/app/v1/booking/{announcement['id']}")) == (400, "OWN_ANNOUNCEMENT")


async def test_second_application_is_refused(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    await guest.apply(announcement)
    assert reason(await guest.post(f"/app/v1/booking/{announcement['id']}")) == (409, "BOOKING_EXISTS")


async def test_overlapping_evening_is_refused(host: Person, guest: Person, new_person: Any, film: Any) -> None:
    announcement = await host.announce(film["id"])
    other = await (await new_person()).announce(film["id"], event_time=announcement["event_time"])
    await guest.apply(announcement)
    assert reason(await guest.post(f"/app/v1/booking/{other['id']}")) == (400, "TIME_CONFLICT")


async def test_application_during_ones_own_evening_is_refused(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    await guest.announce(film["id"], event_time=announcement["event_time"])
    assert reason(await guest.post(f"/app/v1/booking/{announcement['id']}")) == (400, "TIME_CONFLICT")


@pytest.mark.parametrize("status", ["Closed", "Cancelled"])
async def test_closed_or_cancelled_takes_no_applications(host: Person, guest: Person, film: Any, status: str) -> None:
    announcement = await host.announce(film["id"])
    ok(await host.put(f"/app/v1/announcement/{announcement['id']}", {"status": status}))
    refused = await guest.post(f"/app/v1/booking/{announcement['id']}")
    assert reason(refused) == (400, "ANNOUNCEMENT_NOT_OPEN")
    assert refused.json()["details"][0]["metadata"] == {"status": status}


async def test_draft_takes_no_applications(host: Person, guest: Person, film: Any) -> None:
    draft = await host.announce(film["id"], status="Created")
    assert reason(await guest.post(f"/app/v1/booking/{draft['id']}")) == (404, "ANNOUNCEMENT_NOT_FOUND")


@pytest.mark.parametrize("body", [{"tickets": -1}, {"tickets": 21}])
async def test_bad_party_is_refused(host: Person, guest: Person, film: Any, body: dict[str, int]) -> None:
    announcement = await host.announce(film["id"])
    assert reason(await guest.post(f"/app/v1/booking/{announcement['id']}", body)) == (400, "INVALID_FIELDS")


async def test_word_must_be_given(host: Person, guest: Person, film: Any) -> None:
    booking = await guest.apply(await host.announce(film["id"]))
    assert reason(await host.put(f"/app/v1/booking/{booking['id']}", {})) == (400, "INVALID_FIELDS")


async def test_strangers_neither_see_nor_move_a_booking(
    host: Person, guest: Person, new_person: Any, film: Any
) -> None:
    booking = await guest.apply(await host.announce(film["id"]))
    path, stranger = f"/app/v1/booking/{booking['id']}", await new_person()
    answers = {
        reason(await stranger.get(path)),
        reason(await stranger.put(path, {"my_status": True})),
        reason(await stranger.delete(path)),
    }
    assert answers == {(403, "NOT_YOUR_BOOKING")}


async def test_author_cannot_withdraw_for_his_guest(host: Person, guest: Person, film: Any) -> None:
    booking = await guest.apply(await host.announce(film["id"]))
    assert reason(await host.delete(f"/app/v1/booking/{booking['id']}")) == (403, "NOT_YOUR_BOOKING")


async def test_deleting_withdraws(host: Person, guest: Person, film: Any) -> None:
    booking = await guest.apply(await host.announce(film["id"]))
    assert ok(await guest.delete(f"/app/v1/booking/{booking['id']}"))["state"] == "WITHDRAWN"


async def test_unknown_booking_is_not_found(guest: Person) -> None:
    nowhere = "/app/v1/booking/00000000-0000-4000-8000-000000000000"
    answers = {reason(await guest.get(nowhere)), reason(await guest.put(nowhere, {"my_status": True}))}
    assert answers == {(404, "BOOKING_NOT_FOUND")}


async def test_lists_show_ones_own_on_either_side(host: Person, guest: Person, film: Any) -> None:
    booking = await guest.apply(await host.announce(film["id"]))
    as_guest = ok(await guest.get("/app/v1/bookings?filter%5Bself%5D=guest"))
    as_author = ok(await host.get("/app/v1/bookings"))
    assert [row["id"] for row in as_guest] == [row["id"] for row in as_author] == [booking["id"]]
    assert as_guest[0].keys() >= {"id", "author_name", "guest_name", "author_status", "guest_status"}
    assert ok(await guest.get("/app/v1/bookings?filter[self]=author")) == []


async def test_lists_filter_by_film_and_day(host: Person, guest: Person, film: Any, other_film: Any) -> None:
    when = "2095-06-01T20:00:00+02:00"
    booking = await guest.apply(await host.announce(film["id"], event_time=when))
    await guest.apply(await host.announce(other_film["id"]))
    for query in (f"filter[movie]={film['id']}", "filter[date]=2095-06-01"):
        rows = ok(await guest.get(f"/app/v1/bookings?filter[self]=guest&{query}"))
        assert [row["id"] for row in rows] == [booking["id"]]


async def test_everybodys_bookings_are_for_super_only(host: Person, guest: Person, sudo: Person, film: Any) -> None:
    booking = await guest.apply(await host.announce(film["id"]))
    rows = ok(await sudo.get(f"/app/v1/_bookings?filter[author]={host.id}"))
    assert [row["id"] for row in rows] == [booking["id"]]
    assert reason(await host.get("/app/v1/_bookings")) == (403, "ACCESS_DENIED")


async def test_super_sees_and_withdraws_anybodys_booking(host: Person, guest: Person, sudo: Person, film: Any) -> None:
    booking = await guest.apply(await host.announce(film["id"]))
    path = f"/app/v1/booking/{booking['id']}"
    ok(await sudo.get(path))
    assert ok(await sudo.delete(path))["state"] == "WITHDRAWN"
