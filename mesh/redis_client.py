"""Redis as every service uses it: an outage costs a moment, never an error."""

import time
from collections.abc import AsyncGenerator
from typing import Any

import redis.asyncio
import redis.exceptions

from mesh import tracing
from mesh.settings import MeshSettings

FAILURES = (redis.exceptions.RedisError, OSError)
"""What the client raises while Redis does not answer."""
PAUSE_SECONDS = 1.0
ABOUT = {"db.system.name": "redis"}


def open_redis(settings: MeshSettings) -> redis.asyncio.Redis:
    """A client that gives up quickly."""
    kind = TracedRedis if tracing.is_on() else redis.asyncio.Redis
    client: redis.asyncio.Redis = kind.from_url(
        settings.redis_url.get_secret_value(), socket_timeout=0.25, socket_connect_timeout=0.25
    )
    return client


class TracedPipeline(redis.asyncio.client.Pipeline):
    """Commands that are sent together and are one span."""

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """As Pipeline does."""
        with tracing.span("PIPELINE", tracing.CLIENT, ABOUT):
            return await super().execute(raise_on_error)


class TracedRedis(redis.asyncio.Redis):
    """A client whose commands are spans; what they are about stays out of them."""

    async def execute_command(self, *arguments: Any, **options: Any) -> Any:
        """As Redis does."""
        with tracing.span(str(arguments[0]), tracing.CLIENT, ABOUT):
            return await super().execute_command(*arguments, **options)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> TracedPipeline:
        """As Redis does."""
        return TracedPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class Pause:
    """Leaves Redis alone for a moment after it failed: an outage must not cost every call a time-out."""

    def __init__(self) -> None:
        self.until = 0.0

    def begin(self) -> None:
        """From now on."""
        self.until = time.monotonic() + PAUSE_SECONDS

    @property
    def is_on(self) -> bool:
        """Whether it is too early to ask."""
        return time.monotonic() < self.until


async def heard(client: redis.asyncio.Redis, channel: str) -> AsyncGenerator[dict[str, Any], None]:
    """What comes over a channel, that of the subscription itself first; raises one of FAILURES when it breaks off."""
    async with client.pubsub() as subscription:
        await subscription.subscribe(channel)
        while True:
            if (message := await subscription.get_message(timeout=None)) is not None:
                yield message
