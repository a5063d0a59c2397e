"""Processes that are away for a while or die, and what is looked at behind the public port to see what came of it."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx

from local import services
from local.mesh import Mesh

BOTH = ("booking", "booking-2")
PATIENCE = 30.0
"""Seconds, for a busy machine; what has to be quick is measured by its test."""


async def until(happened: Callable[[], Awaitable[bool]], what: str, seconds: float = PATIENCE) -> None:
    """Waits for something that has to come by itself."""
    deadline = time.monotonic() + seconds
    while not await happened():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} seconds"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def without(mesh: Mesh, *names: str) -> AsyncIterator[None]:
    """Some processes are stopped; at the end everything serves again."""
    await asyncio.to_thread(mesh.supervisor.stop, *names)
    try:
        yield
    finally:
        await start(mesh, *names)
        await until_all_serve(mesh)


async def start(mesh: Mesh, *names: str) -> None:
    """Starts processes side by side and waits until they are healthy."""
    await asyncio.to_thread(mesh.supervisor.start, *names)
    await asyncio.to_thread(mesh.wait_healthy, *names)


async def until_all_serve(mesh: Mesh) -> None:
    """Waits until the edge, too, has noticed that everything is healthy."""
    url = f"{mesh.settings.edge_url}/healthz"

    async def serves() -> bool:
        try:
            return (await client.get(url)).status_code == 200
        except httpx.TransportError:
            return False

    async with httpx.AsyncClient(trust_env=False) as client:
        await until(serves, "everything serves")


async def until_answered(ask: Callable[[], Awaitable[httpx.Response]]) -> None:
    """Waits for a 200: a service looks for a peer that was away once a second."""

    async def answered() -> bool:
        return (await ask()).status_code == 200

    await until(answered, "the peer is found again", 5)


async def kill(mesh: Mesh, name: str) -> None:
    """Kills a process and waits until the supervisor has started another one."""
    killed = await asyncio.to_thread(pid, mesh, name)
    await asyncio.to_thread(mesh.kill, name)

    async def replaced() -> bool:
        return await asyncio.to_thread(pid, mesh, name) not in (0, killed)

    await until(replaced, f"{name} is started again")


def pid(mesh: Mesh, name: str) -> int:
    """The number of a supervised process, 0 when there is none."""
    return mesh.supervisor.processes()[name]["pid"]


def supervisor_log(mesh: Mesh) -> str:
    """What supervisord has written."""
    return (mesh.home.logs / "supervisord.log").read_text()


async def booking_rows(mesh: Mesh, query: str, *parameters: object) -> Any:
    """What a query finds in the database of the booking service."""
    connection = await asyncpg.connect(
        host="127.0.0.1",
        port=mesh.settings.port(services.POSTGRES),
        user="booking",
        password=mesh.settings.booking_database_password,
        database="booking",
    )
    try:
        return await connection.fetch(query, *parameters)
    finally:
        await connection.close()


async def jobs(mesh: Mesh) -> set[int]:
    """The jobs that wait to be done."""
    return {row["id"] for row in await booking_rows(mesh, "SELECT id FROM pgqueuer")}


async def until_told(mesh: Mesh) -> None:
    """Waits until no job is left, so that whoever has to be told has been.

    A job whose process was killed is taken over by another one only when it has been silent for a while.
    """

    async def done() -> bool:
        return not await jobs(mesh)

    await until(done, "all jobs are done", 2 * PATIENCE)


def logged(mesh: Mesh, process: str, request_id: str) -> list[dict[str, Any]]:
    """The lines of a process's log that tell of requests whose id matches."""
    # The last line may be half written.
    *lines, _ = mesh.home.log(process).read_text(errors="replace").split("\n")
    rows = [json.loads(line) for line in lines if line.startswith("{") and '"request_id"' in line]
    return [row for row in rows if re.fullmatch(request_id, row["request_id"] or "")]


async def lines_of(mesh: Mesh, processes: Collection[str], request_id: str, count: int = 1) -> dict[str, list[Any]]:
    """The same of several processes, once all together have written so many: lines leave a moment later."""
    rows: dict[str, list[Any]] = {}

    async def are_written() -> bool:
        rows.update({name: logged(mesh, name, request_id) for name in processes})
        return sum(map(len, rows.values())) >= count

    await until(are_written, f"{count} lines of {request_id}")
    return rows
