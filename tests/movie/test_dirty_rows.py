"""What IMDb's files may have in them that is no use: counted by reason, and skipped or left unknown."""

import gzip
import random
from pathlib import Path

import httpx
import pytest

from movie_svc.dataset import COLUMNS
from movie_svc.imdb import run
from tests.movie.imdb_files import Imdb, film
from tests.people import ok

pytestmark = pytest.mark.usefixtures("alone")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("tt{0}|movie|few", "wrong number of columns"),
        (film(77, "x") + "|more", "no name of IMDb's"),
        (r"tt{0}|movie|\N|x|0|1979|\N|90|\N", "no title"),
        (r"tt{0}|movie||x|0|1979|\N|90|\N", "no title"),
        (r"tt{0}|movie|x|x|yes|1979|\N|90|\N", "neither adult nor not"),
        (r"movie|movie|x|x|0|1979|\N|90|\N", "no name of IMDb's"),
        (r"TT{0}|movie|x|x|0|1979|\N|90|\N", "no name of IMDb's"),
        ("tt{0}\0|movie|x|x|0|1979|\\N|90|\\N", "no name of IMDb's"),
        ("tt{0}|movie|\0\x1b\u200b|x|0|1979|\\N|90|\\N", "no title"),
        ("tt{0}|movie|" + "x" * 501 + r"|x|0|1979|\N|90|\N", "title too long"),
        (r"tt{0}|Movie|x|x|0|1979|\N|90|\N", "unknown kind of title"),
        (r'"tt{0}|movie|x|x|0|1979|\N|90|\N"', "no name of IMDb's"),
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


async def test_byte_order_mark_and_crlf_are_no_trouble(url: str, tmp_path: Path, number: int, word: str) -> None:
    lines = ["|".join(COLUMNS["basics"]), film(number, word), film(number + 1, word)]
    (tmp_path / "windows.gz").write_bytes(gzip.compress("\r\n".join(lines).replace("|", "\t").encode("utf-8-sig")))
    done = await run(url, {"basics": tmp_path / "windows.gz"})
    assert (done.done["basics"], done.readers[0].skipped.counts) == ({"added": 2}, {})


async def test_longest_titles_are_kept(imdb: Imdb, number: int, word: str) -> None:
    title = word + "".join(map(chr, random.sample(range(0x4E00, 0x9FFF), 500 - len(word))))
    done = await imdb(basics=[film(number, title)], akas=[rf"tt{number}|1|{title}|JP|\N|\N|\N|0"])
    assert {kind: dict(count) for kind, count in done.done.items()} == {
        "basics": {"added": 1},
        "akas": {"titles added": 1},
    }


async def test_lone_quotes_are_part_of_a_title(imdb: Imdb, http: httpx.AsyncClient, number: int, word: str) -> None:
    await imdb(basics=[film(number, f'"{word}'), film(number + 1, f"{word} 2")])
    titles = [movie["title"] for movie in ok(await http.get("/movie_api/v1/movies", params={"query": word}))]
    assert sorted(titles) == [f'"{word}', f"{word} 2"]


@pytest.mark.parametrize("year", [0, 1, 99999, "-1979", "1979.5", "١٩٧٩"])
async def test_year_that_cannot_be_is_noted_and_left_unknown(imdb: Imdb, number: int, word: str, year: object) -> None:
    done = await imdb(basics=[film(number, word, year)])
    assert (done.done["basics"], done.readers[0].odd.lines()) == (
        {"added": 1},
        [f"years that cannot be: 1 ('{year}', line 2 of basics.gz)"],
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (r"tt{0}|first|x|FR|fr|\N|\N|0", "no place among the titles"),
        (r"tt{0}|\N|x|FR|fr|\N|\N|0", "no place among the titles"),
        (r"tt{0}|1|\N|FR|fr|\N|\N|0", "no title"),
        (r"tt{0}|1| |FR|fr|\N|\N|0", "no title"),
        (r"tt{0}|1|x|France|fr|\N|\N|0", "no code of a region"),
        (r"tt{0}|1|x||fr|\N|\N|0", "no code of a region"),
        (r"tt{0}|1|x|FR|f|\N|\N|0", "no code of a language"),
        (r"tt{0}|1|x|FR|фр|\N|\N|0", "no code of a language"),
        (r"tt{0}|1|x|FR|fr|\N|\N|no", "neither original nor not"),
        (r"tt{0}|1|x|FR|fr|\N|0", "wrong number of columns"),
        (r"nm{0}|1|x|FR|fr|\N|\N|0", "no name of IMDb's"),
    ],
)
async def test_title_that_cannot_be_used_is_counted_and_skipped(
    imdb: Imdb, number: int, word: str, row: str, reason: str
) -> None:
    good = rf"tt{number}|2|{word} bis|XWW|cmn|\N|\N|0"
    done = await imdb(basics=[film(number, word)], akas=[row.replace("{0}", str(number)), good])
    assert (done.done["akas"], done.readers[1].skipped.counts) == ({"titles added": 1}, {reason: 1})


async def test_rating_that_cannot_be_used_is_counted_and_skipped(imdb: Imdb, number: int, word: str) -> None:
    ratings = [f"tt{number}|{rating}" for rating in ("11|5", "nan|5", "-1|5", "8,5|5", "1e1|5", "8.5|many", "8.5|-1")]
    done = await imdb(basics=[film(number, word)], ratings=[*ratings, f"tt{number}|8.5|5"])
    assert (done.done["ratings"], done.readers[1].skipped.counts) == ({"rated": 1}, {"no rating": len(ratings)})
