"""Blocks: what ugc tells of them, and what they mean for those who are blocked."""

from datetime import datetime
from typing import Any
from uuid import UUID

from booking_svc.refusals import bad_field, is_own, no_announcement, owned
from booking_svc.store.blocks import BlockStore, Execute, is_hidden
from mesh.caller import Caller


class Blocks:
    """Who must not see whose evenings."""

    def __init__(self, store: BlockStore) -> None:
        self.store = store

    async def note(self, blocker_id: UUID, blocked_id: UUID, blocked: bool, change_time: datetime) -> None:
        """Notes what became of a block. Raises InvalidArgument (INVALID_FIELDS)."""
        if blocker_id == blocked_id:
            raise bad_field("blocked_id", "nobody blocks himself")
        await self.store.note(blocker_id, blocked_id, blocked, change_time)


async def check_owner(execute: Execute, announcement: Any, caller: Caller) -> None:
    """As owned(), and to those from whom a block hides the evening it does not exist, either."""
    if not is_own(announcement, caller) and await is_hidden(execute, announcement.id, caller.user_id):
        raise no_announcement()
    owned(announcement, caller)
