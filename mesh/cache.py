"""What peers told, remembered: seconds in this process, minutes in Redis for all of them.

An outage of Redis costs a look-up of the peer, never an error.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Generic, TypeVar
from uuid import UUID

import redis.asyncio
import redis.exceptions
from cachetools import TTLCache
from google.protobuf.message import Message

from mesh.settings import MeshSettings

Value = TypeVar("Value", bound=Message)
Load = Callable[[Collection[UUID]], Awaitable[Mapping[UUID, Value]]]
"""Gets what is not cached from where it belongs; what does not exist is left out."""

LOCAL_SECONDS = 10.0
SHARED_SECONDS = 120
LOCAL_ENTRIES = 50_000
PAUSE_SECONDS = 1.0
"""How long Redis is left alone after it failed: an outage must not cost every call a time-out."""


def open_redis(settings: MeshSettings) -> redis.asyncio.Redis:
    """A client that gives up quickly."""
    client: redis.asyncio.Redis = redis.asyncio.from_url(
        settings.redis_url.get_secret_value(), socket_timeout=0.25, socket_connect_timeout=0.25
    )
    return client


class Cache(Generic[Value]):
    """Messages by id."""

    def __init__(self, client: redis.asyncio.Redis, kind: type[Value], prefix: str, load: Load[Value]) -> None:
        self.client = client
        self.kind = kind
        self.prefix = prefix
        self.load = load
        self.local: TTLCache[UUID, Value] = TTLCache(LOCAL_ENTRIES, LOCAL_SECONDS)
        self.running: dict[UUID, asyncio.Future[Value | None]] = {}
        self.paused_until = 0.0

    async def get_many(self, ids: Collection[UUID]) -> dict[UUID, Value]:
        """What is known of these ids. Raises whatever `load` raises when it is needed."""
        found: dict[UUID, Value] = {}
        missing: list[UUID] = []
        for key in ids:
            value = self.local.get(key)
            if value is None:
                missing.append(key)
            else:
                found[key] = value
        if missing:
            found.update(await self.fetch(set(missing)))
        return found

    async def fetch(self, ids: set[UUID]) -> dict[UUID, Value]:
        """Gets ids that this process does not know; one that is being fetched already is waited for."""
        waiting = {key: self.running[key] for key in ids if key in self.running}
        mine = ids - waiting.keys()
        for key in mine:
            self.running[key] = asyncio.get_running_loop().create_future()
        found: dict[UUID, Value] = {}
        try:
            if mine:
                found = await self.shared_or_loaded(mine)
        finally:
            for key in mine:
                # Those who wait for a fetch that failed ask for themselves.
                self.running.pop(key).set_result(found.get(key))
        left = {key for key, future in waiting.items() if await future is None}
        found |= {key: value for key in waiting if (value := self.local.get(key)) is not None}
        if left:
            found |= await self.shared_or_loaded(left)
        return found

    async def shared_or_loaded(self, ids: set[UUID]) -> dict[UUID, Value]:
        """From Redis, the rest from where it belongs."""
        found = await self.shared(list(ids))
        if rest := ids - found.keys():
            loaded = dict(await self.load(rest))
            await self.share(loaded)
            found |= loaded
        self.local.update(found)
        return found

    async def shared(self, ids: list[UUID]) -> dict[UUID, Value]:
        """What Redis knows of these ids; nothing while it does not answer."""
        if time.monotonic() < self.paused_until:
            return {}
        try:
            values = await self.client.mget([self.prefix + str(key) for key in ids])
        except (redis.exceptions.RedisError, OSError):
            self.paused_until = time.monotonic() + PAUSE_SECONDS
            return {}
        pairs = zip(ids, values, strict=True)
        return {key: self.kind.FromString(value) for key, value in pairs if isinstance(value, bytes)}

    async def share(self, values: Mapping[UUID, Value]) -> None:
        """Tells Redis, if it listens."""
        if not values or time.monotonic() < self.paused_until:
            return
        try:
            async with self.client.pipeline(transaction=False) as pipeline:
                for key, value in values.items():
                    pipeline.set(self.prefix + str(key), value.SerializeToString(), ex=SHARED_SECONDS)
                await pipeline.execute()
        except (redis.exceptions.RedisError, OSError):
            self.paused_until = time.monotonic() + PAUSE_SECONDS
