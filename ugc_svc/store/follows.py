"""Rows of who follows whom."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text

from mesh import clock, idempotency
from mesh.database import Connection, Database, Row
from mesh.paging import Place

# Who was hidden by a block that has ended since is seen again when he follows again.
FOLLOW = text(
    """INSERT INTO follows (follower_id, followed_id, create_time, hidden)
    VALUES (:follower_id, :followed_id, :now, :hidden)
    ON CONFLICT (follower_id, followed_id) DO UPDATE SET hidden = false WHERE follows.hidden AND NOT excluded.hidden"""
)
UNFOLLOW = text("DELETE FROM follows WHERE follower_id = :follower_id AND followed_id = :followed_id")
LIST_FOLLOWERS = text(
    """SELECT follower_id AS id, create_time FROM follows
    WHERE followed_id = :followed_id AND (NOT hidden OR follower_id = :viewer_id)
    AND (create_time, follower_id) > (:after_time, :after_id)
    ORDER BY create_time, follower_id LIMIT :size"""
)
FOLLOWING = """SELECT followed_id AS id, create_time FROM follows
    WHERE follower_id = :follower_id {} AND (create_time, followed_id) > (:after_time, :after_id)
    ORDER BY create_time, followed_id LIMIT :size"""
LIST_FOLLOWING = text(FOLLOWING.format("AND NOT hidden"))
LIST_OWN_FOLLOWING = text(FOLLOWING.format(""))
LIST_FOLLOWED_AMONG = text(
    """SELECT followed_id FROM follows
    WHERE follower_id = :follower_id AND followed_id = ANY(CAST(:ids AS uuid[])) AND NOT hidden"""
)


class FollowStore:
    """Who follows whom."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, connection: Connection, follower_id: UUID, followed_id: UUID, *, hidden: bool) -> None:
        """Follows, once; `hidden` in the follower's own eyes only."""
        values = {"follower_id": follower_id, "followed_id": followed_id, "hidden": hidden, "now": clock.now()}
        await connection.execute(FOLLOW, values)

    async def remove(self, follower_id: UUID, followed_id: UUID) -> None:
        """Ends following, if there was any."""
        values = {"follower_id": follower_id, "followed_id": followed_id}
        await idempotency.run(self.database, UNFOLLOW, values)

    async def list_followers(self, followed_id: UUID, viewer_id: UUID, after: Place, size: int) -> Sequence[Row]:
        """Followers behind a place, oldest first, as a person sees them."""
        people = {"followed_id": followed_id, "viewer_id": viewer_id}
        values = {**people, "after_time": after[0], "after_id": after[1], "size": size}
        return (await self.database.read(LIST_FOLLOWERS, values)).all()

    async def list_following(self, follower_id: UUID, after: Place, size: int) -> Sequence[Row]:
        """Those whom a person follows behind a place, the longest followed first."""
        values = {"follower_id": follower_id, "after_time": after[0], "after_id": after[1], "size": size}
        return (await self.database.read(LIST_FOLLOWING, values)).all()

    async def list_own_following(self, follower_id: UUID, after: Place, size: int) -> Sequence[Row]:
        """As list_following(), as the person himself sees it."""
        values = {"follower_id": follower_id, "after_time": after[0], "after_id": after[1], "size": size}
        return (await self.database.read(LIST_OWN_FOLLOWING, values)).all()

    async def list_followed_among(self, follower_id: UUID, ids: Collection[UUID]) -> Sequence[UUID]:
        """Which of these people a person follows."""
        values = {"follower_id": follower_id, "ids": list(ids)}
        return (await self.database.read(LIST_FOLLOWED_AMONG, values)).column()
