"""Filling the catalogue from files in the format of IMDb's datasets."""

import asyncio
import gzip
import itertools
import os
import secrets
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import httpx
import pytest

from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service
from movie_svc.dataset import COLUMNS, Wanted
from movie_svc.imdb import BATCH, Import, run
from movie_svc.store import imdb as store
from tests.movie.conftest import Importer
from tests.people import Person, ok

Imdb = Callable[..., Awaitable[Import]]


MANY = 20_000
NUMBERS = itertools.count(10_000_000 + secrets.randbelow(400) * 200_000, MANY)


@pytest.fixture
def number() -> int:
    """The first of so many numbers that no other title has."""
    return next(NUMBERS)


def write(path: Path, kind: str, rows: list[str | bytes]) -> Path:
    """A file with these rows, | for a tab."""
    lines: list[str | bytes] = ["|".join(COLUMNS[kind]), *rows]
    told = (line if isinstance(line, bytes) else line.replace("|", "\t").encode() for line in lines)
    path.write_bytes(gzip.compress(b"".join(line + b"\n" for line in told), 1))
    return path


def film(
    number: int, title: str, year: object = 1979, minutes: object = 90, kind: str = "movie", adult: int = 0
) -> str:
    """A row of basics."""
    return rf"tt{number}|{kind}|{title}|{title}|{adult}|{year}|\N|{minutes}|Drama,Horror"


@pytest.fixture
def url(mesh: Mesh) -> str:
    """Of the catalogue's database."""
    return database_url(mesh.settings, get_service("movie"))


@pytest.fixture
def imdb(url: str, tmp_path: Path) -> Imdb:
    """Imports rows by kind of file, films into the bookable group unless told."""

    async def imported(bookable: bool = True, **rows: list[str | bytes]) -> Import:
        files = {kind: write(tmp_path / f"{kind}.gz", kind, told) for kind, told in rows.items()}
        return await run(url, files, Wanted(bookable=bookable))

    return imported


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


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("tt{0}|movie|few", "wrong number of columns"),
        (film(77, "x") + "|more", "no name of IMDb's"),
        (r"tt{0}|movie|\N|x|0|1979|\N|90|\N", "no title"),
        (r"tt{0}|movie||x|0|1979|\N|90|\N", "no title"),
        (r"tt{0}|movie|x|x|yes|1979|\N|90|\N", "neither adult nor not"),
        (r"movie|movie|x|x|0|1979|\N|90|\N", "no name of IMDb's"),
        ("", "wrong number of columns"),
        ("x" * 200_000, "too long"),
    ],
)
async def test_row_that_cannot_be_used_is_counted_and_skipped(
    imdb: Imdb, number: int, word: str, row: str, reason: str
) -> None:
    told = row.replace("{0}", str(number))
    if told.endswith("|more"):
        reason = "wrong number of columns"
    done = await imdb(basics=[told, film(number + 1, word)])
    assert (done.done["basics"]["added"], dict(done.readers[0].skipped.counts)) == (1, {reason: 1})


async def test_bytes_that_are_no_utf8_are_skipped(imdb: Imdb, number: int, word: str) -> None:
    done = await imdb(basics=[b"tt1\t\xff\xfe", film(number, word)])
    assert done.readers[0].skipped.lines() == ["not UTF-8: 1 (line 2 of basics.gz)"]


async def test_second_row_of_a_film_is_skipped(imdb: Imdb, number: int, word: str) -> None:
    done = await imdb(basics=[film(number, word), film(number, f"{word} 2")])
    assert dict(done.readers[0].skipped.counts) == {"same film as another": 1}


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


async def test_truncated_file_gives_what_it_had_and_says_so(url: str, tmp_path: Path, number: int, word: str) -> None:
    path = write(tmp_path / "cut.gz", "basics", [film(number + n, f"{word} {n}") for n in range(3000)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    done = await run(url, {"basics": path})
    assert 500 < done.done["basics"]["added"] < 3000
    assert "damaged or not whole" in done.report()


async def test_empty_file_is_told(url: str, tmp_path: Path) -> None:
    (tmp_path / "empty.gz").touch()
    assert "is empty" in (await run(url, {"basics": tmp_path / "empty.gz"})).report()


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
