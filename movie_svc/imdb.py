"""Fills the catalogue from IMDb's public dataset: `python -m movie_svc.imdb --basics title.basics.tsv.gz`.

A file goes in by batches, each with a note of how far it went in one transaction: run again after a crash it goes on,
and run again when it is through it changes nothing. The database is the one that DATABASE_URL names.
"""

import argparse
import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import uuid5

import asyncpg
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from movie_svc.dataset import Dataset, Seen, Truncated, Values
from movie_svc.records import CATALOGUE, LONGEST, Notes, Unusable
from movie_svc.store import imdb as store

BATCH = 5_000
TYPES = ("movie", "tvMovie")
DEFAULTS = ",".join(TYPES)
LONGEST_TITLE = 1_000
NUMBER = re.compile(r"[0-9]{1,9}")
IDENTITY = re.compile(r"tt([0-9]{7,9})")
RATING = re.compile(r"[0-9]{1,2}(\.[0-9]+)?")


BASICS = (
    "tconst", "titleType", "primaryTitle", "originalTitle", "isAdult", "startYear", "runtimeMinutes", "genres",
)  # fmt: skip


class Wanted(NamedTuple):
    """Which of the titles become films."""

    types: frozenset[str] = frozenset(TYPES)
    adult: bool = False


class Import:
    """What came of one file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines = 0
        self.resumed = 0
        """How many lines an earlier run had done."""
        self.added = self.changed = self.left_out = 0
        self.skipped = Notes()
        self.odd = Notes()
        self.truncated = ""

    def report(self) -> str:
        """What was done, in lines for a person."""
        resumed = f", {self.resumed} of them in an earlier run" if self.resumed else ""
        skipped = sum(self.skipped.counts.values())
        lines = [
            f"{self.name}: {self.lines} lines{resumed}; {self.added} added, {self.changed} changed, {skipped} skipped",
            f"  left out, not wanted or not in the catalogue: {self.left_out}",
            *(f"  skipped, {line}" for line in self.skipped.lines()),
            *(f"  {line}" for line in self.odd.lines()),
        ]
        return "\n".join([*lines, f"  {self.truncated}; the rest is missing"] if self.truncated else lines)


Read = Callable[[Values, Import], store.Record | None]
Write = Callable[[store.Connection, Sequence[store.Record]], Awaitable[store.Outcome]]


class Kind(NamedTuple):
    """One of IMDb's files: the columns that it needs, how a line is read and a batch written."""

    name: str
    columns: tuple[str, ...]
    read: Read
    write: Write
    once: bool
    """Whether a title has one line only."""


def basics(wanted: Wanted) -> Kind:
    """title.basics: the films."""

    def read(values: Values, done: Import) -> store.Record | None:
        if values["titleType"] not in wanted.types or (values["isAdult"] == "1" and not wanted.adult):
            return None
        title = title_of(values["primaryTitle"])
        original = values["originalTitle"] and title_of(values["originalTitle"])
        return (
            values["tconst"],
            uuid5(CATALOGUE, str(values["tconst"])),
            title,
            original if original != title else None,
            number_of(values["startYear"], "years", done, lowest=1, highest=9999),
            number_of(values["runtimeMinutes"], "running times", done, lowest=1, highest=LONGEST),
            [genre for genre in (values["genres"] or "").split(",") if genre],
        )

    return Kind("basics", BASICS, read, store.bring_films, once=True)


def read_rating(values: Values, done: Import) -> store.Record | None:
    """A line of title.ratings."""
    told, votes = values["averageRating"], number_of(values["numVotes"], "votes", done)
    if told is None or not RATING.fullmatch(told) or float(told) > 10 or votes is None:
        raise Unusable("no rating")
    return values["tconst"], float(told), votes


def read_title(values: Values, done: Import) -> store.Record | None:
    """A line of title.akas."""
    return values["titleId"], title_of(values["title"]), values["language"] or "", values["region"] or ""


RATINGS = Kind("ratings", ("tconst", "averageRating", "numVotes"), read_rating, store.bring_ratings, once=True)
AKAS = Kind("akas", ("titleId", "title", "region", "language"), read_title, store.bring_titles, once=False)


def title_of(told: str | None) -> str:
    """A title without spaces around it. Raises Unusable."""
    title = " ".join((told or "").split())
    if not title:
        raise Unusable("no title")
    if len(title) > LONGEST_TITLE:
        raise Unusable("a title longer than any")
    return title


def number_of(told: str | None, what: str, done: Import, lowest: int = 0, highest: int = 10**9) -> int | None:
    """A number that can be; one that cannot is left open and noted."""
    if told is None:
        return None
    if not NUMBER.fullmatch(told) or not lowest <= int(told) <= highest:
        done.odd.add(f"{what} that cannot be", told[:20])
        return None
    return int(told)


async def bring(connection: store.Connection, kind: Kind, path: Path, scope: str, progress: Progress) -> Import:
    """Imports a file from where an earlier run ended. Raises asyncpg.PostgresError, OSError."""
    dataset, done = Dataset(path, kind.columns), Import(kind.name)
    task = progress.add_task(path.name, total=dataset.size)
    mark = f"{dataset.digest} {scope}"
    done.resumed = await store.find_progress(connection, kind.name, mark)
    try:
        for batch in batches(dataset, kind, done):
            await keep(connection, kind, batch, mark, done)
            progress.update(task, completed=dataset.position)
    except Truncated as problem:
        done.truncated = str(problem)
    finally:
        dataset.close()
    if not done.truncated:
        await store.forget_progress(connection, kind.name)
        progress.update(task, completed=dataset.size)
    return done


async def keep(connection: store.Connection, kind: Kind, batch: list[store.Record], mark: str, done: Import) -> None:
    """Writes a batch and how far it goes, both or neither."""
    async with connection.transaction():
        outcome = await kind.write(connection, batch)
        await store.keep_progress(connection, kind.name, mark, done.lines)
    done.added += outcome.added
    done.changed += outcome.changed
    done.left_out += outcome.unknown


def batches(dataset: Dataset, kind: Kind, done: Import) -> Iterator[list[store.Record]]:
    """What is to be written, BATCH lines at a time. Raises Truncated, but not before what came is handed over."""
    seen = Seen()
    batch: list[store.Record] = []
    broken: Truncated | None = None
    lines = iter(dataset)
    while True:
        try:
            line = next(lines, None)
        except Truncated as problem:
            line, broken = None, problem
        if line is None:
            break
        done.lines += 1
        record = take(dataset, kind, line, seen, done)
        if record is not None and done.lines > done.resumed:
            batch.append(record)
        if done.lines % BATCH == 0 and done.lines > done.resumed:
            yield batch
            batch = []
    if done.lines > done.resumed:
        yield batch
    if broken is not None:
        raise broken


def take(dataset: Dataset, kind: Kind, line: bytes, seen: Seen, done: Import) -> store.Record | None:
    """What a line becomes; None, and a note of why, if it becomes nothing."""
    try:
        values = dataset.values(line)
        told = IDENTITY.fullmatch(values[kind.columns[0]] or "")
        if told is None:
            raise Unusable("no id of a title")
        record = kind.read(values, done)
        if record is None:
            done.left_out += 1
        elif kind.once and not seen.add(int(told[1])):
            raise Unusable("the same title again")
    except Unusable as problem:
        done.skipped.add(str(problem), f"line {done.lines + 1}")
        return None
    return record


async def run(
    url: str, files: Sequence[tuple[Kind, Path]], scope: str = "", console: Console | None = None
) -> list[Import]:
    """Imports files in their order. Raises asyncpg.PostgresError, OSError; SystemExit if another import runs."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    try:
        if not await store.alone(connection):
            raise SystemExit("another import is running; wait for it, or end it and run this again")
        with Progress(*columns, console=console or Console(stderr=True), transient=True) as progress:
            return [await bring(connection, kind, path, scope, progress) for kind, path in files]
    finally:
        await connection.close()


def main() -> None:
    """The command line."""
    about = "Fills the catalogue from IMDb's public dataset."
    parser = argparse.ArgumentParser(prog="python -m movie_svc.imdb", description=about)
    parser.add_argument("--basics", type=Path, metavar="FILE", help="title.basics.tsv.gz: the films")
    parser.add_argument("--akas", type=Path, metavar="FILE", help="title.akas.tsv.gz: what they are called elsewhere")
    parser.add_argument("--ratings", type=Path, metavar="FILE", help="title.ratings.tsv.gz: how well they are known")
    parser.add_argument("--types", default=DEFAULTS, metavar="LIST", help=f"what becomes a film ({DEFAULTS})")
    parser.add_argument("--adult", action="store_true", help="films for adults, too")
    given = parser.parse_args()
    wanted = Wanted(frozenset(given.types.split(",")), given.adult)
    kinds = ((basics(wanted), given.basics), (AKAS, given.akas), (RATINGS, given.ratings))
    files = [(kind, path) for kind, path in kinds if path]
    if not files:
        parser.error("name at least one file")
    if "DATABASE_URL" not in os.environ:
        raise SystemExit("setting DATABASE_URL: missing (python -m local run movie -m movie_svc.imdb sets it)")
    scope = f"{','.join(sorted(wanted.types))} {wanted.adult}"
    try:
        done = asyncio.run(run(os.environ["DATABASE_URL"], files, scope))
    except (asyncpg.PostgresError, OSError) as error:
        raise SystemExit(f"the database refuses: {type(error).__name__}; is it running and migrated?") from None
    except KeyboardInterrupt:
        raise SystemExit("ended; run it again and it goes on") from None
    Console().print("\n".join(each.report() for each in done), markup=False, highlight=False)
    if any(each.truncated for each in done):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
