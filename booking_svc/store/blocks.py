"""SQL of blocks."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from mesh.database import Database

SET = text(
    """INSERT INTO blocks AS known (blocker_id, blocked_id, blocked, change_time)
    VALUES (:blocker_id, :blocked_id, :blocked, :change_time)
    ON CONFLICT (blocker_id, blocked_id) DO UPDATE SET blocked = excluded.blocked, change_time = excluded.change_time
    WHERE known.change_time < excluded.change_time"""
)
LIST_BLOCKED = text(
    """SELECT blocked_id FROM blocks
    WHERE blocker_id = :blocker_id AND blocked_id = ANY(CAST(:ids AS uuid[])) AND blocked"""
)


class BlockStore:
    """Blocks as ugc told them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def note(self, blocker_id: UUID, blocked_id: UUID, blocked: bool, change_time: datetime) -> None:
        """Notes a decision unless a later one is known."""
        values = {
            "blocker_id": blocker_id, "blocked_id": blocked_id, "blocked": blocked, "change_time": change_time
        }  # fmt: skip
        await self.database.run(SET, values)

    async def blocked_among(self, blocker_id: UUID, ids: Collection[UUID]) -> set[UUID]:
        """Which of these people a person blocks."""
        values = {"blocker_id": blocker_id, "ids": list(ids)}
        return set((await self.database.read(LIST_BLOCKED, values)).column())
