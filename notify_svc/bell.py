"""Wakes the live streams of all processes when people have news. Nothing depends on it but how soon they look."""

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import aclosing, suppress
from uuid import UUID

import redis.asyncio

from mesh.logs import logger
from mesh.redis_client import FAILURES, PAUSE_SECONDS, heard

CHANNEL = "notify:bell"
BYTES = 16
Heard = Callable[[Collection[UUID]], None]


class Bell:
    """Tells every process, this one at once and the others through Redis, whose inboxes have something new."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self.client = client
        self.heard: Heard = lambda _: None
        self.missed: Callable[[], None] = lambda: None
        """Called when rings may have been missed."""
        self.deaf = True
        """Whether rings of other processes do not arrive."""
        self.owed: set[UUID] = set()
        self.rung = asyncio.Event()

    def ring(self, people: Collection[UUID]) -> None:
        """Says that these people have news; nobody waits for it to arrive."""
        self.heard(people)
        self.owed.update(people)
        self.rung.set()

    async def send(self) -> None:
        """Passes the rings on, those together that came together; they wait while Redis does not answer."""
        while True:
            await self.rung.wait()
            self.rung.clear()
            people, self.owed = self.owed, set()
            try:
                await self.client.publish(CHANNEL, b"".join(each.bytes for each in people))
            except FAILURES:
                self.owed |= people
                await asyncio.sleep(PAUSE_SECONDS)
                self.rung.set()

    async def answers(self) -> bool:
        """Whether Redis is there: one that hangs leaves the connection open, and nothing is heard over it."""
        try:
            return bool(await self.client.ping())
        except FAILURES:
            return False

    async def listen(self) -> None:
        """Hears the rings of all processes for as long as this one lives; subscribes again after an outage."""
        while True:
            with suppress(*FAILURES):
                await self.subscribed()
            if not self.deaf:
                self.deaf = True
                logger().warning("live streams look for news by themselves while Redis does not answer")
            await asyncio.sleep(PAUSE_SECONDS)

    async def subscribed(self) -> None:
        """Hears rings until the connection dies, and raises what ended it."""
        async with aclosing(heard(self.client, CHANNEL)) as messages:
            async for message in messages:
                if message["type"] == "subscribe":
                    self.deaf = False
                    self.missed()
                elif message["type"] == "message":
                    self.heard(set(people_in(message["data"])))


def people_in(data: bytes) -> Iterator[UUID]:
    """Whose bell rings."""
    for begin in range(0, len(data) - BYTES + 1, BYTES):
        yield UUID(bytes=data[begin : begin + BYTES])
