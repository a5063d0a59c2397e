"""Which sessions have ended: a small set in every process, so that their tokens are refused before they expire.

The list comes from the auth service, now and then; a nudge over Redis says that a look is worth while. Nothing that
Redis says is believed: whoever writes there can make the processes look, and no more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import aclosing, suppress
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import redis.asyncio

from mesh import caller, clock
from mesh.errors import MeshError
from mesh.logs import logger
from mesh.redis_client import FAILURES, heard

CHANNEL = "revocations"
POLL_SECONDS = 15.0
RETRY_SECONDS = 1.0
NEAREST_SECONDS = 0.25
"""Between two looks, however many nudges come."""
SKEW = timedelta(minutes=1)
"""By how much clocks may differ, or a transaction may be late: so far back each look begins before the one before."""


class Revoked(NamedTuple):
    """A session that has ended, and until when that matters."""

    session: UUID
    end_time: datetime
    forget_time: datetime


Fetch = Callable[[datetime | None], Awaitable[Sequence[Revoked]]]
"""Gets what ended since then, in the order in which it did; perhaps not all at once. Raises MeshError."""


class Revocations:
    """The sessions whose tokens are refused. While nobody can be asked, what is known stays."""

    def __init__(self, fetch: Fetch, client: redis.asyncio.Redis, poll_seconds: float = POLL_SECONDS) -> None:
        self.fetch = fetch
        self.client = client
        self.poll_seconds = poll_seconds
        self.ended: dict[UUID, datetime] = {}
        self.newest: datetime | None = None
        self.heard: list[Callable[[Collection[UUID]], None]] = []
        """Called with sessions that are new here."""
        self.nudged = asyncio.Event()

    def __contains__(self, session: object) -> bool:
        return session in self.ended

    async def follow(self) -> None:
        """Keeps the set current for as long as the process lives."""
        caller.begin(caller.Call(request_id="revocations"))
        while True:
            pause = self.poll_seconds
            try:
                await self.look()
            except MeshError as error:
                pause = min(pause, RETRY_SECONDS)
                logger().warning("who has signed out is not known right now", problem=error.message)
            await asyncio.sleep(min(pause, NEAREST_SECONDS))
            with suppress(TimeoutError):
                await asyncio.wait_for(self.nudged.wait(), pause)
            self.nudged.clear()

    async def look(self) -> None:
        """Asks what has ended since the last look, and forgets what does not matter any more. Raises MeshError."""
        since = self.newest - SKEW if self.newest else None
        fresh: set[UUID] = set()
        while found := await self.fetch(since):
            fresh |= {each.session for each in found} - self.ended.keys()
            self.ended.update((each.session, each.forget_time) for each in found)
            if since is not None and found[-1].end_time <= since:
                break
            since = self.newest = found[-1].end_time
        now = clock.real_now()
        self.ended = {session: forget for session, forget in self.ended.items() if forget > now}
        if fresh:
            for tell in self.heard:
                tell(fresh)

    async def listen(self) -> None:
        """Hears nudges for as long as the process lives; subscribes again after an outage."""
        while True:
            with suppress(*FAILURES):
                await self.subscribed()
            await asyncio.sleep(RETRY_SECONDS)

    async def subscribed(self) -> None:
        """Hears nudges until the connection dies, and raises what ended it."""
        async with aclosing(heard(self.client, CHANNEL)) as messages:
            # What they say does not matter; that of the subscription itself stands for those that were missed.
            async for _ in messages:
                self.nudged.set()


class Nudges:
    """Tells all processes, in the background, that sessions have ended."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self.client = client
        self.running: asyncio.Task[None] | None = None

    def send(self, _: Collection[UUID]) -> None:
        """Nobody waits for it to arrive; while one is on its way there is no need for another."""
        if self.running is None or self.running.done():
            self.running = asyncio.create_task(self.publish())

    async def publish(self) -> None:
        """While Redis does not answer the others find out by themselves."""
        with suppress(*FAILURES):
            await self.client.publish(CHANNEL, b"")
