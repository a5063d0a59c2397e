"""The queue's tables while many jobs pass through: what a job leaves stays for ever unless somebody cleans up."""

import asyncio
import time
from uuid import UUID

import asyncpg
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.figures import judged
from bench.superuser import connected
from booking_svc.store.events import TELL
from local.mesh import Mesh

JOBS, ROUNDS = 10_000, 3
WITHIN = 60.0
LOOK_SECONDS = 0.05
MOST_BYTES = 10.0
"""What a job of the last round may add for good: by then there is room that earlier ones have left."""
NOBODY = UUID(int=0).bytes
"""An event that is not there, so that nobody is told anything: the queue itself is measured."""
PUSH = "SELECT enqueue_job($1, $2) FROM generate_series(1, $3)"
LEFT = "SELECT count(*) FROM pgqueuer"
TABLES = {"queue": "pgqueuer", "log": "pgqueuer_log", "statistics": "pgqueuer_statistics"}
SIZE = "SELECT count(*) AS rows, pg_total_relation_size('{0}') AS bytes FROM {0}"


async def show_queue(mesh: Mesh, console: Console) -> list[str]:
    """Pushes jobs through in rounds and prints what they left; returns what went wrong."""
    table = Table("jobs so far", title="the queue's tables")
    for heading in ("jobs/s", *(f"{name}: rows, MB" for name in TABLES), "bytes left by each", "aim"):
        table.add_column(heading, justify="right")
    async with connected(mesh, "booking") as connection:
        before = await sizes(connection)
        table.add_row("0", "", *described(before))
        with Progress(console=console, transient=True) as progress:
            for number in progress.track(range(1, ROUNDS + 1), description="jobs"):
                seconds = await push(connection)
                if not seconds:
                    return [f"{JOBS:,} jobs were not done within {WITHIN:.0f} s"]
                after = await sizes(connection)
                aim = MOST_BYTES if number == ROUNDS else 0.0
                left = (sum(each["bytes"] for each in after) - sum(each["bytes"] for each in before)) / JOBS
                cells = judged(left, aim, at_most=True, digits=0), f"{aim:.0f}" if aim else ""
                table.add_row(f"{number * JOBS:,}", f"{JOBS / seconds:,.0f}", *described(after), *cells)
                before = after
    console.print(table)
    return []


async def push(connection: "asyncpg.Connection") -> float:
    """Seconds until so many jobs are done; none if they were not."""
    began = time.monotonic()
    await connection.execute(PUSH, TELL, NOBODY, JOBS)
    while time.monotonic() < began + WITHIN:
        await asyncio.sleep(LOOK_SECONDS)
        if not await connection.fetchval(LEFT):
            return time.monotonic() - began
    return 0.0


async def sizes(connection: "asyncpg.Connection") -> "list[asyncpg.Record]":
    """Rows and bytes of each table, indexes included, after what autovacuum does within a minute."""
    for name in TABLES.values():
        await connection.execute(f"VACUUM {name}")
    return [await connection.fetchrow(SIZE.format(name)) for name in TABLES.values()]


def described(found: "list[asyncpg.Record]") -> list[str]:
    """A cell for each table."""
    return [f"{each['rows']:,}, {each['bytes'] / 2**20:.1f}" for each in found]
