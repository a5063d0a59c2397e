"""SQL of signing keys."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import text

from mesh.database import Connection, Database, Row

LOCK_KEYS = text("SELECT pg_advisory_xact_lock(4711002)")
LIST_KEYS = text("SELECT kid, private_key, create_time, sign_time FROM signing_keys ORDER BY sign_time DESC, kid")
ADD_KEY = text(
    """INSERT INTO signing_keys (kid, private_key, create_time, sign_time)
    VALUES (:kid, :private_key, :create_time, :sign_time)"""
)
REPLACE_KEY = text("UPDATE signing_keys SET private_key = :private_key WHERE kid = :kid")
DELETE_KEYS = text("DELETE FROM signing_keys WHERE kid = ANY(:kids)")


class KeyStore:
    """Signing keys. Who changes them holds their lock, so that processes agree on what they do."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[Connection]:
        """A transaction during which nobody else changes the keys."""
        async with self.database.transaction() as connection:
            await connection.execute(LOCK_KEYS)
            yield connection

    async def list(self, connection: Connection) -> Sequence[Row]:
        """The signing keys; the one that signs last comes first."""
        return (await connection.execute(LIST_KEYS)).all()

    async def add(self, connection: Connection, kid: str, private_key: str, now: datetime, sign_time: datetime) -> None:
        """Adds a key."""
        values: dict[str, Any] = {"kid": kid, "private_key": private_key}
        await connection.execute(ADD_KEY, {**values, "create_time": now, "sign_time": sign_time})

    async def replace(self, connection: Connection, kid: str, private_key: str) -> None:
        """Keeps a key in another form."""
        await connection.execute(REPLACE_KEY, {"kid": kid, "private_key": private_key})

    async def delete(self, connection: Connection, kids: Sequence[str]) -> None:
        """Forgets keys."""
        await connection.execute(DELETE_KEYS, {"kids": list(kids)})
