"""Open live streams: what each takes in memory, and how soon a notice reaches all of them."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from uuid import uuid4

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from matinee.notify.v1.notify_pb2 import BatchPublishRequest, PublishRequest, announcement_published
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub
from rich.console import Console
from rich.table import Table

from bench.figures import judged, quiet
from bench.load import request
from bench.people import Person
from local.mesh import Mesh
from local.services import get_service
from local.status import memory

STREAMS = 1000
ROUNDS = 5
WITHIN = 10.0
MOST_KB, MOST_SECONDS = 40.0, 1.0
PATH = "/notify/v1/inbox/stream"


class Reader:
    """A connection with an open stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, mesh: Mesh, person: Person) -> "Reader":
        """A stream that has said by its first heartbeat that it is open."""
        reader, writer = await asyncio.open_connection(mesh.settings.edge_host, mesh.settings.edge_port)
        writer.write(request("GET", PATH, person.token))
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"no stream: {head.decode(errors='replace')}")
        await reader.readuntil(b"data:")
        return cls(reader, writer)

    async def hear(self, mark: bytes) -> float:
        """When the notice with `mark` in it arrived."""
        async with asyncio.timeout(WITHIN):
            await self.reader.readuntil(mark)
        return time.perf_counter()


async def show_streams(mesh: Mesh, people: Sequence[Person], console: Console) -> list[str]:
    """Opens a stream for each of some people and prints the figures; returns what went wrong."""
    people = people[:STREAMS]
    await quiet(mesh)
    # The first streams load what the later ones share.
    await close([await Reader.open(mesh, person) for person in people[:20]])
    before = shares(mesh)
    readers = [await Reader.open(mesh, person) for person in people]
    await quiet(mesh)
    grown = {name: (share - before[name]) / len(readers) / 1024 for name, share in shares(mesh).items()}
    try:
        slowest = [await reach_all(mesh, people, readers, number) for number in range(ROUNDS)]
    except (TimeoutError, asyncio.IncompleteReadError):
        return [f"a notice did not reach all of {len(readers)} live streams within {WITHIN:.0f} s"]
    finally:
        await close(readers)
    table = Table("figure", title=f"{len(readers)} live streams")
    for heading in ("value", "aim"):
        table.add_column(heading, justify="right")
    for name, kilobytes in (*grown.items(), ("both", sum(grown.values()))):
        table.add_row(f"KB (PSS) for each in {name}", judged(kilobytes, MOST_KB, at_most=True), f"{MOST_KB:.0f}")
    worst = sorted(slowest)[len(slowest) // 2]
    table.add_row("seconds until a notice has reached all", judged(worst, MOST_SECONDS, at_most=True), "1")
    console.print(table)
    return []


def shares(mesh: Mesh) -> dict[str, float]:
    """Bytes that the processes take that hold streams."""
    pids = {name: info["pid"] for name, info in mesh.supervisor.processes().items()}
    return {name: float(memory(pids[name])) for name in ("notify", "envoy")}


async def close(readers: Sequence[Reader]) -> None:
    """Hangs up."""
    for reader in readers:
        reader.writer.close()
    for reader in readers:
        with suppress(OSError):
            await reader.writer.wait_closed()


async def reach_all(mesh: Mesh, people: Sequence[Person], readers: Sequence[Reader], number: int) -> float:
    """Seconds from publishing one notice for all of them to the last one's having it."""
    title = f"Round {number} of the bench"
    hearing = [asyncio.create_task(reader.hear(title.encode())) for reader in readers]
    async with as_booking(mesh) as channel:
        await channel.channel_ready()
        began = time.perf_counter()
        await NotifyServiceStub(channel).BatchPublish(BatchPublishRequest(requests=[news(people, title)]))
        return max(await asyncio.gather(*hearing)) - began


def news(people: Sequence[Person], title: str) -> PublishRequest:
    """One event that concerns all of them."""
    now = Timestamp()
    now.GetCurrentTime()
    return PublishRequest(
        event_id=str(uuid4()),
        kind=announcement_published,
        recipients=[PublishRequest.Recipient(user_id=str(person.id)) for person in people],
        announcement_id=str(uuid4()),
        title=title,
        event_time=now,
        time_zone="Europe/Berlin",
        occurred=now,
    )


def as_booking(mesh: Mesh) -> grpc.aio.Channel:
    """Straight to the notify service, as the booking service reaches it."""
    credentials = grpc.ssl_channel_credentials(*mesh.home.identity("booking"))
    return grpc.aio.secure_channel(f"127.0.0.1:{mesh.settings.ports(get_service('notify'))[0]}", credentials)
