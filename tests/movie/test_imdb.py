"""Filling the catalogue from files in the format of IMDb's datasets."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import asyncpg
import httpx
import pytest

from movie_svc.imdb import BATCH, run
from movie_svc.store import imdb as store
from tests.movie.conftest import Importer
from tests.movie.imdb_files import Imdb, command, film, write
from tests.people import Person, ok

pytestmark = pytest.mark.usefixtures("alone")


async def test_film_is_served_with_its_rating_and_found_by_its_other_title(
    imdb: Imdb, http: httpx.AsyncClient, number: int, word: str
) -> None:
    await imdb(
        basics=[film(number, f'The "{word}"')],
        ratings=[f"tt{number}|8.5|1000"],
        akas=[rf"tt{number}|1|Чужой{word}|RU|ru|\N|\N|0"],
    )
    movie = ok(await http.get("/movie_api/v1/movies", params={"query": f"чужой{word}"}))[0]
    assert (movie["title"], movie["imdb_rating"], movie["duration"]) == (f'The "{word}"', 8.5, 90)


async def test_second_run_changes_nothing(imdb: Imdb, number: int, word: str) -> None:
    files: dict[str, list[str | bytes]] = {
        "basics": [film(number, word)],
        "ratings": [f"tt{number}|8.5|1000"],
        "akas": [rf"tt{number}|1|{word} bis|FR|\N|\N|\N|0"],
    }
    first, second = await imdb(**files), await imdb(**files)
    assert (sum(map(len, first.done.values())), sum(map(len, second.done.values()))) == (3, 0)


async def test_changed_file_changes_just_what_is_different(imdb: Imdb, number: int, word: str) -> None:
    await imdb(basics=[film(number, word), film(number + 1, f"{word} 2")])
    done = await imdb(basics=[film(number, word), film(number + 1, f"{word} 2", 1980), film(number + 2, f"{word} 3")])
    assert done.done["basics"] == {"added": 1, "changed": 1}


async def test_title_that_is_gone_from_the_file_is_forgotten(imdb: Imdb, number: int, word: str) -> None:
    rows = [rf"tt{number}|1|{word} one|FR|\N|\N|\N|0", rf"tt{number}|2|{word} two|DE|\N|\N|\N|0"]
    await imdb(basics=[film(number, word)], akas=[*rows])
    assert (await imdb(akas=[rows[0]])).done["akas"] == {"titles forgotten": 1}


async def test_film_joins_the_bookable_group_only_when_asked(
    imdb: Imdb, http: httpx.AsyncClient, number: int, word: str
) -> None:
    await imdb(basics=[film(number, word)], bookable=False)
    before = ok(await http.get("/movie_api/v1/movies", params={"query": word}))[0]["bookable"]
    await imdb(basics=[film(number, word)])
    assert (before, ok(await http.get("/movie_api/v1/movies", params={"query": word}))[0]["bookable"]) == (False, True)


async def test_import_leaves_films_in_the_group_that_moderators_put_there(
    imdb: Imdb, http: httpx.AsyncClient, moderator: Person, number: int, word: str
) -> None:
    await imdb(basics=[film(number, word)], bookable=False)
    movie = ok(await http.get("/movie_api/v1/movies", params={"query": word}))[0]
    ok(await moderator.put(f"/movie_api/v1/bookable/{movie['id']}", {}))
    await imdb(basics=[film(number, word, minutes=91)], bookable=False)
    assert ok(await http.get("/movie_api/v1/movies", params={"query": word}))[0]["bookable"] is True


async def test_only_one_import_runs_at_a_time(url: str, imdb: Imdb, number: int, word: str) -> None:
    other = await asyncpg.connect(url.replace("+asyncpg", ""))
    await store.begin(other)
    with pytest.raises(store.Busy):
        await imdb(basics=[film(number, word)])
    await other.close()


@pytest.mark.parametrize("minutes", [0, 1441, "ninety", "-5", r"\N"])
async def test_film_without_a_plausible_running_time_cannot_be_announced(
    imdb: Imdb, http: httpx.AsyncClient, number: int, word: str, minutes: object
) -> None:
    await imdb(basics=[film(number, word, minutes=minutes)])
    assert ok(await http.get("/movie_api/v1/movies", params={"query": word}))[0]["bookable"] is False


async def test_series_and_films_for_adults_are_left_out(imdb: Imdb, number: int, word: str) -> None:
    done = await imdb(basics=[film(number, word, kind="tvSeries"), film(number + 1, word, adult=1)])
    assert not done.done["basics"]


async def test_film_that_we_have_is_the_same_by_title_and_year(
    imdb: Imdb, importer: Importer, http: httpx.AsyncClient, number: int, word: str
) -> None:
    await importer([{"Title": word, "Release Date": "1979", "Director": "A. Varda"}])
    await imdb(basics=[film(number, word.upper(), minutes=95)])
    movies = ok(await http.get("/movie_api/v1/movies", params={"query": word}))
    assert [(movie["director"], movie["duration"]) for movie in movies] == [(["A. Varda"], 95)]


async def test_moderator_wins_over_the_file(
    imdb: Imdb, http: httpx.AsyncClient, moderator: Person, number: int, word: str
) -> None:
    await imdb(basics=[film(number, word)])
    movie = ok(await http.get("/movie_api/v1/movies", params={"query": word}))[0]
    await moderator.delete(f"/movie_api/v1/bookable/{movie['id']}")
    await imdb(basics=[film(number, word, minutes=91)])
    movie = ok(await http.get("/movie_api/v1/movies", params={"query": word}))[0]
    assert (movie["duration"], movie["bookable"]) == (91, False)


async def test_kind_of_title_that_there_is_not_is_refused_with_those_there_are(url: str, tmp_path: Path) -> None:
    path = write(tmp_path / "basics.gz", "basics", [])
    code, told = await command(url, "--basics", str(path), "--types", "movie,tvmovie")
    assert (code, "--types: IMDb has no 'tvmovie', but movie, short, tvEpisode" in told) == (2, True)


async def test_import_that_was_killed_goes_on(
    url: str, tmp_path: Path, number: int, word: str, database: "asyncpg.Connection"
) -> None:
    count = BATCH * 3
    path = write(tmp_path / "killed.gz", "basics", [film(number + n, f"{word} {n}") for n in range(count)])
    command = (sys.executable, "-m", "movie_svc.imdb", "--basics", str(path))
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, "DATABASE_URL": url})
    while not await database.fetchval("SELECT count(*) FROM imports WHERE lines >= $1", BATCH):
        assert process.returncode is None
        await asyncio.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    done = await run(url, {"basics": path})
    assert done.resumed["basics"] >= BATCH
    assert done.done["basics"]["added"] == count + 1 - done.resumed["basics"]
    assert await database.fetchval("SELECT count(*) FROM movies WHERE title LIKE $1", f"{word} %") == count
