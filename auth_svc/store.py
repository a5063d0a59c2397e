"""All SQL of the service. Statements are built once, when the module is imported."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from mesh import idempotency
from mesh.database import Database, Row
from mesh.errors import AlreadyExists, NotFound
from mesh.paging import Place

COLUMNS = """id, email::text AS email, password_hash, name, last_name, phone_number, telegram_name, gender, country,
    time_zone, birthday, language, delivery_type, permissions, is_super"""
FIND_USERS = text(f"SELECT {COLUMNS} FROM users WHERE id = ANY(:ids)")
FIND_BY_EMAIL = text(f"SELECT {COLUMNS} FROM users WHERE email = :email")
ADD_USER = text(
    f"""INSERT INTO users (email, password_hash, name, last_name, phone_number, telegram_name, gender, country,
        time_zone, birthday, language, create_time)
    VALUES (:email, :password_hash, :name, :last_name, :phone_number, :telegram_name, :gender, :country,
        :time_zone, :birthday, :language, :now)
    ON CONFLICT ON CONSTRAINT one_account_per_address DO NOTHING RETURNING {COLUMNS}"""
)
# Only if nobody has changed the password meanwhile.
REHASH = text("UPDATE users SET password_hash = :new WHERE id = :id AND password_hash = :old")

# Whoever signs in clears away his own dead sessions, so that they do not pile up.
ADD_SESSION = text(
    """WITH dead AS (DELETE FROM sessions WHERE user_id = :user_id AND expire_time <= :now)
    INSERT INTO sessions (user_id, token_hash, create_time, refresh_time, expire_time)
    VALUES (:user_id, :token_hash, :now, :now, :expire_time)"""
)
# One statement: of two calls with the same token the second finds it gone.
ROTATE_SESSION = text(
    """UPDATE sessions SET token_hash = :new, previous_hash = :old, refresh_time = :now, expire_time = :expire_time
    WHERE token_hash = :old AND expire_time > :now RETURNING user_id"""
)
END_COPIED_SESSION = text("DELETE FROM sessions WHERE previous_hash = :hash AND refresh_time < :before")
END_SESSION = text("DELETE FROM sessions WHERE token_hash = :hash OR previous_hash = :hash")

GROUP_EXISTS = text("SELECT 1 FROM groups WHERE name = :group")
LIST_MEMBERS = text(
    """SELECT user_id, join_time FROM group_members
    WHERE group_name = :group AND (join_time, user_id) > (:after_time, :after_id)
    ORDER BY join_time, user_id LIMIT :count"""
)

LOCK_KEYS = text("SELECT pg_advisory_xact_lock(4711002)")
LIST_KEYS = text("SELECT kid, private_key FROM signing_keys ORDER BY create_time DESC, kid")
ADD_KEY = text("INSERT INTO signing_keys (kid, private_key, create_time) VALUES (:kid, :private_key, :now)")


class AuthStore:
    """Users, sessions, groups and signing keys."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def get_user(self, user_id: UUID) -> Row:
        """A user. Raises NotFound (USER_NOT_FOUND)."""
        users = await self.list_users([user_id])
        if not users:
            raise NotFound("USER_NOT_FOUND", "there is no such user")
        return users[0]

    async def list_users(self, ids: Collection[UUID]) -> Sequence[Row]:
        """Those of the users that exist, in no order."""
        return (await self.database.read(FIND_USERS, {"ids": list(ids)})).all()

    async def find_by_email(self, email: str) -> Row | None:
        """The user with this address, in any case; or None."""
        return (await self.database.read(FIND_BY_EMAIL, {"email": email})).one_or_none()

    async def add_user(self, values: dict[str, Any], now: datetime) -> Row:
        """A new user. Raises AlreadyExists (EMAIL_TAKEN)."""
        async with idempotency.claiming(self.database) as connection:
            user = (await connection.execute(ADD_USER, {**values, "now": now})).one_or_none()
            if user is None:
                raise AlreadyExists("EMAIL_TAKEN", "this e-mail address has an account")
            await idempotency.settle(connection, user.id)
        return user

    async def rehash(self, user_id: UUID, old: str, new: str) -> None:
        """Replaces a password's hash by another one of the same password."""
        await self.database.run(REHASH, {"id": user_id, "old": old, "new": new})

    async def add_session(self, user_id: UUID, token_hash: bytes, now: datetime, expire_time: datetime) -> None:
        """A new session."""
        values = {"user_id": user_id, "token_hash": token_hash, "now": now, "expire_time": expire_time}
        await self.database.run(ADD_SESSION, values)

    async def rotate_session(self, old: bytes, new: bytes, now: datetime, expire_time: datetime) -> UUID | None:
        """Replaces a session's token; the session's user, or None if no living session has the old token."""
        values = {"old": old, "new": new, "now": now, "expire_time": expire_time}
        user_id: UUID | None = (await self.database.run(ROTATE_SESSION, values)).scalar()
        return user_id

    async def end_copied_session(self, used: bytes, before: datetime) -> None:
        """Ends the session whose token before this was, unless it was replaced only after `before`."""
        await self.database.run(END_COPIED_SESSION, {"hash": used, "before": before})

    async def end_session(self, token_hash: bytes) -> None:
        """Ends the session with this token, if there is one."""
        await self.database.run(END_SESSION, {"hash": token_hash})

    async def group_exists(self, group: str) -> bool:
        """Whether there is such a group."""
        return (await self.database.read(GROUP_EXISTS, {"group": group})).first() is not None

    async def list_members(self, group: str, after: Place, count: int) -> Sequence[Row]:
        """At most `count` members who joined after this point, oldest membership first."""
        values = {"group": group, "after_time": after[0], "after_id": after[1], "count": count}
        return (await self.database.read(LIST_MEMBERS, values)).all()

    async def list_keys(self) -> Sequence[Row]:
        """The signing keys, newest first."""
        return (await self.database.read(LIST_KEYS)).all()

    async def add_first_key(self, kid: str, private_key: str, now: datetime) -> None:
        """Adds a signing key unless there is one: processes that start together agree on the first one's."""
        async with self.database.transaction() as connection:
            await connection.execute(LOCK_KEYS)
            if (await connection.execute(LIST_KEYS)).first() is None:
                await connection.execute(ADD_KEY, {"kid": kid, "private_key": private_key, "now": now})

    async def probe(self) -> None:
        """Raises Unavailable while the database does not answer."""
        await self.database.run(text("SELECT 1"))
