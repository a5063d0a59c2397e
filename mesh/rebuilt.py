"""A channel that is built anew when this process gets another certificate: gRPC's own keeps the one it began with."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import grpc

from mesh.identity import Identity, IdentityFiles

RETIRE_SECONDS = 60.0
"""How long calls that began on the old channel may take to finish."""

Make = Callable[[grpc.aio.Channel], Callable[..., Any]]


class RebuiltChannel(grpc.aio.Channel):
    """Begins every call on a channel with the certificate of now."""

    def __init__(self, files: IdentityFiles, build: Callable[[Identity], grpc.aio.Channel]) -> None:
        self.files = files
        self.build = build
        self.identity = files.recent()
        self.channel = build(self.identity)
        self.retiring: set[asyncio.Task[None]] = set()

    def current(self) -> grpc.aio.Channel:
        """The channel for the next call."""
        identity = self.files.recent()
        if identity is not self.identity:
            task = asyncio.create_task(self.retire(self.channel))
            self.retiring.add(task)
            task.add_done_callback(self.retiring.discard)
            self.identity, self.channel = identity, self.build(identity)
        return self.channel

    async def retire(self, channel: grpc.aio.Channel) -> None:
        """Closes an old channel when its calls are over."""
        try:
            # Not by close(grace): a call that is about to begin in an interceptor would still find it closed.
            await asyncio.sleep(RETIRE_SECONDS)
        finally:
            await channel.close()

    async def close(self, grace: float | None = None) -> None:
        """Closes what is open."""
        for task in self.retiring:
            task.cancel()
        await asyncio.gather(*self.retiring, return_exceptions=True)
        await self.channel.close(grace)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.close()

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Of the channel for the next call."""
        return self.current().get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Of the channel for the next call."""
        await self.current().wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Waits until the channel for the next call is connected."""
        await self.current().channel_ready()

    # What the generated stubs ask for once and call many times.

    def unary_unary(self, *arguments: Any, **options: Any) -> Any:
        """Calls an RPC of this kind."""
        return Rebuilt(self, lambda channel: channel.unary_unary(*arguments, **options))

    def unary_stream(self, *arguments: Any, **options: Any) -> Any:
        """Calls an RPC of this kind."""
        return Rebuilt(self, lambda channel: channel.unary_stream(*arguments, **options))

    def stream_unary(self, *arguments: Any, **options: Any) -> Any:
        """Calls an RPC of this kind."""
        return Rebuilt(self, lambda channel: channel.stream_unary(*arguments, **options))

    def stream_stream(self, *arguments: Any, **options: Any) -> Any:
        """Calls an RPC of this kind."""
        return Rebuilt(self, lambda channel: channel.stream_stream(*arguments, **options))


class Rebuilt:
    """An RPC as a stub calls it; made once per channel."""

    def __init__(self, owner: RebuiltChannel, make: Make) -> None:
        self.owner = owner
        self.make = make
        self.channel = owner.channel
        self.call = make(owner.channel)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Begins a call."""
        channel = self.owner.current()
        if channel is not self.channel:
            self.channel, self.call = channel, self.make(channel)
        return self.call(*arguments, **options)
