"""A steady load: requests at a fixed rate however long answers take, as from people who know nothing of each other."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from bench.load import answer
from local.mesh import Mesh

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Answer:
    """What came back, and when."""

    due: float
    """When it was to be asked; whoever waits for a free connection waits, too."""
    came: float
    status: int
    body: bytes


async def steady(
    mesh: Mesh, requests: Iterator[bytes], rate: float, ended: Callable[[], bool] = lambda: False
) -> list[Answer]:
    """Sends so many per second until `ended`, or until there are no requests left; the answers in their order."""
    crowd = Crowd(mesh)
    began, asked = time.perf_counter(), []
    try:
        for number, message in enumerate(requests):
            if ended():
                break
            due = began + number / rate
            await asyncio.sleep(due - time.perf_counter())
            asked.append(asyncio.create_task(crowd.ask(message, due)))
        return await asyncio.gather(*asked)
    finally:
        await crowd.close()


class Crowd:
    """As many connections as there are people who wait for an answer."""

    def __init__(self, mesh: Mesh) -> None:
        self.address = mesh.settings.edge_host, mesh.settings.edge_port
        self.idle: list[Connection] = []

    async def ask(self, message: bytes, due: float) -> Answer:
        """Sends it over a free connection, or a new one."""
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(*self.address)
        writer.write(message)
        status, body = await answer(reader)
        came = time.perf_counter()
        self.idle.append((reader, writer))
        return Answer(due, came, status, body)

    async def close(self) -> None:
        """Hangs up."""
        for _, writer in self.idle:
            writer.close()
        for _, writer in self.idle:
            with suppress(OSError):
                await writer.wait_closed()


def refusals(answers: list[Answer], what: str) -> list[str]:
    """What went wrong, on one line."""
    refused = [each for each in answers if each.status >= 400]
    if not refused:
        return []
    example = f"{refused[0].status} {refused[0].body[:300].decode(errors='replace')}"
    return [f"{what}: {len(refused)} answers were refusals, such as {example}"]
