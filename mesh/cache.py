"""What peers told, remembered: seconds in this process, minutes in Redis for all of them.

An outage of Redis costs a look-up of the peer, never an error.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Generic, TypeVar
from uuid import UUID

import redis.asyncio
from cachetools import TTLCache
from google.protobuf.message import Message

from mesh import metrics
from mesh.batch import Batcher
from mesh.redis_client import FAILURES, Pause

Value = TypeVar("Value", bound=Message)
Load = Callable[[Collection[UUID]], Awaitable[Mapping[UUID, Value]]]
"""Gets what is not cached from where it belongs; what does not exist is left out."""

LOCAL_SECONDS = 10.0
SHARED_SECONDS = 120
LOCAL_ENTRIES = 50_000
TOGETHER = 500
"""Most ids that are asked for in one call."""


class Cache(Generic[Value]):
    """Messages by id."""

    def __init__(self, client: redis.asyncio.Redis, kind: type[Value], prefix: str, load: Load[Value]) -> None:
        self.client = client
        self.kind = kind
        self.prefix = prefix
        self.load = load
        self.local: TTLCache[UUID, Value] = TTLCache(LOCAL_ENTRIES, LOCAL_SECONDS)
        self.together: Batcher[UUID, Value | None] = Batcher(self.fetch, limit=TOGETHER)
        self.pause = Pause()
        self.here, self.elsewhere, self.asked = (
            metrics.LOOKUPS.labels(prefix.strip(":"), found) for found in ("process", "redis", "peer")
        )

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
        self.here.inc(len(found))
        if missing:
            fetched = await asyncio.gather(*map(self.together.submit, missing))
            found.update((key, value) for key, value in zip(missing, fetched, strict=True) if value is not None)
        return found

    async def fetch(self, ids: Sequence[UUID]) -> Sequence[Value | None]:
        """What this process does not know: from Redis, the rest from where it belongs; for all who ask right now."""
        left = {key for key in ids if key not in self.local}
        found = await self.shared(list(left)) if left else {}
        self.elsewhere.inc(len(found))
        if rest := left - found.keys():
            self.asked.inc(len(rest))
            loaded = await self.load(rest)
            await self.share(loaded)
            found.update(loaded)
        self.local.update(found)
        return [found.get(key, self.local.get(key)) for key in ids]

    async def shared(self, ids: list[UUID]) -> dict[UUID, Value]:
        """What Redis knows of these ids; nothing while it does not answer."""
        if self.pause.is_on:
            return {}
        try:
            values = await self.client.mget([self.prefix + str(key) for key in ids])
        except FAILURES:
            self.pause.begin()
            return {}
        pairs = zip(ids, values, strict=True)
        return {key: self.kind.FromString(value) for key, value in pairs if isinstance(value, bytes)}

    async def share(self, values: Mapping[UUID, Value]) -> None:
        """Tells Redis, if it listens."""
        if not values or self.pause.is_on:
            return
        try:
            async with self.client.pipeline(transaction=False) as pipeline:
                for key, value in values.items():
                    pipeline.set(self.prefix + str(key), value.SerializeToString(), ex=SHARED_SECONDS)
                await pipeline.execute()
        except FAILURES:
            self.pause.begin()
