"""Streamed answers: when they end although they could go on, and what their callers are told then."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import grpc

from mesh import caller
from mesh.errors import MeshError, ResourceExhausted, Unauthenticated, Unavailable

Context = grpc.aio.ServicerContext[Any, Any]
Source = Callable[[Any, Context], AsyncGenerator[Any, None]]
"""An RPC's method that yields its answers."""


class Streams:
    """The open streams of a process: each ends with its caller's token, with the process, or with his patience."""

    def __init__(self, slow_reader_seconds: float) -> None:
        self.slow_reader_seconds = slow_reader_seconds
        self.open: set[asyncio.Timeout] = set()
        self.stopping = False

    def end(self) -> None:
        """Ends all that are open, and refuses new ones from now on; their callers resume elsewhere."""
        self.stopping = True
        for stream in self.open:
            if not stream.expired():
                stream.reschedule(asyncio.get_running_loop().time())

    def writing(self, source: Source) -> Callable[[Any, Context], Any]:
        """A handler that writes what `source` yields, for around().

        Raises Unavailable (PEER_UNAVAILABLE) when the process stops, Unauthenticated (TOKEN_EXPIRED), and
        ResourceExhausted (READER_TOO_SLOW) when one message is not taken in time.
        """

        async def written(request: Any, context: Context) -> None:
            if self.stopping:
                raise self.reason(slow=False)
            begun = slow = False
            limit = asyncio.timeout(time_left())
            self.open.add(limit)
            try:
                async with limit, aclosing(source(request, context)) as messages:
                    async for message in messages:
                        if not begun:
                            begun = True
                            await context.send_initial_metadata(caller.current().headers)
                        slow = not await self.write(context, message)
                        if slow:
                            break
            except TimeoutError:
                raise self.reason(slow=False) from None
            finally:
                self.open.discard(limit)
            if slow:
                raise self.reason(slow=True)

        return written

    async def write(self, context: Context, message: Any) -> bool:
        """Writes one message; False if its reader has not made room for it in time."""
        try:
            async with asyncio.timeout(self.slow_reader_seconds):
                await context.write(message)
        except TimeoutError:
            return False
        return True

    def reason(self, *, slow: bool) -> MeshError:
        """Why a stream ends."""
        if slow:
            return ResourceExhausted("READER_TOO_SLOW", "what is streamed is not taken; resume")
        if self.stopping:
            return Unavailable("PEER_UNAVAILABLE", "the process stops; resume")
        return Unauthenticated("TOKEN_EXPIRED", "the access token has expired")


def time_left() -> float | None:
    """Seconds until the current caller's token expires; None for one who has none."""
    expires = caller.current().caller.expires
    return expires - time.time() if expires else None
