"""Group commit: what arrives while a batch is in flight makes up the next one.

An item that arrives alone goes alone, at once. Only while items come together may the next batch wait for company: ten
cost little more than one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]
"""Does many at once, all or nothing; returns a result for each, in their order."""


class Batcher(Generic[Item, Result]):
    """Hands items to `work`, one batch at a time, never two items of one key in a batch."""

    def __init__(
        self,
        work: Work[Item, Result],
        *,
        limit: int,
        key: Callable[[Item], Hashable] = id,
        pace: float = 0.0,
        share: float = 1.0,
    ) -> None:
        self.work = work
        self.limit = limit
        self.key = key
        self.pace = pace
        """Seconds from the beginning of a batch of several to that of the next, at least."""
        self.share = share
        """The part of the time that batches of several may take."""
        self.waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self.running: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """The item's result. Raises what `work` raises for it; a caller who gives up does not stop the batch."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.waiting.append((item, future))
        if self.running is None:
            # In a context of its own: a batch speaks for none of its callers.
            self.running = asyncio.create_task(self.drain(), context=Context())
        return await future

    async def drain(self) -> None:
        """Works until nobody waits."""
        try:
            while self.waiting:
                began, batch = time.monotonic(), self.take()
                await self.run(batch)
                if len(batch) > 1:
                    took = time.monotonic() - began
                    await asyncio.sleep(max(self.pace, took / self.share) - took)
        finally:
            self.running = None

    def take(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        """The next batch, in the order of arrival; the second of two with one key waits for the batch after."""
        batch: list[tuple[Item, asyncio.Future[Result]]] = []
        left: list[tuple[Item, asyncio.Future[Result]]] = []
        keys: set[Hashable] = set()
        for entry in self.waiting:
            key = self.key(entry[0])
            if len(batch) < self.limit and key not in keys:
                batch.append(entry)
            else:
                left.append(entry)
            keys.add(key)
        self.waiting = left
        return batch

    async def run(self, batch: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        """Works on a batch; one that fails is taken apart, so that nobody fails for another's sake."""
        try:
            results = await self.work([item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1:
                for entry in batch:
                    await self.run([entry])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            # A caller that went away has cancelled its future.
            if not future.done():
                future.set_result(result)
