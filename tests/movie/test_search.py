"""Finding films by what somebody typed."""

import asyncio
import random
from typing import Any

import asyncpg
import httpx
import pytest

from tests.movie.conftest import Importer
from tests.people import ok, reason

PATH = "/movie_api/v1/movies"


async def found(http: httpx.AsyncClient, query: str, **filters: Any) -> list[str]:
    """Titles of the first page."""
    return [movie["title"] for movie in ok(await http.get(PATH, params={"query": query, **filters}))]


def letters() -> str:
    """A word of letters that no other title has."""
    return "".join(random.choice("bdfgklmnprstvz") + random.choice("aeiou") for _ in range(6))


def cyrillic() -> str:
    """The same in Russian."""
    return "".join(random.choice("бвгдклмнпрст") + random.choice("аеиоу") for _ in range(6))


def wrong(word: str) -> str:
    return word[:4] + "x" + word[5:]


def missing(word: str) -> str:
    return word[:4] + word[5:]


def doubled(word: str) -> str:
    return word[:4] + word[4] + word[4:]


def swapped(word: str) -> str:
    return word[:4] + word[5] + word[4] + word[6:]


def two_wrong(word: str) -> str:
    return word[:3] + "x" + word[4:8] + "x" + word[9:]


@pytest.mark.parametrize("typo", [wrong, missing, doubled, swapped, two_wrong])
@pytest.mark.parametrize("make", [letters, cyrillic])
async def test_typo_in_a_word_does_not_hide_a_film(
    http: httpx.AsyncClient, importer: Importer, typo: Any, make: Any
) -> None:
    word = make()
    await importer([{"Title": f"The {word.capitalize()} Returns"}])
    assert await found(http, f"{typo(word)} returns") == [f"The {word.capitalize()} Returns"]


async def test_film_with_the_word_as_typed_is_not_joined_by_those_that_are_near(
    http: httpx.AsyncClient, importer: Importer
) -> None:
    word = letters()
    await importer([{"Title": word}, {"Title": wrong(word)}])
    assert await found(http, word) == [word]


async def test_beginning_of_the_last_word_is_enough(http: httpx.AsyncClient, importer: Importer) -> None:
    word = letters()
    await importer([{"Title": f"Little {word}"}])
    assert await found(http, f"little {word[:8]}") == [f"Little {word}"]


@pytest.mark.parametrize("rest", ["2049", "x" * 40])
async def test_beginning_of_a_word_finds_those_with_digits_and_long_ones_beside_itself(
    http: httpx.AsyncClient, importer: Importer, rest: str
) -> None:
    word = letters()
    await importer([{"Title": f"{word} again", "IMDB Votes": 9}, {"Title": f"Blade {word}{rest}"}])
    assert await found(http, word) == [f"{word} again", f"Blade {word}{rest}"]


async def test_beginning_that_more_words_have_than_can_be_listed_finds_all_of_them(
    http: httpx.AsyncClient, importer: Importer
) -> None:
    word = letters()
    titles = [f"Old {word}{chr(97 + first)}{chr(97 + second)}" for first in range(7) for second in range(7)]
    await importer([{"Title": title} for title in titles])
    first = await http.get(PATH, params={"query": f"old {word}", "page_size": 30})
    second = await http.get(
        PATH,
        params={"query": f"old {word}", "page_size": 30, "page_token": first.headers["x-next-page-token"]},
    )
    assert sorted(movie["title"] for page in (first, second) for movie in ok(page)) == titles


async def test_number_is_not_taken_for_another_number(http: httpx.AsyncClient, importer: Importer) -> None:
    word = letters()
    await importer([{"Title": f"{word} 7000"}])
    assert await found(http, f"{word} 7001") == []


async def test_word_with_a_space_behind_it_is_whole(http: httpx.AsyncClient, importer: Importer) -> None:
    word = letters()
    await importer([{"Title": word}, {"Title": f"{word}er"}])
    assert await found(http, f"{word} ") == [word]


async def test_middle_of_a_word_finds_a_title(http: httpx.AsyncClient, importer: Importer) -> None:
    word = letters()
    await importer([{"Title": word}])
    assert await found(http, word[2:10]) == [word]


async def test_words_may_come_in_any_order(http: httpx.AsyncClient, importer: Importer) -> None:
    first, second = letters(), letters()
    await importer([{"Title": f"{first} and {second}"}])
    assert await found(http, f"{second} {first}") == [f"{first} and {second}"]


async def test_film_has_to_have_all_words(http: httpx.AsyncClient, importer: Importer) -> None:
    first, second = letters(), letters()
    await importer([{"Title": first}, {"Title": second}])
    assert await found(http, f"{first} {second}") == []


@pytest.mark.parametrize(
    ("title", "query"),
    [("Spider-{}", "spider{}"), ("Spider-{}", "spider {}"), ("{}'s Eleven", "{}s eleven"), ("Ёлки {}", "елки {}")],
)
async def test_hyphens_apostrophes_and_yo_do_not_matter(
    http: httpx.AsyncClient, importer: Importer, title: str, query: str
) -> None:
    word = letters()
    await importer([{"Title": title.format(word)}])
    assert await found(http, query.format(word)) == [title.format(word)]


async def test_year_tells_films_of_one_name_apart(http: httpx.AsyncClient, importer: Importer) -> None:
    word = letters()
    await importer([{"Title": word, "Release Date": f"Jan 01 {year}"} for year in (1951, 1979)])
    films = ok(await http.get(PATH, params={"query": f"{word} 1979"}))
    assert [film["year"] for film in films] == [1979]


async def test_title_that_is_the_query_comes_before_better_known_films(
    http: httpx.AsyncClient, importer: Importer
) -> None:
    word = letters()
    known = {"Title": f"{word} forever", "IMDB Votes": 90_000}
    await importer([known, {"Title": word, "IMDB Votes": 3}, {"Title": f"{word} again", "IMDB Votes": 500}])
    assert await found(http, word) == [word, f"{word} forever", f"{word} again"]


@pytest.mark.parametrize("role", ["Director", "Actors", "Writers"])
async def test_people_are_found_by_query_and_by_filter(http: httpx.AsyncClient, importer: Importer, role: str) -> None:
    word, name = letters(), letters()
    people = f"Ada {name}" if role == "Director" else [f"Ada {name}"]
    await importer([{"Title": word, role: people}, {"Title": f"{name} in the title"}])
    assert await found(http, f"{name} ada") == [word]
    assert [film["title"] for film in ok(await http.get(PATH, params={"filter[person]": f"Ada {name.upper()}"}))] == [
        word
    ]


async def test_years_are_a_range(http: httpx.AsyncClient, importer: Importer) -> None:
    word = letters()
    await importer([{"Title": f"{word} {year}", "Release Date": f"Jan 01 {year}"} for year in (1990, 1995, 2000)])
    bounds = {"filter[year_from]": 1991, "filter[year_to]": 1999}
    assert await found(http, word, **bounds) == [f"{word} 1995"]


async def test_film_is_found_by_what_it_is_called_elsewhere(
    http: httpx.AsyncClient, importer: Importer, database: "asyncpg.Connection"
) -> None:
    title, elsewhere = letters(), cyrillic()
    await importer([{"Title": title}])
    (film,) = ok(await http.get(PATH, params={"query": title}))
    await database.execute(
        "INSERT INTO movie_titles (movie_id, title, language, region) VALUES ($1, $2, 'ru', 'RU')",
        film["id"],
        elsewhere.capitalize(),
    )
    assert await found(http, elsewhere) == [title]
    assert await found(http, missing(elsewhere)) == [title]
    known = ok(await http.get(f"/movie_api/v1/movie/{film['id']}"))["titles"]
    assert known == [{"title": elsewhere.capitalize(), "language": "ru", "region": "RU"}]


async def test_title_that_changes_is_found_by_its_new_words_only(
    http: httpx.AsyncClient, importer: Importer, database: "asyncpg.Connection"
) -> None:
    before, after = letters(), letters()
    await importer([{"Title": before}])
    await database.execute("UPDATE movies SET title = $1 WHERE title = $2", after, before)
    assert await found(http, before) == []
    assert await found(http, after) == [after]


async def test_pages_of_a_search_hold_every_film_once(http: httpx.AsyncClient, importer: Importer) -> None:
    word = letters()
    votes = [None, 0, 5, 5, 5, 70]
    await importer([{"Title": f"{word} {n}", "IMDB Votes": each} for n, each in enumerate(votes)] + [{"Title": word}])
    titles: list[str] = []
    query: dict[str, Any] = {"query": word, "page_size": 2}
    while True:
        page = await http.get(PATH, params=query)
        titles += [movie["title"] for movie in ok(page)]
        if "x-next-page-token" not in page.headers:
            break
        query["page_token"] = page.headers["x-next-page-token"]
    assert titles[:2] == [word, f"{word} 5"]
    assert sorted(titles) == sorted([word, *(f"{word} {n}" for n in range(len(votes)))])


async def test_token_of_another_search_is_refused(http: httpx.AsyncClient) -> None:
    token = (await http.get(PATH, params={"query": "the", "page_size": 1})).headers["x-next-page-token"]
    assert reason(await http.get(PATH, params={"query": "love", "page_token": token})) == (400, "INVALID_PAGE_TOKEN")


@pytest.mark.parametrize(
    "query", ["%", "'", "''&!|():*<->", "\\", "🎬", "!!! ???", "a" * 200, "а б в г д е ж з и й к л м"]
)
async def test_any_text_is_looked_for(http: httpx.AsyncClient, query: str) -> None:
    ok(await http.get(PATH, params={"query": query}))


async def test_films_written_at_once_teach_their_words_without_a_deadlock(
    importer: Importer, http: httpx.AsyncClient
) -> None:
    words = [letters() for _ in range(40)]
    batches = [[{"Title": f"{word} {letters()}"} for word in random.sample(words, 40)] for _ in range(4)]
    await asyncio.gather(*map(importer, batches))
    assert len(await found(http, words[0])) == 4
