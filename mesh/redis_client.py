"""Redis as every service uses it: an outage costs a moment, never an error."""

import time
from collections.abc import AsyncGenerator
from typing import Any

import redis.asyncio
import redis.exceptions

from mesh.settings import MeshSettings

FAILURES = (redis.exceptions.RedisError, OSError)
"""What the client raises while Redis does not answer."""
PAUSE_SECONDS = 1.0


def open_redis(settings: MeshSettings) -> redis.asyncio.Redis:
    """A client that gives up quickly."""
    client: redis.asyncio.Redis = redis.asyncio.from_url(
        settings.redis_url.get_secret_value(), socket_timeout=0.25, socket_connect_timeout=0.25
    )
    return client


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
