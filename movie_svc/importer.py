"""Fills the catalogue: `python -m movie_svc.importer [FILE ...]`, without FILE from the films of data/.

Running it again changes nothing that is as it should be, and no run changes what moderators decided. The database is
the one that DATABASE_URL names.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from movie_svc.records import Notes, Record, Unusable, film
from movie_svc.store import importing

DATA = Path(__file__).parent / "data"
FILES = (DATA / "samples.json", DATA / "movies.json")
NEWEST = 2012
"""The collection ends in 2011: later years were two digits once, and meant the century before."""
BATCH = 500


class Import:
    """One run: what was read, and what came of it."""

    def __init__(self, newest: int = NEWEST) -> None:
        self.newest = newest
        self.films: dict[tuple[str, int | None], dict[str, Any]] = {}
        self.skipped = Notes()
        self.odd = Notes()
        self.added: list[str] = []
        self.changed: list[str] = []

    def read(self, path: Path) -> None:
        """Reads a file. Raises SystemExit if it is none of ours."""
        try:
            records = json.loads(path.read_text(encoding="utf-8"))
            assert isinstance(records, list)
        except (OSError, ValueError, AssertionError) as error:
            raise SystemExit(f"cannot read {path}: {error or 'not a JSON array of films'}") from None
        for number, record in enumerate(records, 1):
            self.take(record, f"record {number} of {path.name}")

    def take(self, record: Record, place: str) -> None:
        """Takes a record, or notes why not."""
        try:
            row = film(record, self.newest, self.odd)
        except (Unusable, AttributeError, ValueError) as problem:
            self.skipped.add(str(problem) if isinstance(problem, Unusable) else "not a film", place)
            return
        key = (row["title"].casefold(), row["year"])
        if key in self.films:
            self.skipped.add("same title and year as another", f"{row['title']}, {place}")
        else:
            self.films[key] = row

    async def write(self, engine: AsyncEngine, progress: Progress) -> None:
        """Brings the database to what was read, in one transaction."""
        task = progress.add_task("films", total=len(self.films))
        async with engine.begin() as connection:
            await importing.prepare_merge(connection)
            for rows in batches(list(self.films.values())):
                await importing.bring(connection, [tuple(row[name] for name in importing.IMPORTED) for row in rows])
                progress.advance(task, len(rows))
            for row in await importing.merge(connection):
                (self.added if row.added else self.changed).append(row.title)

    def report(self) -> str:
        """What was done, in lines for a person."""
        skipped = sum(self.skipped.counts.values())
        unchanged = len(self.films) - len(self.added) - len(self.changed)
        head = (
            f"{len(self.added)} films added, {len(self.changed)} changed, {unchanged} as they were, {skipped} skipped"
        )
        reasons = [f"  skipped, {line}" for line in self.skipped.lines()]
        return "\n".join([head, *reasons, *(f"  {line}" for line in self.odd.lines())])


def batches(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The rows, BATCH at a time."""
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))


async def run(url: str, files: Sequence[Path], newest: int = NEWEST, console: Console | None = None) -> Import:
    """Imports files in their order; the first of two records of one film wins. Raises DBAPIError, OSError."""
    done = Import(newest)
    for path in files:
        done.read(path)
    engine = create_async_engine(url)
    try:
        with Progress(console=console or Console(stderr=True), transient=True) as progress:
            await done.write(engine, progress)
    finally:
        await engine.dispose()
    return done


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m movie_svc.importer", description="Fills the catalogue.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="JSON arrays of films, see data/README.md")
    parser.add_argument("--newest", type=int, default=NEWEST, metavar="YEAR", help="newest possible year of release")
    arguments = parser.parse_args()
    if "DATABASE_URL" not in os.environ:
        raise SystemExit("setting DATABASE_URL: missing (python -m local run movie -m movie_svc.importer sets it)")
    try:
        done = asyncio.run(run(os.environ["DATABASE_URL"], arguments.files or FILES, arguments.newest))
    except (DBAPIError, OSError) as error:
        raise SystemExit(f"the database refuses: {type(error).__name__}; is it running and migrated?") from None
    Console().print(done.report(), markup=False, highlight=False)


if __name__ == "__main__":
    main()
