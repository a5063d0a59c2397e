"""SQL of signing keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from mesh.database import Database, Row

LOCK_KEYS = text("SELECT pg_advisory_xact_lock(4711002)")
LIST_KEYS = text("SELECT kid, private_key FROM signing_keys ORDER BY create_time DESC, kid")
ADD_KEY = text("INSERT INTO signing_keys (kid, private_key, create_time) VALUES (:kid, :private_key, :now)")


class KeyStore:
    """Signing keys."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def list(self) -> Sequence[Row]:
        """The signing keys, newest first."""
        return (await self.database.read(LIST_KEYS)).all()

    async def add_first(self, kid: str, private_key: str, now: datetime) -> None:
        """Adds a signing key unless there is one: processes that start together agree on the first one's."""
        async with self.database.transaction() as connection:
            await connection.execute(LOCK_KEYS)
            if (await connection.execute(LIST_KEYS)).first() is None:
                await connection.execute(ADD_KEY, {"kid": kid, "private_key": private_key, "now": now})
