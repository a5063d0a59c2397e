"""Short links."""

import hashlib
import secrets

from sqlalchemy import text

from mesh import clock, idempotency
from mesh.database import Database
from mesh.errors import NotFound

CODE_BYTES = 9
"""Twelve characters: nobody finds a link by guessing."""

# The code of the link to a target, made if there is none. A target that is made by somebody else at this very moment is
# not to be seen yet, so the conflict is turned into an update: that waits for him, and returns what he made.
ADD_LINK = text(
    """WITH known AS (
        SELECT code FROM links WHERE target_hash = :target_hash
    ), made AS (
        INSERT INTO links (code, target, target_hash, create_time)
        SELECT :code, :target, CAST(:target_hash AS bytea), CAST(:now AS timestamptz)
        WHERE NOT EXISTS (SELECT FROM known)
        ON CONFLICT (target_hash) DO UPDATE SET target_hash = excluded.target_hash RETURNING code
    )
    SELECT code FROM known UNION ALL SELECT code FROM made"""
)
FIND_TARGET = text("SELECT target FROM links WHERE code = :code")


class LinkStore:
    """Short links."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, target: str) -> str:
        """The code of the link to a target; the same target gets the same one."""
        parameters = {"target": target, "target_hash": target_hash(target), "code": new_code(), "now": clock.now()}
        return str((await idempotency.run(self.database, ADD_LINK, parameters)).scalar())

    async def get_target(self, code: str) -> str:
        """Where a link leads. Raises NotFound (LINK_NOT_FOUND)."""
        target = (await self.database.read(FIND_TARGET, {"code": code})).scalar()
        if target is None:
            raise NotFound("LINK_NOT_FOUND", "there is no such link")
        return str(target)


def target_hash(target: str) -> bytes:
    """What a link is found by."""
    return hashlib.sha256(target.encode()).digest()


def new_code() -> str:
    """The code of a new link."""
    return secrets.token_urlsafe(CODE_BYTES)
