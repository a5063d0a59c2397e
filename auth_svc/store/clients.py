"""SQL of clients."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from mesh.database import Database, Row
from mesh.paging import Place

COLUMNS = "id, name, rpcs, secret_id, secret_hash, create_time, creator_id"
ADD_CLIENT = text(
    f"""INSERT INTO clients (name, rpcs, secret_hash, create_time, creator_id)
    VALUES (:name, :rpcs, :secret_hash, :now, :creator_id) RETURNING {COLUMNS}"""
)
FIND_CLIENT = text(f"SELECT {COLUMNS} FROM clients WHERE id = :id")
LIST_CLIENTS = text(
    f"""SELECT {COLUMNS} FROM clients WHERE (create_time, id) > (:after_time, :after_id)
    ORDER BY create_time, id LIMIT :count"""
)
# A secret is to its tokens what a session is to a person's: they end with it.
REVOKE = "INSERT INTO revocations (session_id, end_time) SELECT secret_id, :now FROM ended"
REPLACE_SECRET = text(
    f"""WITH ended AS (SELECT id, secret_id FROM clients WHERE id = :id FOR UPDATE), revoked AS ({REVOKE})
    UPDATE clients SET secret_hash = :secret_hash, secret_id = gen_random_uuid() FROM ended
    WHERE clients.id = ended.id RETURNING {", ".join(f"clients.{name}" for name in COLUMNS.split(", "))}"""
)
END_CLIENT = text(f"WITH ended AS (DELETE FROM clients WHERE id = :id RETURNING secret_id) {REVOKE}")


class ClientStore:
    """Clients."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, values: dict[str, Any], now: datetime) -> Row:
        """A new client."""
        return (await self.database.run(ADD_CLIENT, {**values, "now": now})).one()

    async def find(self, client_id: UUID) -> Row | None:
        """A client, if there is one."""
        return (await self.database.read(FIND_CLIENT, {"id": client_id})).one_or_none()

    async def list(self, after: Place, count: int) -> Sequence[Row]:
        """At most `count` clients behind this point, the oldest first."""
        values = {"after_time": after[0], "after_id": after[1], "count": count}
        return (await self.database.read(LIST_CLIENTS, values)).all()

    async def replace_secret(self, client_id: UUID, secret_hash: bytes, now: datetime) -> Row | None:
        """Gives a client another secret and ends the one before; None if there is no such client."""
        values = {"id": client_id, "secret_hash": secret_hash, "now": now}
        return (await self.database.run(REPLACE_SECRET, values)).one_or_none()

    async def end(self, client_id: UUID, now: datetime) -> None:
        """Ends a client and its secret, if there is one."""
        await self.database.run(END_CLIENT, {"id": client_id, "now": now})
