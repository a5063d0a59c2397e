"""Finding films."""

from typing import Any

import httpx
import pytest

from tests.movie.conftest import Importer
from tests.people import ok, reason

PATH = "/movie_api/v1/movies"


async def found(http: httpx.AsyncClient, **query: Any) -> list[str]:
    """Titles of the first page."""
    return [movie["title"] for movie in ok(await http.get(PATH, params=query))]


@pytest.mark.parametrize("query", ["CAFÉ", "cafe", "Café"])
async def test_part_of_a_title_in_any_case_with_or_without_accents(
    http: httpx.AsyncClient, importer: Importer, word: str, query: str
) -> None:
    await importer([{"Title": f"Le café du {word}"}])
    assert await found(http, query=f"{query} du {word[:8].upper()}") == [f"Le café du {word}"]


async def test_cyrillic_is_found_in_any_case(http: httpx.AsyncClient, importer: Importer, word: str) -> None:
    await importer([{"Title": f"Ёлки {word}"}])
    assert await found(http, query=f"ёЛКИ {word}") == [f"Ёлки {word}"]


@pytest.mark.parametrize("sign", ["%", "_", "\\", "％"])
async def test_signs_stand_for_themselves(http: httpx.AsyncClient, importer: Importer, word: str, sign: str) -> None:
    await importer([{"Title": f"{word} 100{sign} love"}, {"Title": f"{word} 100x love"}])
    assert await found(http, query=f"{word} 100{sign} ") == [f"{word} 100{sign} love"]


async def test_films_are_sorted_by_title_without_accents(
    http: httpx.AsyncClient, importer: Importer, word: str
) -> None:
    await importer([{"Title": f"{word} {name}", "Major Genre": word} for name in ("Zulu", "Éclair", "dune", "Fargo")])
    assert await found(http, **{"filter[genre]": word}) == [
        f"{word} {name}" for name in ("dune", "Éclair", "Fargo", "Zulu")
    ]


async def test_every_filter_given_must_hold(http: httpx.AsyncClient, importer: Importer, word: str) -> None:
    western = {"Major Genre": "Western", "Release Date": "Jun 12 1998", "Running Time min": 90}
    others: list[dict[str, Any]] = [
        {"Major Genre": "Drama"},
        {"Release Date": "Jun 12 1999"},
        {"Running Time min": None},
    ]
    await importer([{"Title": f"{word} {number}", **western, **other} for number, other in enumerate([{}, *others])])
    query = {"query": word, "filter[genre]": "western", "filter[year]": 1998, "filter[bookable]": "true"}
    assert await found(http, **query) == [f"{word} 0"]


async def test_unbookable_films_can_be_asked_for(http: httpx.AsyncClient, importer: Importer, word: str) -> None:
    await importer([{"Title": f"{word} short", "Running Time min": 90}, {"Title": f"{word} unknown"}])
    assert await found(http, query=word, **{"filter[bookable]": "false"}) == [f"{word} unknown"]


async def test_pages_hold_every_film_once(http: httpx.AsyncClient, importer: Importer, word: str) -> None:
    # The same title in many years: the id alone tells them apart.
    await importer([{"Title": word, "Release Date": f"Jan 01 {year}"} for year in range(1950, 1957)])
    years: list[int] = []
    query: dict[str, Any] = {"query": word, "page_size": 3}
    sizes = []
    while True:
        page = await http.get(PATH, params=query)
        years += [movie["year"] for movie in ok(page)]
        sizes.append(len(ok(page)))
        if "x-next-page-token" not in page.headers:
            break
        query["page_token"] = page.headers["x-next-page-token"]
    assert sizes == [3, 3, 1]
    assert sorted(years) == list(range(1950, 1957))


async def test_a_page_has_twenty_and_at_most_a_hundred(http: httpx.AsyncClient) -> None:
    assert len(await found(http)) == 20
    assert len(await found(http, page_size=5000)) == 100


@pytest.mark.parametrize("changed", [{"query": "b"}, {"filter[year]": 1999}, {"filter[bookable]": "true"}])
async def test_token_of_another_list_is_refused(http: httpx.AsyncClient, changed: dict[str, Any]) -> None:
    token = (await http.get(PATH, params={"query": "a"})).headers["x-next-page-token"]
    refused = await http.get(PATH, params={"query": "a", **changed, "page_token": token})
    assert reason(refused) == (400, "INVALID_PAGE_TOKEN")


@pytest.mark.parametrize("token", ["zzz", "W10", "é", "e30"])
async def test_token_that_is_none_is_refused(http: httpx.AsyncClient, token: str) -> None:
    assert reason(await http.get(PATH, params={"page_token": token})) == (400, "INVALID_PAGE_TOKEN")
