"""The examples of the client, run by an interpreter that has its wheel alone, against the public port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from local.mesh import Mesh
from tests.people import Person, some_time

EXAMPLES = Path(__file__).parents[2] / "client" / "examples"


@asynccontextmanager
async def running(
    python: Path, mesh: Mesh, name: str, person: Person, *more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """An example in a person's name."""
    target = f"127.0.0.1:{mesh.settings.edge_port}"
    pipe = asyncio.subprocess.PIPE
    # Isolated: nothing of the repository is on its path.
    command = [str(python), "-I", str(EXAMPLES / name), target, person.email, person.password, *more]
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def printed(python: Path, mesh: Mesh, name: str, person: Person, *more: str) -> list[str]:
    """The lines that an example prints."""
    async with running(python, mesh, name, person, *more) as process:
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode().splitlines()


async def test_one_announces(python: Path, mesh: Mesh, host: Person, film: Any) -> None:
    (line,) = await printed(python, mesh, "announce.py", host, film["id"], some_time().isoformat())
    assert (await host.get(f"/app/v1/announcement/{UUID(line)}")).json()["status"] == "Alive"


async def test_one_books(python: Path, mesh: Mesh, host: Person, guest: Person, film: Any) -> None:
    evening = await host.announce(film["id"])
    assert await printed(python, mesh, "book.py", guest, evening["id"]) == [f"{film['title']}, at Robin's"]


async def test_one_that_finds_no_place_tells_the_reason(
    python: Path, mesh: Mesh, host: Person, crowd: list[Person], film: Any
) -> None:
    evening = await host.announce(film["id"], tickets_count=1, accept_at_once=True)
    await crowd[0].apply(evening)
    assert await printed(python, mesh, "book.py", crowd[1], evening["id"]) == ["NO_PLACES_LEFT"]


async def test_one_lists_more_evenings_than_a_page_has(python: Path, mesh: Mesh, host: Person, film: Any) -> None:
    evenings = [await host.announce(film["id"]) for _ in range(5)]
    titles = await printed(python, mesh, "evenings.py", host, host.id)
    assert sorted(titles) == sorted(evening["title"] for evening in evenings)


async def test_one_hears_of_an_application(python: Path, mesh: Mesh, host: Person, guest: Person, film: Any) -> None:
    evening = await host.announce(film["id"])
    async with running(python, mesh, "notices.py", host) as listening:
        assert listening.stdout is not None
        assert await listening.stdout.readline() == b"listening\n"
        await guest.apply(evening)
        heard, errors = await listening.communicate()
    assert listening.returncode == 0, errors
    assert heard.strip()
