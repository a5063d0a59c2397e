"""Blocks: what ugc tells of them."""

from datetime import datetime
from uuid import UUID

from booking_svc.refusals import bad_field
from booking_svc.store.blocks import BlockStore


class Blocks:
    """Who must not see whose evenings."""

    def __init__(self, store: BlockStore) -> None:
        self.store = store

    async def note(self, blocker_id: UUID, blocked_id: UUID, blocked: bool, change_time: datetime) -> None:
        """Notes what became of a block. Raises InvalidArgument (INVALID_FIELDS)."""
        if blocker_id == blocked_id:
            raise bad_field("blocked_id", "nobody blocks himself")
        await self.store.note(blocker_id, blocked_id, blocked, change_time)
