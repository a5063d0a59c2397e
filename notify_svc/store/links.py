"""Short links."""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import text

from mesh import clock, idempotency
from mesh.database import Database, Row

CODE_BYTES = 9
"""Twelve characters: nobody finds a link by guessing."""

# The code of the link to a target, made if there is none. A target that is made by somebody else at this very moment is
# not to be seen yet, so the conflict is turned into an update: that waits for him, and returns what he made. It changes
# no key: that would hold up those who refer to the link, and they may hold what we need next.
ADD_LINK = text(
    """WITH known AS (
        SELECT code FROM links WHERE target_hash = :target_hash
    ), made AS (
        INSERT INTO links (code, target, target_hash, create_time, expire_time)
        SELECT :code, :target, CAST(:target_hash AS bytea), CAST(:now AS timestamptz), CAST(:expire_time AS timestamptz)
        WHERE NOT EXISTS (SELECT FROM known)
        ON CONFLICT (target_hash) DO UPDATE SET create_time = links.create_time RETURNING code
    )
    SELECT code FROM known UNION ALL SELECT code FROM made"""
)
FIND_TARGET = text("SELECT target, expire_time FROM links WHERE code = :code")


class LinkStore:
    """Short links."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, target: str, expire_time: datetime | None) -> str:
        """The code of the link to a target; the same target gets the same one while both expire at the same time."""
        parameters = {
            "target": target,
            "target_hash": target_hash(target, expire_time),
            "code": new_code(),
            "now": clock.now(),
            "expire_time": expire_time,
        }
        return str((await idempotency.run(self.database, ADD_LINK, parameters)).scalar())

    async def find(self, code: str) -> Row | None:
        """Where a link leads and until when, if there is one."""
        return (await self.database.read(FIND_TARGET, {"code": code})).one_or_none()


def target_hash(target: str, expire_time: datetime | None = None) -> bytes:
    """What a link is found by. A target holds no space."""
    told = f"{target} {expire_time.isoformat()}" if expire_time else target
    return hashlib.sha256(told.encode()).digest()


def new_code() -> str:
    """The code of a new link."""
    return secrets.token_urlsafe(CODE_BYTES)
