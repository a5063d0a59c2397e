"""Searching a million films, at the service itself: `make bench FILMS=1`."""

import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from itertools import product
from statistics import quantiles
from uuid import UUID

import grpc
import uvloop
from matinee.movie.v1 import movie_pb2
from matinee.movie.v1.movie_pb2_grpc import MovieServiceStub
from rich.console import Console
from rich.progress import Progress, track
from rich.table import Table

from bench.superuser import connected
from bench.terminal import end
from local.mesh import Mesh, running_mesh
from local.services import get_service
from local.steps import Steps
from movie_svc.importer import FILES

FILMS, BATCH, TRIES = 1_000_000, 20_000, 300
AIM_MS = 30.0
COLUMNS = ("id", "title", "year", "running_time", "imdb_votes", "genres", "directors", "actors", "bookable")
# As many as a language has: were they few, every word would look like every other.
SYLLABLES = ["".join(each) for each in product("bdgklmnprstv", "aeiou", ("", *"lmnrst"))]
SYLLABLES += ["".join(each) for each in product("бвдклмнпрст", "аеиоу", ("", *"лмнрст"))]
GENRES = ("Drama", "Comedy", "Documentary", "Action", "Horror", "Romance")


class Words:
    """Words as titles have them: those of real ones as often as they have them, and rarer ones that are made up."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        titles = [str(film["Title"]) for path in FILES for film in json.loads(path.read_text(encoding="utf-8"))]
        self.real = [word for title in titles for word in re.findall(r"\w+", title)]
        self.made = [self.syllables(3) for _ in range(200_000)]
        self.names = [f"{self.syllables(2)} {self.syllables(3)}" for _ in range(100_000)]

    def syllables(self, count: int) -> str:
        """A word that nobody knows."""
        return "".join(self.random.choice(SYLLABLES) for _ in range(count)).capitalize()

    def word(self) -> str:
        """One of a title."""
        if self.random.random() < 0.7:
            return str(self.random.choice(self.real))
        return self.made[int(len(self.made) * self.random.random() ** 3)]

    def title(self) -> str:
        """A title of one to six words; no film is called just "The"."""
        count = min(6, 1 + int(self.random.expovariate(0.5)))
        return " ".join(self.word() for _ in range(count)) if count > 1 else self.syllables(3)


def films(words: Words, count: int) -> Iterator[tuple[object, ...]]:
    """Rows of COLUMNS; few films are well known, most are to nobody."""
    chance = words.random
    for _ in range(count):
        people = [chance.choice(words.names) for _ in range(4)]
        yield (
            UUID(int=chance.getrandbits(128)),
            words.title(),
            chance.randint(1900, 2026),
            chance.randint(40, 200),
            int(5 / (chance.random() ** 1.5 + 1e-5)),
            [chance.choice(GENRES)],
            people[:1],
            people[1:],
            True,
        )


async def load(mesh: Mesh, words: Words, printer: Console) -> None:
    """Fills the catalogue, as an import does: triggers and indices are kept up."""
    async with connected(mesh, "movie") as connection:
        with Progress(console=printer, transient=True) as progress:
            task = progress.add_task("a million films", total=FILMS)
            for _ in range(0, FILMS, BATCH):
                rows = list(films(words, BATCH))
                await connection.copy_records_to_table("movies", records=rows, columns=COLUMNS)
                progress.advance(task, BATCH)
        await connection.execute("VACUUM ANALYZE movies")
        await connection.execute("VACUUM ANALYZE vocabulary")


def mistyped(word: str, chance: random.Random) -> str:
    """A letter of it is gone, or has changed places."""
    place = chance.randrange(1, len(word) - 1)
    if chance.random() < 0.5:
        return word[:place] + word[place + 1 :]
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def questions(words: Words, titles: Sequence[str]) -> dict[str, list[str]]:
    """What is typed, by what it shows."""
    chance = words.random
    common = ["the ", "of ", "a ", "the", "love", "man", "night", "in the "]
    long = [word for word in words.real if len(word) > 5]
    return {
        "a title": [chance.choice(titles) for _ in range(TRIES)],
        "words of a title": [" ".join(reversed(chance.choice(titles).split())) for _ in range(TRIES)],
        "the beginning of a word": [words.word()[: chance.randint(3, 5)] for _ in range(TRIES)],
        "a common word": [chance.choice(common) for _ in range(TRIES)],
        "a word, any": [f"{words.word()} " for _ in range(TRIES)],
        "a typo": [mistyped(chance.choice(long), chance) for _ in range(TRIES)],
        "a typo in Russian": [mistyped(words.syllables(4), chance) for _ in range(TRIES)],
        "a person": [chance.choice(words.names) for _ in range(TRIES)],
        "a word and a year": [f"{words.word()} {chance.randint(1950, 2026)}" for _ in range(TRIES)],
        "nothing that there is": [f"{words.syllables(6)} {words.syllables(6)}" for _ in range(TRIES)],
    }


async def ask(stub: MovieServiceStub, typed: Sequence[str], name: str, printer: Console) -> list[float]:
    """How long each took, in milliseconds, one at a time."""
    taken = []
    for query in track(typed, name, console=printer, transient=True):
        began = time.perf_counter()
        await stub.ListMovies(movie_pb2.ListMoviesRequest(query=query))
        taken.append((time.perf_counter() - began) * 1000)
    return taken


async def measure(mesh: Mesh, printer: Console) -> list[str]:
    """Loads, asks, shows; returns what went wrong, which a slow answer is not."""
    words = Words(1)
    await load(mesh, words, printer)
    async with connected(mesh, "movie") as connection:
        sample = await connection.fetch("SELECT title FROM movies TABLESAMPLE SYSTEM (0.2)")
    table = Table("what was typed", "p50 ms", "p99 ms", "aim", title=f"Searching {FILMS:,} films, at the service")
    credentials = grpc.ssl_channel_credentials(*mesh.home.identity("booking"))
    port = mesh.settings.ports(get_service("movie"))[0]
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
        stub = MovieServiceStub(channel)
        for name, typed in questions(words, [row["title"] for row in sample]).items():
            # What has been read once is in memory, as it would be in a catalogue that people use.
            await ask(stub, typed[: TRIES // 5], name, printer)
            shares = quantiles(await ask(stub, typed, name, printer), n=100)
            style = "red" if shares[98] > AIM_MS else ""
            table.add_row(name, f"{shares[49]:.1f}", f"{shares[98]:.1f}", f"{AIM_MS:.0f}", style=style)
    printer.print(table)
    return []


def run(printer: Console) -> None:
    """On a mesh of its own, whose catalogue is filled."""
    with running_mesh(extra_env={"LOG_LEVEL": "INFO"}, steps=Steps(printer)) as mesh:
        wrong = uvloop.run(measure(mesh, printer))
    end(wrong, printer)
