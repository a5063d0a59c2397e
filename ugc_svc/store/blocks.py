"""Rows of who blocks whom."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from mesh import clock
from mesh.database import Connection, Database, Row
from mesh.paging import Place

# Later than the change before, whatever the clocks of two processes say: who is told of both knows which came last.
LATER = "greatest(:now, blocks.change_time + interval '1 microsecond')"
BLOCK = text(
    f"""INSERT INTO blocks (blocker_id, blocked_id, blocked, change_time) VALUES (:blocker_id, :blocked_id, true, :now)
    ON CONFLICT (blocker_id, blocked_id) DO UPDATE SET blocked = true, change_time = {LATER} WHERE NOT blocks.blocked
    RETURNING 1"""
)
UNBLOCK = text(
    f"""UPDATE blocks SET blocked = false, change_time = {LATER}
    WHERE blocker_id = :blocker_id AND blocked_id = :blocked_id AND blocked RETURNING 1"""
)
# What the blocked person began stays in his own eyes: that it vanished would tell him.
END_ALL_BETWEEN = text(
    """WITH unfollowed AS (
        DELETE FROM follows WHERE follower_id = :blocker_id AND followed_id = :blocked_id
    ), follower_hidden AS (
        UPDATE follows SET hidden = true WHERE follower_id = :blocked_id AND followed_id = :blocker_id
    ), taken_back AS (
        DELETE FROM friend_requests WHERE sender_id = :blocker_id AND receiver_id = :blocked_id
    ), request_hidden AS (
        UPDATE friend_requests SET hidden = true WHERE sender_id = :blocked_id AND receiver_id = :blocker_id
    ) DELETE FROM friendships
    WHERE lower_id = least(:blocker_id, :blocked_id) AND higher_id = greatest(:blocker_id, :blocked_id)"""
)
FIND = text("SELECT blocked, change_time FROM blocks WHERE blocker_id = :blocker_id AND blocked_id = :blocked_id")
LIST = text(
    """SELECT blocked_id AS id, change_time AS create_time FROM blocks
    WHERE blocker_id = :blocker_id AND blocked AND (change_time, blocked_id) > (:after_time, :after_id)
    ORDER BY change_time, blocked_id LIMIT :size"""
)

LIST_ALL = text(
    """SELECT blocker_id, blocked_id, blocked, change_time FROM blocks
    WHERE (blocker_id, blocked_id) > (:after_blocker, :after_blocked) ORDER BY blocker_id, blocked_id LIMIT :size"""
)


class BlockStore:
    """Who blocks whom. What changes is changed in pairs.deciding()."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, connection: Connection, blocker_id: UUID, blocked_id: UUID) -> bool:
        """Blocks, and ends what was between the two; False if it was so already."""
        values = {"blocker_id": blocker_id, "blocked_id": blocked_id, "now": clock.now()}
        if (await connection.execute(BLOCK, values)).first() is None:
            return False
        await connection.execute(END_ALL_BETWEEN, values)
        return True

    async def remove(self, connection: Connection, blocker_id: UUID, blocked_id: UUID) -> bool:
        """Ends a block; False if there was none."""
        values = {"blocker_id": blocker_id, "blocked_id": blocked_id, "now": clock.now()}
        return (await connection.execute(UNBLOCK, values)).first() is not None

    async def find(self, blocker_id: UUID, blocked_id: UUID) -> Row | None:
        """`blocked` and `change_time`, if the one has ever blocked the other."""
        values = {"blocker_id": blocker_id, "blocked_id": blocked_id}
        return (await self.database.read(FIND, values)).one_or_none()

    async def list(self, blocker_id: UUID, after: Place, size: int) -> Sequence[Row]:
        """Those whom a person blocks behind a place, the longest blocked first."""
        values = {"blocker_id": blocker_id, "after_time": after[0], "after_id": after[1], "size": size}
        return (await self.database.read(LIST, values)).all()

    async def list_all(self, after: tuple[UUID, UUID], size: int) -> Sequence[Row]:
        """All blocks behind a blocker and a blocked person, also those that ended, as find() tells of them."""
        values = {"after_blocker": after[0], "after_blocked": after[1], "size": size}
        return (await self.database.read(LIST_ALL, values)).all()
