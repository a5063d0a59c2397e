"""Group commit: what arrives while a batch is in flight makes up the next one.

An item that arrives alone goes alone, at once. Only while items come together may the next batch wait for company: ten
cost little more than one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from mesh import caller, tracing
from mesh.errors import DeadlineExceeded, Unavailable

if TYPE_CHECKING:
    from mesh.spans import Place

OUTAGES = (Unavailable, DeadlineExceeded)
Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]
"""Does many at once, all or nothing; returns a result for each, in their order."""


class Entry(NamedTuple, Generic[Item, Result]):
    """An item and who waits for its result."""

    item: Item
    future: asyncio.Future[Result]
    request_id: str
    place: "Place | None"
    """Where in a trace he waits."""


class Batcher(Generic[Item, Result]):
    """Hands items to `work`, one batch at a time, never two items of one key in a batch."""

    def __init__(
        self,
        work: Work[Item, Result],
        *,
        limit: int,
        key: Callable[[Item], Hashable] = id,
        pace: float = 0.0,
        share: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self.work = work
        self.name = getattr(work, "__qualname__", "batch")
        self.limit = limit
        self.key = key
        self.pace = pace
        """Seconds from the beginning of a batch of several to that of the next, at least."""
        self.share = share
        """The part of the time that batches of several may take, asked after each."""
        self.crowd = 0
        """How many are in the batch that is done right now; 0 when nobody waits."""
        self.waiting: list[Entry[Item, Result]] = []
        self.running: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """The item's result. Raises what `work` raises for it; a caller who gives up does not stop the batch."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.waiting.append(Entry(item, future, caller.current().request_id, tracing.place()))
        if self.running is None:
            # In a context of its own: a batch has no caller's token and deadline.
            self.running = asyncio.create_task(self.drain(), context=Context())
        return await future

    async def drain(self) -> None:
        """Works until nobody waits."""
        try:
            while self.waiting:
                began, batch = time.monotonic(), self.take()
                self.crowd = len(batch)
                await self.run(batch)
                if len(batch) > 1:
                    took = time.monotonic() - began
                    await asyncio.sleep(max(self.pace, took / self.share()) - took)
        finally:
            self.running, self.crowd = None, 0

    def take(self) -> list[Entry[Item, Result]]:
        """The next batch, in the order of arrival; the second of two with one key waits for the batch after."""
        batch: list[Entry[Item, Result]] = []
        left: list[Entry[Item, Result]] = []
        keys: set[Hashable] = set()
        for entry in self.waiting:
            key = self.key(entry.item)
            if len(batch) < self.limit and key not in keys:
                batch.append(entry)
            else:
                left.append(entry)
            keys.add(key)
        self.waiting = left
        return batch

    async def run(self, batch: Sequence[Entry[Item, Result]]) -> None:
        """Works on a batch; one that fails is taken apart, so that nobody fails for another's sake.

        An outage fails for everybody: asked one by one they would wait for it one after the other.
        """
        # Peers log whatever a batch asks them under the id of its first.
        caller.begin(caller.Call(request_id=batch[0].request_id))
        try:
            with tracing.joined([entry.place for entry in batch], self.name):
                results = await self.work([entry.item for entry in batch])
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, OUTAGES):
                for entry in batch:
                    await self.run([entry])
                return
            for entry in batch:
                if not entry.future.done():
                    entry.future.set_exception(error)
            return
        for entry, result in zip(batch, results, strict=True):
            # A caller that went away has cancelled its future.
            if not entry.future.done():
                entry.future.set_result(result)
