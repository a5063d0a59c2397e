"""SQL of what users may do, and of who changed it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from auth_svc.store.users import COLUMNS
from mesh.database import Connection, Database, Row

# All of them, in one order: two who take it from each other at once must not both succeed.
LOCK_SUPERS = text("SELECT id FROM users WHERE is_super ORDER BY id FOR UPDATE")
LOCK = text(f"SELECT {COLUMNS} FROM users WHERE id = :id FOR UPDATE")
SET = text(
    f"UPDATE users SET permissions = CAST(:permissions AS int[]), is_super = :is_super WHERE id = :id"
    f" RETURNING {COLUMNS}"
)
RECORD = text(
    """INSERT INTO role_changes (create_time, actor_id, user_id, subject, before, after)
    VALUES (:now, :actor_id, :user_id, :subject, :before, :after)"""
)
LIST = text(
    """SELECT id, create_time, actor_id, user_id, subject, before, after FROM role_changes
    WHERE (CAST(:user_id AS uuid) IS NULL OR user_id = :user_id) AND id < :before ORDER BY id DESC LIMIT :size"""
)


class Change(NamedTuple):
    """Somebody changed what somebody may do."""

    actor_id: UUID
    user_id: UUID
    subject: str
    before: str
    after: str


class RoleStore:
    """What users may do."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def lock_supers(self, connection: Connection) -> list[UUID]:
        """Who is super; that stays so until the transaction ends."""
        return (await connection.execute(LOCK_SUPERS)).column()

    async def lock(self, connection: Connection, user_id: UUID) -> Row | None:
        """A user, who stays as he is until the transaction ends; or None."""
        return (await connection.execute(LOCK, {"id": user_id})).one_or_none()

    async def set(self, connection: Connection, user_id: UUID, permissions: list[int], *, is_super: bool) -> Row:
        """The user, as he is now."""
        values = {"id": user_id, "permissions": permissions, "is_super": is_super}
        return (await connection.execute(SET, values)).one()

    async def record(self, connection: Connection, change: Change, now: datetime) -> None:
        """Notes who did it."""
        await connection.execute(RECORD, {**change._asdict(), "now": now})

    async def list(self, user_id: UUID | None, before: UUID, size: int) -> Sequence[Row]:
        """Changes before a place, newest first; of one user if told."""
        return (await self.database.read(LIST, {"user_id": user_id, "before": before, "size": size})).all()
