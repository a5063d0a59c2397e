"""What became of mails, for those who look after them."""

from collections.abc import Sequence
from uuid import UUID

from mesh import metrics, paging
from mesh.database import Row
from mesh.periodic import every
from notify_svc.store.deliveries import DeliveryStore

SWEEP_SECONDS = 60.0
WATCH_SECONDS = 10.0
LATEST = UUID(int=2**128 - 1)


class Deliveries:
    """Everybody's mails."""

    def __init__(self, store: DeliveryStore) -> None:
        self.store = store

    async def list(self, states: Sequence[str], page_size: int, page_token: str) -> tuple[Sequence[Row], str]:
        """A page of mails, newest first, and the next page's token. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
        scope = ("deliveries", sorted(states))
        size = paging.page_size(page_size)
        before = paging.decode_id(page_token, *scope) or LATEST
        rows = await self.store.list(states, before, size + 1)
        return paging.cut(rows, size, lambda last: paging.encode_id(last.id, *scope))

    async def retry(self, delivery_id: UUID) -> Row:
        """Tries again what was given up.

        Raises NotFound (DELIVERY_NOT_FOUND), FailedPrecondition (DELIVERY_NOT_DEAD).
        """
        return await self.store.retry(delivery_id)

    async def get(self, delivery_id: UUID) -> Row:
        """A delivery. Raises NotFound (DELIVERY_NOT_FOUND)."""
        return await self.store.get(delivery_id)

    async def watch(self) -> None:
        """Counts what waits, where that is wanted, for as long as the process lives."""
        if metrics.is_on():
            await every(WATCH_SECONDS, "length of the queue", self.look)

    async def look(self) -> None:
        """Counts once."""
        metrics.queue_seen("mails", *await self.store.waiting())

    async def forget(self) -> None:
        """Forgets what was sent long ago, now and then, for as long as the process lives."""
        await every(SWEEP_SECONDS, "old deliveries", self.store.forget)
