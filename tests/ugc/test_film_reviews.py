"""The reviews of a film: changed, deleted, listed, and what they add up to."""

import asyncio
import random
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.people import Person, ok, reason

Film = dict[str, Any]


@pytest_asyncio.fixture(loop_scope="session")
async def unseen(http: httpx.AsyncClient) -> str:
    """The id of a film that nobody has reviewed."""
    films = ok(await http.get("/movie_api/v1/movies?page_size=100"))
    for film in random.sample(films, len(films)):
        if (await score(http, film["id"]))["reviews_count"] == 0:
            return str(film["id"])
    raise AssertionError("all films are reviewed")


async def review(author: Person, film_id: str, points: int = 8) -> dict[str, Any]:
    """A new review."""
    body = {"text": "Slow and lovely.", "score": points}
    return dict(ok(await author.post(f"/ugc/v1/review/{film_id}", body)))


async def score(http: httpx.AsyncClient, film_id: str) -> dict[str, Any]:
    """What a film was given."""
    return dict(ok(await http.get(f"/ugc/v1/score/{film_id}")))


async def like(person: Person, written: dict[str, Any], reaction: str = "LIKE") -> dict[str, Any]:
    """The review after a person's reaction."""
    return dict(ok(await person.put(f"/ugc/v1/reaction/{written['id']}", {"reaction": reaction})))


async def listed(http: httpx.AsyncClient, film_id: str, order_by: str = "", page_size: int = 3) -> list[dict[str, Any]]:
    """A film's reviews, page by page."""
    found: list[dict[str, Any]] = []
    token: str | None = ""
    while token is not None:
        query: dict[str, str | int] = {"order_by": order_by, "page_size": page_size, "page_token": token}
        page = await http.get(f"/ugc/v1/reviews/{film_id}", params=query)
        found += ok(page)
        token = page.headers.get("x-next-page-token")
    return found


async def test_a_review_is_written_over_http(http: httpx.AsyncClient, host: Person, unseen: str) -> None:
    written = await review(host, unseen)
    assert written == ok(await http.get(f"/ugc/v1/review_info/{unseen}/{host.id}/{written['id']}"))
    assert reason(await host.post(f"/ugc/v1/review/{unseen}", {"text": "Again", "score": 1})) == (409, "REVIEW_EXISTS")


@pytest.mark.parametrize("points", [0, 11, -1])
async def test_a_score_out_of_range_is_refused(host: Person, unseen: str, points: int) -> None:
    answer = await host.post(f"/ugc/v1/review/{unseen}", {"text": "Well", "score": points})
    assert reason(answer) == (400, "INVALID_FIELDS")
    written = await review(host, unseen)
    assert reason(await host.put(f"/ugc/v1/review/{written['id']}", {"score": points})) == (400, "INVALID_FIELDS")


async def test_what_is_not_given_of_a_change_stays(host: Person, guest: Person, unseen: str) -> None:
    written = await review(host, unseen)
    await like(guest, written)
    changed = ok(await host.put(f"/ugc/v1/review/{written['id']}", {"score": 3}))
    assert changed.pop("edit_time") >= written["pub_date"]
    assert changed == {**written, "author_score": 3, "likes": 1}
    assert ok(await host.put(f"/ugc/v1/review/{written['id']}", {"text": "Oh"}))["author_score"] == 3


async def test_a_change_of_nothing_is_none(host: Person, unseen: str) -> None:
    written = await review(host, unseen)
    assert ok(await host.put(f"/ugc/v1/review/{written['id']}", {})) == written


async def test_a_change_leaves_no_review_without_words(host: Person, unseen: str) -> None:
    written = await review(host, unseen)
    assert reason(await host.put(f"/ugc/v1/review/{written['id']}", {"text": " \u2003\n"})) == (400, "INVALID_FIELDS")


async def test_nobody_changes_anothers_review(host: Person, guest: Person, sudo: Person, unseen: str) -> None:
    written = await review(host, unseen)
    for person in (guest, sudo):
        answer = await person.put(f"/ugc/v1/review/{written['id']}", {"score": 1})
        assert reason(answer) == (403, "NOT_YOUR_REVIEW")


async def test_who_deletes_his_review_may_write_another(
    http: httpx.AsyncClient, host: Person, guest: Person, unseen: str
) -> None:
    written = await review(host, unseen)
    await like(guest, written)
    assert ok(await host.delete(f"/ugc/v1/review/{written['id']}")) == {}
    assert reason(await http.get(f"/ugc/v1/likes_count/{written['id']}")) == (404, "REVIEW_NOT_FOUND")
    again = await review(host, unseen)
    assert (again["likes"], again["id"] == written["id"]) == (0, False)


async def test_a_moderator_deletes_anybodys_review(
    http: httpx.AsyncClient, host: Person, guest: Person, sudo: Person, unseen: str
) -> None:
    written = await review(host, unseen)
    assert reason(await guest.delete(f"/ugc/v1/review/{written['id']}")) == (403, "NOT_YOUR_REVIEW")
    assert ok(await sudo.delete(f"/ugc/v1/review/{written['id']}")) == {}
    assert await listed(http, unseen) == []


async def test_nobody_likes_his_own_review(host: Person, unseen: str) -> None:
    written = await review(host, unseen)
    for reaction in ("LIKE", "DISLIKE"):
        answer = await host.put(f"/ugc/v1/reaction/{written['id']}", {"reaction": reaction})
        assert reason(answer) == (400, "SELF_REFERENCE")


async def test_reviews_are_listed_newest_first(http: httpx.AsyncClient, crowd: list[Person], unseen: str) -> None:
    written = [await review(author, unseen) for author in crowd]
    assert await listed(http, unseen) == written[::-1]


async def test_reviews_are_listed_most_liked_first(http: httpx.AsyncClient, crowd: list[Person], unseen: str) -> None:
    written = [await review(author, unseen) for author in crowd[:7]]
    for index, likes in enumerate((2, 0, 3, 1, 0, 3, 2)):
        for fan in crowd[7 : 7 + likes]:
            written[index] = await like(fan, written[index])
        written[index] = await like(crowd[11], written[index], "DISLIKE")
    assert await listed(http, unseen, "likes") == [written[index] for index in (5, 2, 6, 0, 3, 4, 1)]


async def test_a_page_token_of_another_order_is_refused(
    http: httpx.AsyncClient, host: Person, guest: Person, unseen: str
) -> None:
    for author in (host, guest):
        await review(author, unseen)
    token = (await http.get(f"/ugc/v1/reviews/{unseen}?page_size=1")).headers["x-next-page-token"]
    answer = await http.get(f"/ugc/v1/reviews/{unseen}?order_by=likes&page_token={token}")
    assert reason(answer) == (400, "INVALID_PAGE_TOKEN")


@pytest.mark.parametrize("order_by", ["score", "likes desc", "id; DROP TABLE reviews"])
async def test_an_order_that_there_is_not_is_refused(http: httpx.AsyncClient, unseen: str, order_by: str) -> None:
    answer = await http.get(f"/ugc/v1/reviews/{unseen}", params={"order_by": order_by})
    assert reason(answer) == (400, "INVALID_FIELDS")


async def test_a_film_without_reviews_has_no_score(http: httpx.AsyncClient, unseen: str) -> None:
    assert await score(http, unseen) == {"score_average": 0, "reviews_count": 0}


async def test_the_score_follows_what_becomes_of_reviews(
    http: httpx.AsyncClient, host: Person, guest: Person, unseen: str
) -> None:
    first, second = await review(host, unseen, 4), await review(guest, unseen, 9)
    assert await score(http, unseen) == {"score_average": 6.5, "reviews_count": 2}
    ok(await host.put(f"/ugc/v1/review/{first['id']}", {"score": 10}))
    assert await score(http, unseen) == {"score_average": 9.5, "reviews_count": 2}
    ok(await guest.delete(f"/ugc/v1/review/{second['id']}"))
    assert await score(http, unseen) == {"score_average": 10, "reviews_count": 1}
    ok(await host.delete(f"/ugc/v1/review/{first['id']}"))
    assert await score(http, unseen) == {"score_average": 0, "reviews_count": 0}


async def test_counts_are_right_when_everything_happens_at_once(
    http: httpx.AsyncClient, crowd: list[Person], unseen: str
) -> None:
    writers, readers = crowd[:6], crowd[6:]
    written = await asyncio.gather(*(review(author, unseen, 5) for author in writers))

    async def change(author: Person, own: dict[str, Any], number: int) -> None:
        for points in (1, 10, number + 1):
            await author.put(f"/ugc/v1/review/{own['id']}", {"score": points})
        if number % 2:
            ok(await author.delete(f"/ugc/v1/review/{own['id']}"))

    async def react(reader: Person) -> set[int]:
        answers = [
            await reader.put(f"/ugc/v1/reaction/{own['id']}", {"reaction": reaction})
            for reaction in ("LIKE", "DISLIKE", "LIKE")
            for own in written
        ]
        return {answer.status_code for answer in answers}

    changes = [change(author, own, number) for number, (author, own) in enumerate(zip(writers, written, strict=True))]
    seen = await asyncio.gather(*changes, *(react(reader) for reader in readers))
    assert set().union(*filter(None, seen)) <= {200, 404}
    left = await listed(http, unseen)
    assert sorted(each["author_score"] for each in left) == [1, 3, 5]
    assert [(each["likes"], each["dislikes"]) for each in left] == [(len(readers), 0)] * 3
    assert await score(http, unseen) == {"score_average": 3, "reviews_count": 3}
