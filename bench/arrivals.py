"""What arrives in people's inboxes, and when.

Seen in PostgreSQL: to ask for a thousand inboxes through the edge again and again would cost more than to fill them.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from bench.superuser import connected
from local.mesh import Mesh

LOOK_SECONDS = 0.005
ALL_WITHIN = 90.0
JOBS = "SELECT count(*) FROM pgqueuer"
LAST = "SELECT id FROM notices ORDER BY id DESC LIMIT 1"
NEW = "SELECT id, recipient_id, booking_id, announcement_id, kind FROM notices WHERE id > $1 ORDER BY id"


class Arrivals:
    """Notices that have come since this began to look."""

    def __init__(self, connection: "asyncpg.Connection", last: UUID) -> None:
        self.connection = connection
        self.first = self.last = last
        self.times: dict[UUID, float] = {}
        self.rows: list[asyncpg.Record] = []

    @classmethod
    @asynccontextmanager
    async def watch(cls, mesh: Mesh) -> AsyncIterator["Arrivals"]:
        """Looks for what comes from now on."""
        async with connected(mesh, "notify") as connection:
            yield cls(connection, await connection.fetchval(LAST) or UUID(int=0))

    async def look(self) -> None:
        """Notes what is there by now."""
        self.note(await self.connection.fetch(NEW, self.last))

    async def look_again(self) -> None:
        """As look(), and what an earlier look passed by because it was committed after one with a later id."""
        self.note(await self.connection.fetch(NEW, self.first))

    def note(self, rows: "list[asyncpg.Record]") -> None:
        """Remembers those that are new."""
        now = time.perf_counter()
        for row in rows:
            if row["id"] not in self.times:
                self.times[row["id"]] = now
                self.rows.append(row)
                self.last = max(self.last, row["id"])

    async def wait(self, count: int, seconds: float) -> None:
        """Looks until so many have come, or for so long."""
        until = time.perf_counter() + seconds
        while len(self.rows) < count and time.perf_counter() < until:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)
        await self.look_again()


async def all_told(mesh: Mesh) -> None:
    """Waits until people have been told of everything that was decided so far."""
    until = time.perf_counter() + ALL_WITHIN
    async with connected(mesh, "booking") as connection:
        left = await connection.fetchval(JOBS)
        while left and time.perf_counter() < until:
            await asyncio.sleep(10 * LOOK_SECONDS)
            left = await connection.fetchval(JOBS)
    if left:
        raise SystemExit(f"after {ALL_WITHIN:.0f} s people still have to be told of {left:,} decisions")


def told_wrongly(told: Counter[object], expected: Counter[object], what: str) -> list[str]:
    """What is missing, and what came that should not have: the same thing twice is that, too."""
    missing, surplus = expected - told, told - expected
    lines = []
    if missing:
        lines.append(f"{what}: {missing.total()} notices are missing, such as {next(iter(missing))}")
    if surplus:
        lines.append(f"{what}: {surplus.total()} notices are double or somebody else's, such as {next(iter(surplus))}")
    return lines
