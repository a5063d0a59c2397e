"""Groups of people."""

from uuid import UUID

from auth_svc.store.groups import GroupStore
from auth_svc.store.roles import Change, RoleStore
from auth_svc.store.users import UserStore
from mesh import clock, idempotency, paging
from mesh.database import Database
from mesh.errors import NotFound


class Groups:
    """Groups and their members."""

    def __init__(self, database: Database, store: GroupStore, users: UserStore, roles: RoleStore) -> None:
        self.database = database
        self.store = store
        self.users = users
        self.roles = roles

    async def add_member(self, actor_id: UUID, group: str, user_id: UUID) -> None:
        """Takes a user into a group. Raises NotFound (USER_NOT_FOUND)."""
        await self.users.get(user_id)
        async with idempotency.claiming(self.database) as connection:
            now = clock.now()
            if await self.store.add_member(connection, group, user_id, now):
                await self.roles.record(connection, Change(actor_id, user_id, f"group:{group}", "out", "in"), now)

    async def remove_member(self, actor_id: UUID, group: str, user_id: UUID) -> None:
        """Puts a user out of a group."""
        async with idempotency.claiming(self.database) as connection:
            if await self.store.remove_member(connection, group, user_id):
                change = Change(actor_id, user_id, f"group:{group}", "in", "out")
                await self.roles.record(connection, change, clock.now())

    async def list_members(self, group: str, page_size: int, page_token: str) -> tuple[list[UUID], str]:
        """Ids of members, oldest membership first, and the next page's token, empty on the last page.

        Raises NotFound (GROUP_NOT_FOUND), InvalidArgument (INVALID_PAGE_TOKEN).
        """
        size = paging.page_size(page_size)
        after = paging.decode_place(page_token, group) or paging.BEGINNING
        rows = await self.store.list_members(group, after, size + 1)
        if not rows and not await self.store.exists(group):
            raise NotFound("GROUP_NOT_FOUND", "there is no such group")
        page, token = paging.cut(rows, size, lambda last: paging.encode_place(last.join_time, last.user_id, group))
        return [row.user_id for row in page], token
