"""Groups of people."""

from uuid import UUID

from auth_svc.store.groups import GroupStore
from mesh import paging
from mesh.errors import NotFound


class Groups:
    """Groups and their members."""

    def __init__(self, store: GroupStore) -> None:
        self.store = store

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
