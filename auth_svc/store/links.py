"""SQL of the secrets in mailed links."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from mesh.database import Connection, Database

KEPT = 10
"""Secrets of one purpose that an account has at most: an answer of notify's that was lost makes a second one."""
ADD = text(
    """WITH old AS (
        DELETE FROM mailed_secrets WHERE secret_hash IN (
            SELECT secret_hash FROM mailed_secrets WHERE user_id = :user_id AND purpose = :purpose
            ORDER BY create_time DESC OFFSET :kept - 1
        )
    )
    INSERT INTO mailed_secrets (secret_hash, user_id, purpose, create_time, expire_time)
    VALUES (:secret_hash, :user_id, :purpose, :now, :expire_time)"""
)
FIND = text(
    """SELECT user_id FROM mailed_secrets
    WHERE secret_hash = :secret_hash AND purpose = :purpose AND expire_time > :now"""
)
USE = text(
    """DELETE FROM mailed_secrets
    WHERE secret_hash = :secret_hash AND purpose = :purpose AND expire_time > :now RETURNING user_id"""
)
DROP = text("DELETE FROM mailed_secrets WHERE user_id = ANY(CAST(:user_ids AS uuid[]))")
DROP_VERIFYING = text(
    "DELETE FROM mailed_secrets WHERE user_id = ANY(CAST(:user_ids AS uuid[])) AND purpose = 'verify'"
)
FORGET = text("DELETE FROM mailed_secrets WHERE expire_time <= :now")


class LinkStore:
    """Secrets that were mailed, by their hashes."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, secret_hash: bytes, user_id: UUID, purpose: str, now: datetime, expire_time: datetime) -> None:
        """A new secret; of too many the oldest end."""
        values = {"secret_hash": secret_hash, "user_id": user_id, "purpose": purpose, "now": now}
        await self.database.run(ADD, {**values, "expire_time": expire_time, "kept": KEPT})

    async def find(self, secret_hash: bytes, purpose: str, now: datetime) -> UUID | None:
        """Whose secret this is; None if it is none, or not any more."""
        values = {"secret_hash": secret_hash, "purpose": purpose, "now": now}
        user_id: UUID | None = (await self.database.read(FIND, values)).scalar()
        return user_id

    async def use(self, connection: Connection, secret_hash: bytes, purpose: str, now: datetime) -> UUID | None:
        """As find(); it does not work again."""
        values = {"secret_hash": secret_hash, "purpose": purpose, "now": now}
        user_id: UUID | None = (await connection.execute(USE, values)).scalar()
        return user_id

    async def drop(self, connection: Connection, user_ids: list[UUID]) -> None:
        """Ends all secrets of these users."""
        await connection.execute(DROP, {"user_ids": user_ids})

    async def drop_verifying(self, user_ids: list[UUID]) -> None:
        """Ends all secrets of these users that verify."""
        await self.database.run(DROP_VERIFYING, {"user_ids": user_ids})

    async def forget(self, now: datetime) -> None:
        """Clears away those that are too old."""
        await self.database.run(FORGET, {"now": now})
