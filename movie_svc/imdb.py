"""Fills the catalogue from IMDb's datasets: `python -m movie_svc.imdb --basics title.basics.tsv.gz`, see docs/films.md.

An import that was stopped goes on where it was. Running it again changes nothing that is as it should be, and no run
changes what moderators decided. The database is the one that DATABASE_URL names.
"""

import argparse
import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.progress import Progress

from movie_svc.dataset import (
    COLUMNS,
    TYPES,
    Broken,
    Row,
    Seen,
    Wanted,
    aka_of,
    check,
    fields_of,
    film_of,
    fingerprint,
    lines_of,
    number_of,
    rating_of,
)
from movie_svc.records import Notes, Unusable
from movie_svc.store import imdb as store

BATCH = 5000
MOST_TITLES = 500
"""Of one film."""


class Reader:
    """Reads one file, and notes what could not be used."""

    def __init__(self, kind: str, path: Path, wanted: Wanted) -> None:
        self.kind = kind
        self.path = path
        self.wanted = wanted
        self.skipped = Notes()
        self.odd = Notes()
        self.seen = Seen()
        self.current = -1
        self.titles = 0

    def batches(self, advance: Callable[[int], None]) -> Iterator[tuple[int, list[Row], Broken | None]]:
        """Rows with the number of the last line they came from; a film's titles stay together.

        A file that breaks off gives what it had first, with the reason.
        """
        rows: list[Row] = []
        last: object = None
        number = 0
        broken = None
        try:
            for number, line in enumerate(lines_of(self.path, advance), 1):
                if number > 1 and (row := self.take(line, number)) is not None:
                    if len(rows) >= BATCH and row[0] != last:
                        yield number - 1, rows, None
                        rows = []
                    rows.append(row)
                    last = row[0]
        except Broken as error:
            broken = Broken(f"{error}, after line {number}")
        yield number, rows, broken

    def size(self) -> int:
        """Compressed bytes."""
        return self.path.stat().st_size

    def take(self, line: bytes, number: int) -> Row | None:
        """The row of a line; None if it is not wanted or, noted, cannot be used."""
        place = f"line {number} of {self.path.name}"
        try:
            return self.row(line, place)
        except Unusable as problem:
            self.skipped.add(str(problem), place)
            return None

    def row(self, line: bytes, place: str) -> Row | None:
        """The row of a line. Raises Unusable."""
        fields = fields_of(self.kind, line)
        match self.kind:
            case "basics":
                row = film_of(fields, self.wanted, self.odd, place)
                self.once(number_of(fields["tconst"]))
            case "ratings":
                row = rating_of(fields, self.odd, place)
                self.once(number_of(fields["tconst"]))
            case _:
                self.together(number_of(fields["titleId"]))
                row = aka_of(fields)
        return row

    def once(self, name: int) -> None:
        """Raises Unusable if there was a row of the film."""
        if not self.seen.add(name):
            raise Unusable("same film as another")

    def together(self, name: int) -> None:
        """Raises Unusable if the film's titles ended further up, or are too many."""
        if name != self.current:
            self.current, self.titles = name, 0
            if not self.seen.add(name):
                self.titles = MOST_TITLES
        self.titles += 1
        if self.titles > MOST_TITLES:
            raise Unusable(f"beyond {MOST_TITLES} titles of a film, or apart from its others")


class Import:
    """One run: what came of it."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.done: dict[str, Counter[str]] = {}
        self.resumed: dict[str, int] = {}
        self.readers: list[Reader] = []
        self.broken: Broken | None = None

    async def write(self, connection: "asyncpg.Connection", kind: str, path: Path, progress: Progress) -> None:
        """Brings the database to what a file says, or as far as the file goes."""
        mark = await asyncio.to_thread(fingerprint, path, self.wanted if kind == "basics" else kind)
        before = self.resumed[kind] = await store.resume(connection, kind, mark)
        reader, done = Reader(kind, path, self.wanted), Counter[str]()
        self.readers.append(reader)
        self.done[kind] = done
        task = progress.add_task(kind, total=reader.size())
        for lines, rows, broken in reader.batches(lambda count: progress.advance(task, count)):
            if lines > before:
                done += await store.bring(connection, kind, mark, lines, rows)
            self.broken = broken or self.broken

    def report(self) -> str:
        """What was done, in lines for a person."""
        lines = []
        for reader in self.readers:
            done = ", ".join(f"{count} {what}" for what, count in sorted(self.done[reader.kind].items()))
            resumed = self.resumed[reader.kind]
            lines.append(
                f"{reader.kind}: {done or 'nothing to change'}" + (f" (from line {resumed})" if resumed else "")
            )
            lines += [f"  skipped, {line}" for line in reader.skipped.lines()]
            lines += [f"  {line}" for line in reader.odd.lines()]
        return "\n".join([*lines, *([f"stopped: {self.broken}"] if self.broken else [])])


async def run(
    url: str, files: Mapping[str, Path], wanted: Wanted | None = None, console: Console | None = None
) -> Import:
    """Imports files, films first; none if one of them is damaged. Raises Broken, Busy, PostgresError, OSError."""
    done = Import(wanted or Wanted())
    for kind, path in files.items():
        await asyncio.to_thread(check, kind, path)
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await store.begin(connection)
        with Progress(console=console or Console(stderr=True), transient=True) as progress:
            for kind in (kind for kind in COLUMNS if kind in files):
                await done.write(connection, kind, files[kind], progress)
                if done.broken:
                    return done
        await store.end(connection)
    finally:
        await connection.close()
    return done


def types_of(told: str) -> tuple[str, ...]:
    """Kinds of titles from the command line. Raises ArgumentTypeError."""
    kinds = tuple(sorted({kind.strip() for kind in told.split(",")}))
    if unknown := [kind for kind in kinds if kind not in TYPES]:
        raise argparse.ArgumentTypeError(f"IMDb has no {', '.join(unknown)!r}, but {', '.join(sorted(TYPES))}")
    return kinds


def arguments_of() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m movie_svc.imdb", description="Fills the catalogue from IMDb.")
    for kind in COLUMNS:
        parser.add_argument(f"--{kind}", type=Path, metavar=f"title.{kind}.tsv.gz")
    kinds = ",".join(Wanted().types)
    parser.add_argument("--types", type=types_of, default=kinds, help="kinds of titles, default: %(default)s")
    parser.add_argument("--adult", action="store_true", help="films for adults, too")
    parser.add_argument("--bookable", action="store_true", help="those with a running time join the bookable group")
    arguments = parser.parse_args()
    if not any(getattr(arguments, kind) for kind in COLUMNS):
        parser.error(f"at least one of {', '.join(f'--{kind}' for kind in COLUMNS)} is needed")
    return arguments


def main() -> None:
    """The command."""
    arguments = arguments_of()
    if "DATABASE_URL" not in os.environ:
        raise SystemExit("setting DATABASE_URL: missing (python -m local run movie -m movie_svc.imdb sets it)")
    files = {kind: getattr(arguments, kind) for kind in COLUMNS if getattr(arguments, kind)}
    wanted = Wanted(arguments.types, arguments.adult, arguments.bookable)
    try:
        done = asyncio.run(run(os.environ["DATABASE_URL"], files, wanted))
    except Broken as error:
        raise SystemExit(str(error)) from None
    except store.Busy:
        raise SystemExit("another import runs") from None
    except (asyncpg.PostgresError, OSError) as error:
        raise SystemExit(f"the database refuses: {type(error).__name__}; is it running and migrated?") from None
    Console().print(done.report(), markup=False, highlight=False, soft_wrap=True)
    if done.broken:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
