"""SQL of groups."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from mesh.database import Connection, Database, Row
from mesh.paging import Place

GROUP_EXISTS = text("SELECT 1 FROM groups WHERE name = :group")
LIST_MEMBERS = text(
    """SELECT user_id, join_time FROM group_members
    WHERE group_name = :group AND (join_time, user_id) > (:after_time, :after_id)
    ORDER BY join_time, user_id LIMIT :count"""
)

ADD_GROUP = text("INSERT INTO groups (name, create_time) VALUES (:group, :now) ON CONFLICT DO NOTHING")
ADD_MEMBER = text(
    """INSERT INTO group_members (group_name, user_id, join_time)
    SELECT :group, id, :now FROM users WHERE id = :user_id ON CONFLICT DO NOTHING RETURNING 1"""
)
REMOVE_MEMBER = text("DELETE FROM group_members WHERE group_name = :group AND user_id = :user_id RETURNING 1")


class GroupStore:
    """Groups and their members."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def exists(self, group: str) -> bool:
        """Whether there is such a group."""
        return (await self.database.read(GROUP_EXISTS, {"group": group})).first() is not None

    async def list_members(self, group: str, after: Place, count: int) -> Sequence[Row]:
        """At most `count` members who joined after this point, oldest membership first."""
        values = {"group": group, "after_time": after[0], "after_id": after[1], "count": count}
        return (await self.database.read(LIST_MEMBERS, values)).all()

    async def add_member(self, connection: Connection, group: str, user_id: UUID, now: datetime) -> bool:
        """Takes a user into a group, which is made if there is none; whether he was not in it."""
        values = {"group": group, "user_id": user_id, "now": now}
        await connection.execute(ADD_GROUP, values)
        return (await connection.execute(ADD_MEMBER, values)).first() is not None

    async def remove_member(self, connection: Connection, group: str, user_id: UUID) -> bool:
        """Puts a user out of a group; whether he was in it."""
        return (await connection.execute(REMOVE_MEMBER, {"group": group, "user_id": user_id})).first() is not None
