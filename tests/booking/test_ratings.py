"""POST, PUT and GET /app/v1/rating/{booking_id}, GET /app/v1/ratings/{user_id}: who says what, and when."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.booking.conftest import Move
from tests.booking.ratings import guest_rating, listed, mean, over, rate
from tests.people import Person, ok, reason


async def test_guest_rates_the_host_and_the_host_the_guest(host: Person, guest: Person, film: Any, ended: Move) -> None:
    evening = await over(host, [guest], film, ended)
    by_guest = ok(await evening.by_guest(score=9, text="Lovely", private_note="The stairs are dark."))
    by_host = ok(await evening.by_host(score=3, text="Late"))
    facts = [(each["author_id"], each["user_id"], each["of_host"], each["score"]) for each in (by_guest, by_host)]
    assert facts == [(guest.id, host.id, True, 9), (host.id, guest.id, False, 3)]
    assert (by_guest["text"], by_guest["private_note"]) == ("Lovely", "The stairs are dark.")


async def test_stranger_and_unknown_booking_are_refused(
    host: Person, guest: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    evening = await over(host, [guest], film, ended)
    assert reason(await rate(crowd[0], evening.bookings[0])) == (403, "NOT_YOUR_BOOKING")
    assert reason(await rate(guest, {"id": str(uuid4())})) == (404, "BOOKING_NOT_FOUND")


async def test_nobody_rates_before_the_end(host: Person, guest: Person, film: Any) -> None:
    booking = ok(await host.decide(await guest.apply(await host.announce(film["id"])), True))
    assert {reason(await rate(person, booking)) for person in (host, guest)} == {(400, "EVENING_NOT_OVER")}


async def test_who_was_not_accepted_neither_rates_nor_is_rated(
    host: Person, guest: Person, film: Any, ended: Move
) -> None:
    announcement = await host.announce(film["id"])
    booking = ok(await host.decide(await guest.apply(announcement), False))
    await ended(announcement, timedelta(days=1))
    assert {reason(await rate(person, booking)) for person in (host, guest)} == {(400, "NOT_A_GUEST")}


async def test_who_is_marked_absent_neither_rates_nor_is_rated(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    evening = await over(host, crowd[:2], film, ended)
    await evening.mark([], [0])
    assert {reason(await evening.by_guest()), reason(await evening.by_host())} == {(400, "NOT_A_GUEST")}


async def test_of_a_cancelled_evening_nobody_is_rated(host: Person, guest: Person, film: Any, ended: Move) -> None:
    announcement = await host.announce(film["id"])
    booking = ok(await host.decide(await guest.apply(announcement), True))
    ok(await host.delete(f"/app/v1/announcement/{announcement['id']}"))
    await ended(announcement, timedelta(days=1))
    assert {reason(await rate(person, booking)) for person in (host, guest)} == {(400, "NOT_A_GUEST")}


async def test_rating_ends_after_two_weeks(host: Person, guest: Person, film: Any, ended: Move) -> None:
    evening = await over(host, [guest], film, ended)
    await ended(evening.announcement, timedelta(days=16))
    assert {reason(await evening.by_guest()), reason(await evening.by_host())} == {(400, "RATING_WINDOW_CLOSED")}


async def test_a_pair_has_one_rating_whichever_way_it_came(host: Person, guest: Person, film: Any, ended: Move) -> None:
    evening = await over(host, [guest], film, ended)
    ok(await guest.post(f"/app/v1/reviews/{evening.announcement['id']}", {"score": 5, "review_text": "So so"}))
    assert reason(await evening.by_guest()) == (409, "RATING_EXISTS")
    assert ok(await guest.get(f"/app/v1/rating/{evening.bookings[0]['id']}"))["text"] == "So so"


@pytest.mark.parametrize("score", [0, 11, -1])
async def test_score_out_of_range_is_refused(guest: Person, score: int) -> None:
    assert reason(await rate(guest, {"id": str(uuid4())}, score)) == (400, "INVALID_FIELDS")


async def test_words_that_the_database_cannot_hold_are_refused(
    host: Person, guest: Person, film: Any, ended: Move
) -> None:
    evening = await over(host, [guest], film, ended)
    assert reason(await evening.by_guest(text="a\0b")) == (400, "INVALID_FIELDS")


@pytest.mark.parametrize("words", [{"text": " \u2003\u200b"}, {"private_note": "\t"}], ids=["text", "note"])
async def test_words_that_nobody_can_see_are_refused(guest: Person, words: dict[str, str]) -> None:
    assert reason(await rate(guest, {"id": str(uuid4())}, 5, **words)) == (400, "INVALID_FIELDS")


async def test_own_rating_is_read_and_changed_while_it_is_sealed(
    host: Person, guest: Person, film: Any, ended: Move
) -> None:
    evening = await over(host, [guest], film, ended)
    ok(await evening.by_guest(score=2, text="Cold", private_note="note"))
    path = f"/app/v1/rating/{evening.bookings[0]['id']}"
    changed = ok(await guest.put(path, {"score": 4, "text": ""}))
    assert (changed["score"], changed["text"], changed["private_note"], changed["revealed"]) == (4, "", "note", False)
    assert ok(await guest.get(path)) == changed
    assert reason(await host.get(path)) == (404, "RATING_NOT_FOUND")
    assert reason(await host.put(path, {"score": 1})) == (404, "RATING_NOT_FOUND")


async def test_revealed_rating_cannot_be_changed(host: Person, guest: Person, film: Any, ended: Move) -> None:
    evening = await over(host, [guest], film, ended)
    await evening.all_speak(8)
    path = f"/app/v1/rating/{evening.bookings[0]['id']}"
    assert reason(await guest.put(path, {"score": 1})) == (400, "RATING_REVEALED")
    shown = ok(await guest.get(path))
    assert (shown["score"], shown["revealed"]) == (8, True)


async def test_nothing_of_a_sealed_rating_can_be_seen(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    evening = await over(host, crowd[:2], film, ended)
    ok(await evening.by_guest(0, 9))
    ok(await evening.by_host(0, 3))
    assert (await mean(host), await guest_rating(evening)) == ((0, 0), (0, 0))
    assert await listed(host) == await listed(crowd[0]) == []


async def test_host_scores_are_listed_one_by_one_once_three_guests_have_spoken(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    few, many = [await over(host, guests, film, ended) for guests in (crowd[:2], crowd[2:5])]
    await few.all_speak(10, 8)
    assert (await mean(host), await listed(host)) == ((9, 2), [])
    await many.all_speak(6, 7, 8)
    assert [each["score"] for each in await listed(host)] == [8, 7, 6]
    assert (await mean(host), len(await listed(crowd[0], host))) == ((7.8, 5), 1)


async def test_host_scores_are_listed_when_the_window_closes(
    host: Person, guest: Person, film: Any, ended: Move
) -> None:
    evening = await over(host, [guest], film, ended)
    await evening.all_speak(10)
    await ended(evening.announcement, timedelta(days=16))
    assert [each["score"] for each in await listed(host)] == [10]


async def test_what_is_sealed_is_revealed_when_the_window_closes(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    evening = await over(host, crowd[:2], film, ended)
    ok(await evening.by_guest(0, 7))
    await ended(evening.announcement, timedelta(days=16))
    assert (await mean(host), [each["score"] for each in await listed(host)]) == ((7, 1), [7])


async def test_marking_the_last_silent_guest_absent_reveals(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    evening = await over(host, crowd[:2], film, ended)
    ok(await evening.by_guest(0, 7))
    ok(await evening.by_host(0, 5))
    await evening.mark([0], [1])
    assert (await mean(host), await guest_rating(evening)) == ((7, 1), (5, 1))


async def test_rating_counts_whatever_is_said_of_attendance_later(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    evening = await over(host, crowd[:2], film, ended)
    ok(await evening.by_guest(0, 1))
    await evening.mark([], [0, 1])
    assert await mean(host) == (1, 1)


async def test_host_who_read_a_rating_cannot_pay_it_back(host: Person, guest: Person, film: Any, ended: Move) -> None:
    evening = await over(host, [guest], film, ended)
    ok(await evening.by_guest(0, 1))
    await evening.mark([], [0])
    await evening.mark([0], [])
    assert reason(await evening.by_host(0, 1)) == (400, "RATING_REVEALED")


async def test_ratings_of_both_sides_are_told_apart(host: Person, guest: Person, film: Any, ended: Move) -> None:
    evening, other = await over(host, [guest], film, ended), await over(guest, [host], film, ended)
    await evening.all_speak(9)
    ok(await other.by_guest(0, 4))
    ok(await other.by_host(0, 2))
    assert await mean(host) == (9, 1)
    assert [(each["score"], each["of_host"]) for each in await listed(host, side="guest")] == [(2, False)]
    assert await listed(host, side="host") == []


async def test_list_is_paged_newest_first(host: Person, crowd: list[Person], film: Any, ended: Move) -> None:
    evening = await over(host, crowd[:4], film, ended)
    await evening.all_speak(1, 2, 3, 4)
    path, seen, token = f"/app/v1/ratings/{host.id}", [], ""
    while True:
        page = await crowd[5].get(f"{path}?page_size=3&page_token={token}")
        seen += [each["score"] for each in ok(page)]
        if not (token := page.headers.get("x-next-page-token", "")):
            break
    assert seen == [4, 3, 2, 1]


async def test_private_note_is_for_its_author_and_moderators(
    host: Person, guest: Person, sudo: Person, film: Any, ended: Move
) -> None:
    evening = await over(host, [guest], film, ended)
    ok(await evening.by_guest())
    ok(await evening.by_host(0, 3, private_note="He took a glass."))
    assert [each["private_note"] for each in await listed(guest)] == [""]
    assert [each["private_note"] for each in await listed(guest, host)] == ["He took a glass."]
    assert [each["private_note"] for each in await listed(guest, sudo)] == ["He took a glass."]


async def test_strangers_do_not_learn_of_which_private_evening_a_rating_is(
    host: Person, guest: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    evening = await over(host, [guest], film, ended, sub_only=True)
    await evening.all_speak(8)
    (seen,) = await listed(guest)
    assert (seen["announcement_id"], seen["booking_id"]) == (evening.announcement["id"], evening.bookings[0]["id"])
    (seen,) = await listed(guest, crowd[0])
    assert (seen["announcement_id"], seen["booking_id"]) == ("", "")


async def test_repeated_rating_with_a_key_is_the_same(host: Person, guest: Person, film: Any, ended: Move) -> None:
    evening = await over(host, [guest], film, ended)
    path, key = f"/app/v1/rating/{evening.bookings[0]['id']}", {"idempotency-key": uuid4().hex}
    first, second = [await guest.post(path, {"score": 5}, headers=key) for _ in range(2)]
    assert ok(first) == ok(second)
    assert reason(await guest.post(path, {"score": 6}, headers=key)) == (400, "IDEMPOTENCY_KEY_REUSED")


async def test_the_database_counts_nothing_that_is_sealed(
    host: Person, crowd: list[Person], film: Any, ended: Move, database: "asyncpg.Connection"
) -> None:
    evening = await over(host, crowd[:2], film, ended)
    rating = ok(await evening.by_guest(0, 9))
    with pytest.raises(asyncpg.CheckViolationError):
        await database.execute("UPDATE ratings SET count_time = create_time WHERE id = $1", rating["id"])
