"""SQL of sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from mesh.database import Database

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


class SessionStore:
    """Sessions, found by the hashes of their refresh tokens."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, user_id: UUID, token_hash: bytes, now: datetime, expire_time: datetime) -> None:
        """A new session."""
        values = {"user_id": user_id, "token_hash": token_hash, "now": now, "expire_time": expire_time}
        await self.database.run(ADD_SESSION, values)

    async def rotate(self, old: bytes, new: bytes, now: datetime, expire_time: datetime) -> UUID | None:
        """Replaces a session's token; the session's user, or None if no living session has the old token."""
        values = {"old": old, "new": new, "now": now, "expire_time": expire_time}
        user_id: UUID | None = (await self.database.run(ROTATE_SESSION, values)).scalar()
        return user_id

    async def end_copied(self, used: bytes, before: datetime) -> None:
        """Ends the session whose token before this was, unless it was replaced only after `before`."""
        await self.database.run(END_COPIED_SESSION, {"hash": used, "before": before})

    async def end(self, token_hash: bytes) -> None:
        """Ends the session with this token, if there is one."""
        await self.database.run(END_SESSION, {"hash": token_hash})
