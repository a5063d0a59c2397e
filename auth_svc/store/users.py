"""SQL of accounts."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from mesh import idempotency
from mesh.database import Connection, Database, Row
from mesh.errors import NotFound

COLUMNS = """id, email::text AS email, password_hash, name, last_name, phone_number, telegram_name, gender, country,
    time_zone, birthday, language, delivery_type, permissions, is_super, create_time, verify_time"""
FIND_USERS = text(f"SELECT {COLUMNS} FROM users WHERE id = ANY(:ids)")
# The oldest claims, because later ones must not push them out; and the newest, whose owner is here for the first time.
FIND_BY_EMAIL = text(
    f"""SELECT {COLUMNS} FROM users WHERE email = :email AND verify_time IS NOT NULL
    UNION (SELECT {COLUMNS} FROM users WHERE email = :email AND verify_time IS NULL ORDER BY id LIMIT 50)
    UNION (SELECT {COLUMNS} FROM users WHERE email = :email AND verify_time IS NULL ORDER BY id DESC LIMIT 1)"""
)
ADD_USER = text(
    f"""INSERT INTO users (email, password_hash, name, last_name, phone_number, telegram_name, gender, country,
        time_zone, birthday, language, create_time)
    VALUES (:email, :password_hash, :name, :last_name, :phone_number, :telegram_name, :gender, :country,
        :time_zone, :birthday, :language, :now)
    RETURNING {COLUMNS}"""
)
FIELDS = (
    *("name", "last_name", "phone_number", "telegram_name", "gender", "country", "time_zone"),
    *("language", "delivery_type"),
)
UPDATE = text(
    f"""UPDATE users SET {", ".join(f"{field} = coalesce(:{field}, {field})" for field in FIELDS)},
        birthday = CASE WHEN CAST(:has_birthday AS boolean) THEN CAST(:birthday AS date) ELSE birthday END
    WHERE id = :id RETURNING {COLUMNS}"""
)
# Who verifies an address waits for others who do.
LOCK_ADDRESS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(lower(email::text), 4711003)) FROM users WHERE id = :id"
)
VERIFY = text(
    f"""UPDATE users SET verify_time = coalesce(verify_time, :now) WHERE id = :id AND email <> '' AND NOT EXISTS (
        SELECT FROM users AS other WHERE other.email = users.email AND other.verify_time IS NOT NULL AND other.id <> :id
    ) RETURNING {COLUMNS}"""
)
END_CLAIMS = text(
    """UPDATE users SET email = '', password_hash = NULL
    WHERE email = :email AND id <> :id AND verify_time IS NULL RETURNING id"""
)
SET_PASSWORD = text(
    """UPDATE users SET password_hash = :new WHERE id = :id
        AND (CAST(:old AS text) IS NULL OR password_hash = :old) RETURNING 1"""
)


class UserStore:
    """Users."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def get(self, user_id: UUID) -> Row:
        """A user. Raises NotFound (USER_NOT_FOUND)."""
        user = await self.find(user_id)
        if user is None:
            raise unknown_user()
        return user

    async def find(self, user_id: UUID) -> Row | None:
        """A user, or None."""
        return next(iter(await self.list([user_id])), None)

    async def list(self, ids: Collection[UUID]) -> Sequence[Row]:
        """Those of the users that exist, in no order."""
        return (await self.database.read(FIND_USERS, {"ids": list(ids)})).all()

    async def list_claimants(self, email: str) -> Sequence[Row]:
        """Whose address this is, in any case, and then who claims it, the first who did so first."""
        rows = (await self.database.read(FIND_BY_EMAIL, {"email": email})).all()
        return sorted(rows, key=lambda row: (row.verify_time is None, row.id))

    async def add(self, connection: Connection, values: dict[str, Any], now: datetime) -> Row:
        """A new user, whose address nobody has verified."""
        user = (await connection.execute(ADD_USER, {**values, "now": now})).one()
        await idempotency.settle(connection, user.id)
        return user

    async def update(self, user_id: UUID, changes: Mapping[str, Any]) -> Row:
        """The user with other values in these fields. Raises NotFound (USER_NOT_FOUND)."""
        values = {**dict.fromkeys((*FIELDS, "birthday")), **changes, "id": user_id}
        async with idempotency.claiming(self.database) as connection:
            rows = await connection.execute(UPDATE, {**values, "has_birthday": "birthday" in changes})
            user = rows.one_or_none()
            if user is None:
                raise unknown_user()
            await idempotency.settle(connection, user_id)
        return user

    async def lock_address(self, connection: Connection, user_id: UUID) -> None:
        """Waits for whoever proves that a user's address is his, and lets others wait until the transaction ends."""
        await connection.execute(LOCK_ADDRESS, {"id": user_id})

    async def verify(self, connection: Connection, user_id: UUID, now: datetime) -> Row | None:
        """The user, whose address is his from now on; None if it is another one's."""
        return (await connection.execute(VERIFY, {"id": user_id, "now": now})).one_or_none()

    async def end_claims(self, connection: Connection, email: str, owner_id: UUID) -> Sequence[UUID]:
        """Takes address and password from everybody else who claims an address, and returns them."""
        return (await connection.execute(END_CLAIMS, {"email": email, "id": owner_id})).column()

    async def set_password(self, connection: Connection, user_id: UUID, new: str, old: str | None = None) -> bool:
        """Replaces a password's hash, if told only where it is still the old one; whether it did."""
        values = {"id": user_id, "new": new, "old": old}
        return (await connection.execute(SET_PASSWORD, values)).first() is not None

    async def rehash(self, user_id: UUID, old: str, new: str) -> None:
        """Replaces a password's hash by another one of the same password, unless it was changed meanwhile."""
        await self.database.run(SET_PASSWORD, {"id": user_id, "old": old, "new": new})


def unknown_user() -> NotFound:
    """The refusal of an id that nobody has."""
    return NotFound("USER_NOT_FOUND", "there is no such user")
