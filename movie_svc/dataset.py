"""IMDb's datasets as files: tab separated, \\N for what nobody knows, UTF-8, a header, no quoting, gzip."""

import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid5

from movie_svc.records import LONGEST, Notes, Unusable

NAMESPACE = UUID("b0c2b0d2-6a3c-5f0e-9c55-5d6f1c0e7a11")
"""Of ids that come from IMDb's: the same film has the same id in every database."""
COLUMNS = {
    "basics": [
        "tconst",
        "titleType",
        "primaryTitle",
        "originalTitle",
        "isAdult",
        "startYear",
        "endYear",
        "runtimeMinutes",
        "genres",
    ],
    "ratings": ["tconst", "averageRating", "numVotes"],
    "akas": ["titleId", "ordering", "title", "region", "language", "types", "attributes", "isOriginalTitle"],
}
TYPES = {
    "movie",
    "short",
    "tvEpisode",
    "tvMiniSeries",
    "tvMovie",
    "tvPilot",
    "tvSeries",
    "tvShort",
    "tvSpecial",
    "video",
    "videoGame",
}
"""Kinds of titles that IMDb tells apart."""
NAME = re.compile(r"tt(\d{7,8})", re.ASCII)
CODE = re.compile(r"[A-Za-z]{2,4}")
"""Of a language or a region: en, cmn, GB, XWW, SUHH."""
CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
LONGEST_LINE = 64 * 1024
LONGEST_TITLE = 500
"""As a key of an index it has to fit in 2.7 kB."""
FIRST_YEAR, LAST_YEAR = 1870, 2150
"""The oldest film is of 1874; some are announced years ahead."""
MOST_VOTES = 2**31 - 1
UNKNOWN = r"\N"
Fields = dict[str, str]
Row = tuple[object, ...]


class Wanted(NamedTuple):
    """Which titles become films."""

    types: Collection[str] = ("movie", "tvMovie")
    adult: bool = False
    bookable: bool = False
    """Whether films whose running time is known join the bookable group; else that is left to moderators."""


class Broken(Exception):
    """A file that cannot be read, is another one, or is damaged; says why."""


class Seen:
    """Which names were seen: a bit for each, as there may be millions."""

    def __init__(self) -> None:
        self.bits = bytearray()

    def add(self, number: int) -> bool:
        """Whether it is new."""
        place, bit = number >> 3, 1 << (number & 7)
        if place >= len(self.bits):
            self.bits.extend(bytes(place + 1 - len(self.bits)))
        new = not self.bits[place] & bit
        self.bits[place] |= bit
        return new


def fingerprint(path: Path, *asked: object) -> str:
    """Tells files with other bytes apart, and what was asked for of them. Raises Broken."""
    try:
        with path.open("rb") as file:
            return f"{hashlib.file_digest(file, 'sha256').hexdigest()} {asked}"
    except OSError as error:
        raise Broken(f"cannot read {path}: {error.strerror}") from None


def check(kind: str, path: Path) -> None:
    """Looks at a file as a whole, before anything is taken from it. Raises Broken.

    What comes before a damage may be damaged as well: only the checksum behind it all tells. A file that is just cut
    short has nothing wrong in it, and passes.
    """
    lines = 0
    try:
        with gzip.open(path) as file:
            header = file.readline(LONGEST_LINE)
            if not header:
                raise Broken(f"{path} is empty")
            if header.decode("utf-8-sig", "replace").rstrip("\r\n").split("\t") != COLUMNS[kind]:
                raise Broken(f"{path} is not title.{kind}.tsv.gz of IMDb")
            while chunk := file.read(LONGEST_LINE):
                lines += chunk.count(b"\n")
    except EOFError:
        return
    except (zlib.error, gzip.BadGzipFile) as error:
        raise Broken(f"{path} is damaged, seen at about line {lines + 1}: {error}; nothing was taken") from None
    except OSError as error:
        raise Broken(f"cannot read {path}: {error.strerror}") from None


def lines_of(path: Path, advance: Callable[[int], None]) -> Iterator[bytes]:
    """The lines of a file, too long ones cut; tells how many compressed bytes were read. Raises Broken."""
    with path.open("rb") as raw, gzip.open(raw) as file:
        told = 0
        try:
            while line := file.readline(LONGEST_LINE):
                whole = line
                while whole and not whole.endswith(b"\n"):
                    whole = file.readline(LONGEST_LINE)
                yield line
                if (now := raw.tell()) != told:
                    advance(now - told)
                    told = now
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Broken(f"{path} is damaged or cut short: {error}") from None


def fields_of(kind: str, line: bytes) -> Fields:
    """A line's columns by name, spaces for control characters. Raises Unusable."""
    if len(line) >= LONGEST_LINE:
        raise Unusable("too long")
    try:
        told = line.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise Unusable("not UTF-8") from None
    values = CONTROLS.sub(" ", told).split("\t")
    if len(values) != len(COLUMNS[kind]):
        raise Unusable("wrong number of columns")
    return dict(zip(COLUMNS[kind], values, strict=True))


def number_of(name: str) -> int:
    """The number in one of IMDb's names. Raises Unusable."""
    if (match := NAME.fullmatch(name)) is None:
        raise Unusable("no name of IMDb's")
    return int(match[1])


def title_of(told: str) -> str:
    """A title without spaces around it. Raises Unusable."""
    title = " ".join(told.split())
    if told == UNKNOWN or not any(sign.isprintable() for sign in title):
        raise Unusable("no title")
    if len(title) > LONGEST_TITLE:
        raise Unusable("title too long")
    return title


def code_of(told: str, what: str) -> str:
    """The code of a language or a region, empty if nobody knows. Raises Unusable."""
    if told == UNKNOWN:
        return ""
    if CODE.fullmatch(told) is None:
        raise Unusable(f"no code of a {what}")
    return told


def whole(told: str, least: int, most: int, odd: str, notes: Notes, place: str) -> int | None:
    """A number in its range; None if nobody knows, and, noted, if it cannot be."""
    if told == UNKNOWN:
        return None
    if told.isascii() and told.isdigit() and len(told) < 12 and least <= int(told) <= most:
        return int(told)
    notes.add(odd, f"{told[:40]!r}, {place}")
    return None


def film_of(fields: Fields, wanted: Wanted, notes: Notes, place: str) -> Row | None:
    """A film, in the order of incoming_basics; None if it is not wanted. Raises Unusable."""
    if fields["isAdult"] not in ("0", "1"):
        raise Unusable("neither adult nor not")
    if fields["titleType"] not in TYPES:
        raise Unusable("unknown kind of title")
    if fields["titleType"] not in wanted.types or (fields["isAdult"] == "1" and not wanted.adult):
        return None
    title = title_of(fields["primaryTitle"])
    try:
        original = title_of(fields["originalTitle"])
    except Unusable:
        original = title
    year = whole(fields["startYear"], FIRST_YEAR, LAST_YEAR, "years that cannot be", notes, place)
    minutes = whole(fields["runtimeMinutes"], 1, LONGEST, "running times that cannot be", notes, place)
    genres = [genre for genre in known_list(fields["genres"]) if genre]
    name = fields["tconst"]
    adopts, bookable = fields["titleType"] == "movie", wanted.bookable and minutes is not None
    return (uuid5(NAMESPACE, name), name, title, original, year, minutes, genres, adopts, bookable)


def known_list(told: str) -> list[str]:
    """The parts of a list with commas."""
    return [] if told == UNKNOWN else [part.strip()[:40] for part in told.split(",")][:10]


def rating_of(fields: Fields, notes: Notes, place: str) -> Row | None:
    """A rating, in the order of incoming_ratings. Raises Unusable."""
    if re.fullmatch(r"\d{1,2}(\.\d{1,4})?", fields["averageRating"], re.ASCII) is None:
        raise Unusable("no rating")
    rating = float(fields["averageRating"])
    votes = whole(fields["numVotes"], 0, MOST_VOTES, "votes that cannot be", notes, place)
    if rating > 10 or votes is None:
        raise Unusable("no rating")
    return fields["tconst"], rating, votes


def aka_of(fields: Fields) -> Row | None:
    """A title, in the order of incoming_akas; None if it is the original one, which basics tells. Raises Unusable."""
    if not (fields["ordering"].isascii() and fields["ordering"].isdigit()):
        raise Unusable("no place among the titles")
    if fields["isOriginalTitle"] not in ("0", "1", UNKNOWN):
        raise Unusable("neither original nor not")
    title = title_of(fields["title"])
    language, region = code_of(fields["language"], "language"), code_of(fields["region"], "region")
    if fields["isOriginalTitle"] == "1" or not (language or region):
        return None
    return fields["titleId"], title, language, region
