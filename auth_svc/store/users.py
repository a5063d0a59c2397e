"""SQL of accounts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from mesh import idempotency
from mesh.database import Database, Row
from mesh.errors import NotFound

COLUMNS = """id, email::text AS email, password_hash, name, last_name, phone_number, telegram_name, gender, country,
    time_zone, birthday, language, delivery_type, permissions, is_super, create_time, verify_time"""
FIND_USERS = text(f"SELECT {COLUMNS} FROM users WHERE id = ANY(:ids)")
FIND_BY_EMAIL = text(
    f"""SELECT {COLUMNS} FROM users WHERE email = :email AND verify_time IS NOT NULL UNION ALL (
        SELECT {COLUMNS} FROM users WHERE email = :email AND verify_time IS NULL ORDER BY id DESC LIMIT 1
    )"""
)
ADD_USER = text(
    f"""INSERT INTO users (email, password_hash, name, last_name, phone_number, telegram_name, gender, country,
        time_zone, birthday, language, create_time)
    VALUES (:email, :password_hash, :name, :last_name, :phone_number, :telegram_name, :gender, :country,
        :time_zone, :birthday, :language, :now)
    RETURNING {COLUMNS}"""
)
# Only if nobody has changed the password meanwhile.
REHASH = text("UPDATE users SET password_hash = :new WHERE id = :id AND password_hash = :old")


class UserStore:
    """Users."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def get(self, user_id: UUID) -> Row:
        """A user. Raises NotFound (USER_NOT_FOUND)."""
        users = await self.list([user_id])
        if not users:
            raise NotFound("USER_NOT_FOUND", "there is no such user")
        return users[0]

    async def list(self, ids: Collection[UUID]) -> Sequence[Row]:
        """Those of the users that exist, in no order."""
        return (await self.database.read(FIND_USERS, {"ids": list(ids)})).all()

    async def find_by_email(self, email: str) -> tuple[Row | None, Row | None]:
        """Whose address this is, in any case, and who was the last to claim it."""
        rows = (await self.database.read(FIND_BY_EMAIL, {"email": email})).all()
        owner = next((row for row in rows if row.verify_time), None)
        return owner, next((row for row in rows if not row.verify_time), None)

    async def add(self, values: dict[str, Any], now: datetime) -> Row:
        """A new user, whose address nobody has verified."""
        async with idempotency.claiming(self.database) as connection:
            user = (await connection.execute(ADD_USER, {**values, "now": now})).one()
            await idempotency.settle(connection, user.id)
        return user

    async def rehash(self, user_id: UUID, old: str, new: str) -> None:
        """Replaces a password's hash by another one of the same password."""
        await self.database.run(REHASH, {"id": user_id, "old": old, "new": new})
