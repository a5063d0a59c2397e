"""SQL of sessions, and of those that have ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from mesh.database import Connection, Database, Row
from mesh.errors import Unauthenticated

REVOKE = """INSERT INTO revocations (session_id, end_time) SELECT id, :now FROM ended
    ON CONFLICT (session_id) DO NOTHING"""
# Two sign-ins of one person at once would each leave the other one's session out of their count.
# And whose password has changed since he said it begins no session.
LOCK_USER = text(
    """SELECT 1 FROM users WHERE id = :user_id AND password_hash IS NOT DISTINCT FROM CAST(:password_hash AS text)
    FOR NO KEY UPDATE"""
)
END_SURPLUS = text(
    f"""WITH ended AS (DELETE FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE user_id = :user_id ORDER BY refresh_time DESC, id DESC OFFSET :kept
    ) RETURNING id) {REVOKE}"""
)
ADD_SESSION = text(
    """INSERT INTO sessions (user_id, family_hash, live_hashes, create_time, refresh_time, expire_time, address,
        user_agent)
    VALUES (:user_id, :family_hash, :live_hashes, :now, :now, :expire_time, :address, :user_agent) RETURNING id"""
)
LOCK_SESSION = text("SELECT * FROM sessions WHERE family_hash = :family_hash AND expire_time > :now FOR UPDATE")
ROTATE = text(
    """UPDATE sessions SET live_hashes = :live_hashes, spent_hash = :spent_hash, refresh_time = :now,
        expire_time = :expire_time, address = :address, user_agent = :user_agent
    WHERE id = :id"""
)
ADD_LIVE = text("UPDATE sessions SET live_hashes = live_hashes || CAST(:live_hash AS bytea) WHERE id = :id")
END_FAMILY = text(f"WITH ended AS (DELETE FROM sessions WHERE family_hash = :family_hash RETURNING id) {REVOKE}")
END_ONE = text(f"WITH ended AS (DELETE FROM sessions WHERE id = :id AND user_id = :user_id RETURNING id) {REVOKE}")
END_ALL = text(
    f"""WITH ended AS (
        DELETE FROM sessions WHERE user_id = :user_id AND id IS DISTINCT FROM CAST(:but AS uuid) RETURNING id
    ) {REVOKE}"""
)
LIST_SESSIONS = text(
    """SELECT id, create_time, refresh_time, expire_time, address, user_agent FROM sessions
    WHERE user_id = :user_id AND expire_time > :now ORDER BY refresh_time DESC, id DESC"""
)
LIST_REVOCATIONS = text(
    """SELECT session_id, end_time FROM revocations WHERE end_time >= :since
    ORDER BY end_time, session_id LIMIT :limit"""
)
FORGET_REVOCATIONS = text("DELETE FROM revocations WHERE end_time < :before")
FORGET_SESSIONS = text("DELETE FROM sessions WHERE expire_time <= :now")


class SessionStore:
    """Sessions, found by the hashes of their refresh tokens."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, values: dict[str, Any], now: datetime, kept: int) -> UUID:
        """A new session; the user's least recently used ones end, so that he has at most `kept`.

        Raises Unauthenticated (WRONG_CREDENTIALS) if the user has another password by now.
        """
        parameters = {**values, "now": now}
        async with self.database.transaction() as connection:
            if (await connection.execute(LOCK_USER, parameters)).first() is None:
                raise Unauthenticated("WRONG_CREDENTIALS", "the password was changed meanwhile")
            session_id: UUID = (await connection.execute(ADD_SESSION, parameters)).scalar()
            await connection.execute(END_SURPLUS, {"user_id": values["user_id"], "now": now, "kept": kept})
        return session_id

    async def lock(self, connection: Connection, family_hash: bytes, now: datetime) -> Row | None:
        """The living session of a family of refresh tokens; others who want it wait."""
        return (await connection.execute(LOCK_SESSION, {"family_hash": family_hash, "now": now})).one_or_none()

    async def rotate(self, connection: Connection, values: dict[str, Any]) -> None:
        """Replaces a session's living tokens by another one."""
        await connection.execute(ROTATE, values)

    async def add_live(self, connection: Connection, session_id: UUID, live_hash: bytes) -> None:
        """Lets a session have a second living token."""
        await connection.execute(ADD_LIVE, {"id": session_id, "live_hash": live_hash})

    async def end_family(self, connection: Connection, family_hash: bytes, now: datetime) -> None:
        """Ends the session of a family of refresh tokens, if there is one."""
        await connection.execute(END_FAMILY, {"family_hash": family_hash, "now": now})

    async def end(self, user_id: UUID, session_id: UUID, now: datetime) -> None:
        """Ends a session of the user, if he has it."""
        await self.database.run(END_ONE, {"user_id": user_id, "id": session_id, "now": now})

    async def end_all(self, connection: Connection, user_id: UUID, but: UUID | None, now: datetime) -> None:
        """Ends the user's sessions, except one."""
        await connection.execute(END_ALL, {"user_id": user_id, "but": but, "now": now})

    async def list(self, user_id: UUID, now: datetime) -> Sequence[Row]:
        """The user's living sessions, the most recently used first."""
        return (await self.database.read(LIST_SESSIONS, {"user_id": user_id, "now": now})).all()

    async def list_revocations(self, since: datetime, limit: int) -> Sequence[Row]:
        """Sessions that ended since, in the order in which they did."""
        return (await self.database.read(LIST_REVOCATIONS, {"since": since, "limit": limit})).all()

    async def forget(self, now: datetime, before: datetime) -> None:
        """Clears away sessions that have expired, and those that ended before."""
        await self.database.run(FORGET_SESSIONS, {"now": now})
        await self.database.run(FORGET_REVOCATIONS, {"before": before})
