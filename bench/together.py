"""Whether booking together costs the one who comes alone: the service's own statement, with its batcher and without.

Inside this process, straight against the mesh's PostgreSQL: through the edge the difference would drown.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from uuid import UUID

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from bench.figures import judged, quiet
from bench.load import Samples
from bench.stage import STRIDE, Stage
from booking_svc.applications import TOGETHER
from booking_svc.store.bookings import Application, BookingStore
from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service
from mesh.batch import Batcher
from mesh.database import Database, Row
from mesh.settings import MeshSettings

ROUNDS = 6
ROUND_SECONDS = 0.8
CROWD = 32
Book = Callable[[Application], Awaitable[Row | None]]


async def compare(mesh: Mesh, stage: Stage, console: Console) -> list[str]:
    """Prints both ways beside each other, alone and in a crowd; returns what went wrong."""
    url = SecretStr(database_url(mesh.settings, get_service("booking")))
    database = Database(
        MeshSettings.model_construct(database_url=url, database_connections=CROWD), "bench", plans="force_generic_plan"
    )
    try:
        samples = await in_turns(mesh, BookingStore(database, database), applications(stage))
    finally:
        await database.close()
    show(samples, console)
    failed = sum(each.failures for each in samples.values())
    return [f"booking past the edge: {failed} applications were not served"] if failed else []


def applications(stage: Stage) -> Iterator[Application]:
    """Each guest applies for each evening once, other pairs than those that come through the edge."""
    for turn in itertools.count(1):
        for number, evening in enumerate(stage.evenings):
            guest = stage.guests[(STRIDE * number - turn) % len(stage.guests)]
            yield Application(UUID(evening), guest.id, 1, follows=False, waiting_list=False)


async def in_turns(mesh: Mesh, store: BookingStore, work: Iterator[Application]) -> dict[tuple[bool, int], Samples]:
    """What each way takes, with one client and with many."""
    batcher: Batcher[Application, Row | None] = Batcher(
        store.apply, limit=TOGETHER, key=lambda application: application.guest_id
    )

    async def alone(application: Application) -> Row | None:
        return (await store.apply([application]))[0]

    ways: dict[bool, Book] = {True: batcher.submit, False: alone}
    samples = {(together, clients): Samples() for clients in (1, CROWD) for together in ways}
    for round_number in range(ROUNDS + 1):
        for (together, clients), taken in samples.items():
            await quiet(mesh)
            measured = await drive(ways[together], work, clients)
            if round_number:
                taken.add(measured)
    return samples


async def drive(book: Book, work: Iterator[Application], clients: int) -> Samples:
    """Keeps so many clients booking for a while."""
    samples = Samples()
    began = time.perf_counter()

    async def client() -> None:
        while time.perf_counter() < began + ROUND_SECONDS:
            asked = time.perf_counter()
            samples.failures += await book(next(work)) is None
            samples.seconds.append(time.perf_counter() - asked)

    await asyncio.gather(*(client() for _ in range(clients)))
    samples.elapsed = time.perf_counter() - began
    return samples


def show(samples: dict[tuple[bool, int], Samples], console: Console) -> None:
    """A row for one client and one for many."""
    table = Table("clients", title="booking past the edge: together (group commit) and one by one")
    for heading in ("together/s", "p50 ms", "one by one/s", "p50 ms", "ratio", "aim"):
        table.add_column(heading, justify="right")
    for clients in (1, CROWD):
        both, single = samples[True, clients], samples[False, clients]
        ratio = judged(both.rate / single.rate, 0.95)
        numbers = [f"{number:,.1f}" for number in (both.rate, both.quantile(50), single.rate, single.quantile(50))]
        table.add_row(str(clients), *numbers, ratio, "1.00")
    table.caption = "a ratio from 0.95 on counts as 1: that is the noise of two runs of the same"
    console.print(table)
