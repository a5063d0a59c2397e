"""Files that changed on their way from IMDb, or are none of its."""

import gzip
from pathlib import Path

import asyncpg
import pytest

from movie_svc.dataset import COLUMNS, Broken
from movie_svc.imdb import run
from tests.movie.imdb_files import Imdb, command, film, write

pytestmark = pytest.mark.usefixtures("alone")


async def test_truncated_file_gives_what_it_had_and_says_so(url: str, tmp_path: Path, number: int, word: str) -> None:
    path = write(tmp_path / "cut.gz", "basics", [film(number + n, f"{word} {n}") for n in range(3000)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    done = await run(url, {"basics": path})
    assert 500 < done.done["basics"]["added"] < 3000
    lines, report = done.done["basics"]["added"] + 1, done.report()
    assert f"cut short: Compressed file ended before the end-of-stream marker was reached, after line {lines}" in report


async def test_file_with_a_letter_changed_on_the_way_is_refused_as_a_whole(
    url: str, tmp_path: Path, number: int, word: str, database: "asyncpg.Connection"
) -> None:
    path = write(tmp_path / "garbled.gz", "basics", [film(number + n, f"{word} {n}") for n in range(3000)])
    told = gzip.compress(gzip.decompress(path.read_bytes()), 0)
    path.write_bytes(told.replace(f"{word} 2000".encode(), f"{word} 2x00".encode(), 1))
    with pytest.raises(Broken, match=r"is damaged, seen at about line 2\d\d\d: CRC check failed"):
        await run(url, {"basics": path})
    assert await database.fetchval("SELECT count(*) FROM movies WHERE title LIKE $1", f"{word}%") == 0


async def test_no_file_is_taken_if_another_is_damaged(
    url: str, imdb: Imdb, tmp_path: Path, number: int, word: str
) -> None:
    basics = write(tmp_path / "basics.gz", "basics", [film(number, word)])
    ratings = write(tmp_path / "ratings.gz", "ratings", [f"tt{number + n}|8.5|{n}" for n in range(3000)])
    told = bytearray(ratings.read_bytes())
    told[len(told) // 2] ^= 0xFF
    ratings.write_bytes(told)
    with pytest.raises(Broken, match="is damaged"):
        await run(url, {"basics": basics, "ratings": ratings})
    assert (await imdb(basics=[film(number, word)])).done["basics"] == {"added": 1}


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (b"", "is empty"),
        (gzip.compress(b""), "is empty"),
        (b"tconst\ttitleType", "Not a gzipped file"),
        (gzip.compress("\t".join(COLUMNS["ratings"]).encode()), "is not title.basics.tsv.gz"),
        (gzip.compress("\t".join(reversed(COLUMNS["basics"])).encode()), "is not title.basics.tsv.gz"),
        (gzip.compress(" ".join(COLUMNS["basics"]).encode()), "is not title.basics.tsv.gz"),
    ],
    ids=["no bytes", "nothing packed", "not packed", "another file", "columns in another order", "no tabs"],
)
async def test_file_that_is_none_of_imdbs_is_refused(url: str, tmp_path: Path, told: bytes, problem: str) -> None:
    (tmp_path / "other.gz").write_bytes(told)
    with pytest.raises(Broken, match=problem):
        await run(url, {"basics": tmp_path / "other.gz"})


async def test_command_ends_with_1_and_says_so_when_a_file_is_damaged(url: str, tmp_path: Path, number: int) -> None:
    path = write(tmp_path / "garbled.gz", "basics", [film(number, "x")])
    path.write_bytes(path.read_bytes()[:-8] + bytes(8))
    code, told = await command(url, "--basics", str(path))
    assert (code, "is damaged, seen at about line 1: CRC check failed" in told, "Traceback" in told) == (1, True, False)
