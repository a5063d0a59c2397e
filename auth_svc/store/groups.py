"""SQL of groups."""

from collections.abc import Sequence

from sqlalchemy import text

from mesh.database import Database, Row
from mesh.paging import Place

GROUP_EXISTS = text("SELECT 1 FROM groups WHERE name = :group")
LIST_MEMBERS = text(
    """SELECT user_id, join_time FROM group_members
    WHERE group_name = :group AND (join_time, user_id) > (:after_time, :after_id)
    ORDER BY join_time, user_id LIMIT :count"""
)


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
