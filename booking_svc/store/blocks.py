"""SQL of blocks: who must not see whose evenings.

A block hides an evening from whoever has nothing to do with it yet. Who holds a booking or had a place there goes on
seeing that one: its vanishing would tell him.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, text

from booking_svc.schema import LIVE, SEATED, one_of
from mesh.database import Database, Rows

Execute = Callable[[Executable, Mapping[str, Any]], Awaitable[Rows]]
SHUT_OUT = """ARRAY(
        SELECT blocked_id FROM blocks
        WHERE blocker_id = a.author_id AND blocked_id = ANY(CAST(:persons AS uuid[])) AND blocked
    ) AS shut_out"""
"""SQL for those of :persons whom an evening's host blocks: what many read together is read once for all of them."""
HELD = one_of("held.state", {*LIVE, *SEATED})


def not_hidden(evening: str) -> str:
    """The condition that no block hides an evening; needs the parameter :person."""
    return f"""NOT EXISTS (
        SELECT FROM blocks WHERE blocker_id = {evening}.author_id AND blocked_id = :person AND blocked
        AND NOT EXISTS (
            SELECT FROM bookings AS held
            WHERE held.announcement_id = {evening}.id AND held.guest_id = :person AND {HELD}
        )
    )"""


IS_HIDDEN = text(f"SELECT NOT {not_hidden('a')} FROM announcements AS a WHERE a.id = :id")
NOTE = text(
    """INSERT INTO blocks AS known (blocker_id, blocked_id, blocked, change_time)
    VALUES (:blocker_id, :blocked_id, :blocked, :change_time)
    ON CONFLICT (blocker_id, blocked_id) DO UPDATE SET blocked = excluded.blocked, change_time = excluded.change_time
    WHERE known.change_time < excluded.change_time"""
)
LIST_BLOCKED = text(
    """SELECT blocked_id FROM blocks
    WHERE blocker_id = :blocker_id AND blocked_id = ANY(CAST(:ids AS uuid[])) AND blocked"""
)


async def is_hidden(execute: Execute, announcement_id: UUID, person: UUID | None) -> bool:
    """Whether a block hides an evening from a person. `execute` runs the statement in a transaction or by itself."""
    return bool((await execute(IS_HIDDEN, {"id": announcement_id, "person": person})).scalar())


class BlockStore:
    """Blocks as ugc told them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def note(self, blocker_id: UUID, blocked_id: UUID, blocked: bool, change_time: datetime) -> None:
        """Notes a decision unless a later one is known."""
        values = {
            "blocker_id": blocker_id, "blocked_id": blocked_id, "blocked": blocked, "change_time": change_time
        }  # fmt: skip
        await self.database.run(NOTE, values)

    async def blocked_among(self, blocker_id: UUID, ids: Collection[UUID]) -> set[UUID]:
        """Which of these people a person blocks."""
        values = {"blocker_id": blocker_id, "ids": list(ids)}
        return set((await self.database.read(LIST_BLOCKED, values)).column())
