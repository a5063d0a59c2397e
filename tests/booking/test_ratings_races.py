"""Ratings that race: for the reveal, with each other, with marks of attendance, with the sweep."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg

from tests.booking.conftest import Move
from tests.booking.ratings import Over, guest_rating, listed, mean, over
from tests.people import Person, ok, reason

ROUNDS = 5


async def audited(sudo: Person) -> list[Any]:
    """Everybody whose numbers do not add up."""
    found, token = [], ""
    while True:
        answer = await sudo.get(f"/app/v1/_ratings_audit?page_token={token}")
        told = ok(answer)
        found += told["differences"]
        if not (token := told["next_page_token"]):
            return found


async def differences_of(sudo: Person, person: Person) -> list[Any]:
    return [each for each in await audited(sudo) if each["user_id"] == person.id]


async def all_but_two(host: Person, guests: list[Person], film: Any, ended: Move) -> Over:
    """An evening where only the first two guests have not spoken."""
    evening = await over(host, guests, film, ended)
    for index in range(len(guests)):
        ok(await evening.by_host(index, 7))
    for index in range(2, len(guests)):
        ok(await evening.by_guest(index, 8))
    return evening


async def test_the_last_two_rate_at_once_and_all_is_revealed_and_counted_once(
    host: Person, crowd: list[Person], sudo: Person, film: Any, ended: Move
) -> None:
    for round_number in range(1, ROUNDS + 1):
        evening = await all_but_two(host, crowd[:3], film, ended)
        for answer in await asyncio.gather(evening.by_guest(0, 8), evening.by_guest(1, 8)):
            ok(answer)
        assert await mean(host) == (8, 3 * round_number)
        assert await guest_rating(evening) == (7, round_number)
    assert await differences_of(sudo, host) == []


async def test_of_the_same_rating_sent_many_times_at_once_one_is_kept(
    host: Person, guest: Person, film: Any, ended: Move
) -> None:
    evening = await over(host, [guest], film, ended)
    answers = await asyncio.gather(*(evening.by_guest(0, score) for score in range(1, 9)))
    kept = [ok(answer)["score"] for answer in answers if answer.status_code == 200]
    assert len(kept) == 1
    assert {reason(answer) for answer in answers if answer.status_code != 200} == {(409, "RATING_EXISTS")}
    ok(await evening.by_host())
    assert await mean(host) == (kept[0], 1)


async def test_edit_racing_with_the_reveal_is_in_the_mean_or_refused(
    host: Person, crowd: list[Person], sudo: Person, film: Any, ended: Move
) -> None:
    expected = []
    for _ in range(ROUNDS):
        evening = await over(host, crowd[:1], film, ended)
        ok(await evening.by_guest(0, 1))
        path = f"/app/v1/rating/{evening.bookings[0]['id']}"
        edit, last = await asyncio.gather(crowd[0].put(path, {"score": 10}), evening.by_host())
        ok(last)
        expected.append(10 if edit.status_code == 200 else 1)
        assert edit.status_code == 200 or reason(edit) == (400, "RATING_REVEALED")
        assert ok(await crowd[0].get(path))["score"] == expected[-1]
    assert await mean(host) == (sum(expected) / ROUNDS, ROUNDS)
    assert await differences_of(sudo, host) == []


async def test_mark_racing_with_a_rating_leaves_nothing_sealed_that_should_be_seen(
    host: Person, crowd: list[Person], sudo: Person, film: Any, ended: Move
) -> None:
    seen = 0
    for _ in range(ROUNDS):
        evening = await over(host, crowd[:2], film, ended)
        ok(await evening.by_host(0))
        ok(await evening.by_guest(0, 5))
        rated, _ = await asyncio.gather(evening.by_guest(1, 5), evening.mark([0], [1]))
        assert rated.status_code == 200 or reason(rated) == (400, "NOT_A_GUEST")
        seen += 2 if rated.status_code == 200 else 1
        assert await mean(host) == (5, seen)
    assert await differences_of(sudo, host) == []


async def test_what_the_window_reveals_is_counted_once_however_many_look(
    host: Person, crowd: list[Person], sudo: Person, film: Any, ended: Move, database: "asyncpg.Connection"
) -> None:
    evening = await over(host, crowd[:4], film, ended)
    for index in range(3):
        ok(await evening.by_guest(index, 6))
    await ended(evening.announcement, timedelta(days=16))
    counted = "SELECT count(*) FROM ratings WHERE announcement_id = $1 AND count_time IS NOT NULL"
    async with asyncio.timeout(20):
        while await database.fetchval(counted, evening.announcement["id"]) < 3:
            assert await mean(host) == (6, 3)
            await asyncio.sleep(0.05)
    assert (await mean(host), len(await listed(host))) == ((6, 3), 3)
    assert await differences_of(sudo, host) == []


async def test_audit_names_whose_numbers_do_not_add_up(
    host: Person, guest: Person, sudo: Person, film: Any, ended: Move, database: "asyncpg.Connection"
) -> None:
    evening = await over(host, [guest], film, ended)
    await evening.all_speak(8)
    broken = "UPDATE standings SET ratings_count = 2, ratings_sum = 12 WHERE person_id = $1 AND of_host"
    await database.execute(broken, host.id)
    assert await differences_of(sudo, host) == [
        {"user_id": host.id, "of_host": True, "ratings_count": 2, "ratings_sum": 12, "count_by_ratings": 1,
         "sum_by_ratings": 8}
    ]  # fmt: skip
    mended = "UPDATE standings SET ratings_count = 1, ratings_sum = 8 WHERE person_id = $1 AND of_host"
    await database.execute(mended, host.id)
    assert await differences_of(sudo, host) == []


async def test_the_rated_are_told_once_an_evening_and_nothing_of_what_was_said(
    host: Person, crowd: list[Person], film: Any, ended: Move
) -> None:
    evening = await over(host, crowd[:2], film, ended)
    ok(await evening.by_guest(0, 3, text="SECRET"))
    ok(await evening.by_host(0, 4, text="SECRET"))
    await evening.mark([0], [1])
    await evening.mark([1], [])
    ok(await evening.by_guest(1, 5))
    ok(await evening.by_host(1, 5))
    for person in (host, *crowd[:2]):
        assert [(each["title"], "SECRET" in each["text"]) for each in await visible(person)] == [
            (f"You were rated: {evening.announcement['title']}", False)
        ]


async def visible(person: Person) -> list[Any]:
    """What a person was told of ratings of himself, once he was told anything."""
    async with asyncio.timeout(20):
        while True:
            told = [each for each in ok(await person.get("/notify/v1/inbox")) if each["kind"] == "rating_visible"]
            if told:
                return told
            await asyncio.sleep(0.05)


async def test_best_hosts_come_first_and_a_single_ten_is_less_than_many_nines(
    new_person: Any, crowd: list[Person], film: Any, ended: Move, other_film: Any
) -> None:
    hosts = [await new_person() for _ in range(4)]
    many = await over(hosts[0], crowd[:6], film, ended)
    await many.all_speak(*[9] * 6)
    single = await over(hosts[1], crowd[6:7], film, ended)
    await single.all_speak(10)
    low = await over(hosts[2], crowd[7:8], film, ended)
    await low.all_speak(2)
    for each in reversed(hosts):
        await each.announce(other_film["id"])
    wanted = [each.id for each in hosts]
    for where in ("", f"&filter[movie]={other_film['id']}"):
        seen: list[Any] = []
        token = ""
        while True:
            page = await crowd[0].get(f"/app/v1/hosts?order_by=rating&page_size=3{where}&page_token={token}")
            seen += ok(page)
            if not (token := page.headers.get("x-next-page-token", "")):
                break
        ids = [each["user_id"] for each in seen]
        assert [each for each in ids if each in wanted] == wanted
        assert len(ids) == len(set(ids))
        rating = {each["user_id"]: (each["rating"], each["rating_count"]) for each in seen}
        assert [rating[each] for each in wanted] == [(9, 6), (10, 1), (2, 1), (0, 0)]
    assert reason(await crowd[0].get("/app/v1/hosts?order_by=name")) == (400, "INVALID_FIELDS")
