"""What the tests of the catalogue share."""

import itertools
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from filelock import FileLock

from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service
from movie_svc import imdb as command
from movie_svc.dataset import Wanted
from movie_svc.importer import Import, run
from tests.movie.imdb_files import Imdb, write
from tests.people import Person, ok

Importer = Callable[[list[dict[str, Any]]], Awaitable[Import]]
MANY = 20_000
NUMBERS = itertools.count(10_000_000 + secrets.randbelow(80_000_000), MANY)


@pytest.fixture
def word() -> str:
    """A word that no other title has."""
    return f"q{secrets.token_hex(6)}"


@pytest.fixture
def number() -> int:
    """The first of so many numbers that no other title has."""
    return next(NUMBERS)


@pytest.fixture
def url(mesh: Mesh) -> str:
    """Of the catalogue's database."""
    return database_url(mesh.settings, get_service("movie"))


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps other workers from importing IMDb's files: whose import ends, nobody goes on from where he was."""
    with FileLock(tmp_path_factory.getbasetemp().parent / "imports.lock"):
        yield


@pytest.fixture
def imdb(url: str, tmp_path: Path, alone: None) -> Imdb:
    """Imports rows by kind of file, films into the bookable group unless told."""

    async def imported(bookable: bool = True, **rows: list[str | bytes]) -> command.Import:
        files = {kind: write(tmp_path / f"{kind}.gz", kind, told) for kind, told in rows.items()}
        return await command.run(url, files, Wanted(bookable=bookable))

    return imported


@pytest.fixture
def importer(url: str, tmp_path: Path) -> Importer:
    """Imports records into the running catalogue."""

    async def imported(records: list[dict[str, Any]]) -> Import:
        path = tmp_path / "films.json"
        path.write_text(json.dumps(records))
        return await run(url, [path])

    return imported


@pytest_asyncio.fixture(loop_scope="session")
async def moderator(sudo: Person, new_person: Callable[..., Awaitable[Person]]) -> Person:
    """Somebody who may moderate, and nothing beyond."""
    person = await new_person()
    ok(await sudo.put(f"/auth/v1/permissions/{person.id}", {"permissions": [0, 3]}))
    login = {"email": person.email, "password": person.password}
    return replace(person, token=ok(await person.http.post("/auth/v1/login/", json=login))["access_token"])


@pytest_asyncio.fixture(loop_scope="session")
async def database(url: str) -> AsyncIterator["asyncpg.Connection"]:
    """The catalogue's own database, as its service."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    yield connection
    await connection.close()
