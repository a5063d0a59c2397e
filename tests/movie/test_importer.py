"""Filling the catalogue."""

from datetime import date
from typing import Any

import httpx
import pytest

from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service
from movie_svc.importer import FILES, NEWEST, run
from movie_svc.records import Notes, Unusable, film
from tests.movie.conftest import Importer
from tests.people import ok


def read(**record: Any) -> dict[str, Any]:
    """The film of a record."""
    return film({"Title": "A film", **record}, NEWEST, Notes())


async def test_importing_the_catalogue_again_changes_nothing(mesh: Mesh) -> None:
    again = await run(database_url(mesh.settings, get_service("movie")), FILES)
    assert (len(again.films), again.added, again.changed) == (3202, [], [])


async def test_what_could_not_be_used_is_counted_with_its_reason(mesh: Mesh) -> None:
    report = (await run(database_url(mesh.settings, get_service("movie")), FILES)).report()
    assert "skipped, no title: 1 (record 3054 of movies.json)" in report


async def test_new_and_changed_films_are_told_apart(importer: Importer, word: str) -> None:
    await importer([{"Title": word}, {"Title": f"{word} 2"}])
    done = await importer([{"Title": word, "Director": "A. Varda"}, {"Title": f"{word} 2"}, {"Title": f"{word} 3"}])
    assert (done.added, done.changed) == ([f"{word} 3"], [word])


async def test_second_record_of_a_film_is_skipped(importer: Importer, word: str) -> None:
    done = await importer([{"Title": word, "Director": "One"}, {"Title": word.upper(), "Director": "Two"}])
    assert (done.added, dict(done.skipped.counts)) == ([word], {"same title and year as another": 1})


async def test_records_that_are_no_films_are_skipped(importer: Importer, word: str) -> None:
    broken: list[Any] = ["a text", None, 7, {"Id": "no uuid", "Title": "x"}]
    done = await importer([*broken, {"Title": word}])
    assert (done.added, dict(done.skipped.counts)) == ([word], {"not a film": 4})


async def test_imported_film_is_served(http: httpx.AsyncClient, importer: Importer, word: str) -> None:
    record = {"Title": word, "Release Date": "Jun 12 1998", "Running Time min": 90, "Major Genre": "Thriller/Suspense"}
    await importer([{**record, "Director": "Claire Denis", "IMDB Rating": 7.5}])
    movie = ok(await http.get("/movie_api/v1/movies", params={"query": word}))[0]
    assert movie.pop("id")
    assert movie == {
        "imdb_rating": 7.5,
        "genre": ["Thriller", "Suspense"],
        "title": word,
        "description": "",
        "director": ["Claire Denis"],
        "actors_names": [],
        "writers_names": [],
        "duration": 90,
        "bookable": True,
        "year": 1998,
        "titles": [],
        "imdb_id": "",
    }


def test_same_film_has_the_same_id_everywhere() -> None:
    assert read(Title="Jaws")["id"] == read(Title="JAWS", Director="Steven Spielberg")["id"]
    assert read(Title="Jaws")["id"] != read(Title="Jaws", **{"Release Date": "Jun 20 1975"})["id"]


@pytest.mark.parametrize(("told", "title"), [(300, "300"), (2046, "2046"), ("  Le   Samouraï ", "Le Samouraï")])
def test_title_becomes_clean_text(told: object, title: str) -> None:
    assert read(Title=told)["title"] == title


@pytest.mark.parametrize("told", [None, "", "   "])
def test_film_without_title_is_unusable(told: object) -> None:
    with pytest.raises(Unusable):
        read(Title=told)


@pytest.mark.parametrize(
    ("told", "title"),
    [
        ("CachÈ", "Caché"),
        ("Die F‰lscher", "Die Fälscher"),
        ("The Naked Gun 2Ω: The Smell of Fear", "The Naked Gun 2½: The Smell of Fear"),
        ("I Love You Ö Don't Touch Me!", "I Love You … Don't Touch Me!"),
        ("Amélie", "Amélie"),
        ("WALL·E", "WALL·E"),
        ("Élite Squad", "Élite Squad"),
        ("Alien³", "Alien³"),
    ],
)
def test_misread_accents_are_repaired_and_others_left(told: str, title: str) -> None:
    assert read(Title=told)["title"] == title


@pytest.mark.parametrize(
    ("told", "released", "year"),
    [
        ("Jun 12 1998", date(1998, 6, 12), 1998),
        ("1998-06-12", date(1998, 6, 12), 1998),
        ("12-Jun-98", date(1998, 6, 12), 1998),
        ("Aug 12 2027", date(1927, 8, 12), 1927),
        ("Jun 12 46", date(1946, 6, 12), 1946),
        ("1998", None, 1998),
        (1998, None, 1998),
        ("some day", None, None),
        ("Feb 30 1998", None, None),
        (None, None, None),
    ],
)
def test_odd_dates(told: object, released: date | None, year: int | None) -> None:
    row = read(**{"Release Date": told})
    assert (row["release_date"], row["year"]) == (released, year)


@pytest.mark.parametrize(
    ("told", "minutes"), [(90, 90), (None, None), (0, None), (-5, None), (99999, None), ("90", None)]
)
def test_film_is_bookable_when_its_running_time_is_plausible(told: object, minutes: int | None) -> None:
    row = read(**{"Running Time min": told})
    assert (row["running_time"], row["bookable"]) == (minutes, minutes is not None)
