"""Streamed answers: when they end although they could go on, and what their callers are told then."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc

from mesh import caller
from mesh.errors import MeshError, ResourceExhausted, Unauthenticated, Unavailable

Context = grpc.aio.ServicerContext[Any, Any]
Source = Callable[[Any, Context], AsyncGenerator[Any, None]]
"""An RPC's method that yields its answers."""


@dataclass(eq=False, slots=True)
class Open:
    """A stream that is being answered."""

    limit: asyncio.Timeout
    session: UUID | None
    revoked: bool = False

    def end(self) -> None:
        """Ends it now."""
        if not self.limit.expired():
            self.limit.reschedule(asyncio.get_running_loop().time())


class Streams:
    """The open streams of a process: each ends with its caller's token or session, the process, or his patience."""

    def __init__(self, slow_reader_seconds: float) -> None:
        self.slow_reader_seconds = slow_reader_seconds
        self.open: set[Open] = set()
        self.stopping = False

    def end(self) -> None:
        """Ends all that are open, and refuses new ones from now on; their callers resume elsewhere."""
        self.stopping = True
        for stream in self.open:
            stream.end()

    def revoke(self, sessions: Collection[UUID]) -> None:
        """Ends those of callers whose sessions have ended."""
        for stream in self.open:
            if stream.session in sessions:
                stream.revoked = True
                stream.end()

    def writing(self, source: Source) -> Callable[[Any, Context], Any]:
        """A handler that writes what `source` yields, for around().

        Raises Unavailable (PEER_UNAVAILABLE) when the process stops, Unauthenticated (TOKEN_EXPIRED, TOKEN_REVOKED),
        and ResourceExhausted (READER_TOO_SLOW) when one message is not taken in time.
        """

        async def written(request: Any, context: Context) -> None:
            if self.stopping:
                raise self.reason()
            begun = slow = False
            stream = Open(asyncio.timeout(time_left()), caller.current().caller.session)
            self.open.add(stream)
            try:
                async with stream.limit, aclosing(source(request, context)) as messages:
                    async for message in messages:
                        if not begun:
                            begun = True
                            await context.send_initial_metadata(caller.current().headers)
                        slow = not await self.write(context, message)
                        if slow:
                            break
            except TimeoutError:
                raise self.reason(revoked=stream.revoked) from None
            finally:
                self.open.discard(stream)
            if slow:
                raise ResourceExhausted("READER_TOO_SLOW", "what is streamed is not taken; resume")

        return written

    async def write(self, context: Context, message: Any) -> bool:
        """Writes one message; False if its reader has not made room for it in time."""
        try:
            async with asyncio.timeout(self.slow_reader_seconds):
                await context.write(message)
        except TimeoutError:
            return False
        return True

    def reason(self, *, revoked: bool = False) -> MeshError:
        """Why a stream ends."""
        if self.stopping:
            return Unavailable("PEER_UNAVAILABLE", "the process stops; resume")
        if revoked:
            return Unauthenticated("TOKEN_REVOKED", "the session has ended")
        return Unauthenticated("TOKEN_EXPIRED", "the access token has expired")


def time_left() -> float | None:
    """Seconds until the current caller's token expires; None for one who has none."""
    expires = caller.current().caller.expires
    return expires - time.time() if expires else None
