"""Groups of people."""

from datetime import UTC, datetime
from uuid import UUID

from auth_svc.store import AuthStore
from mesh import paging
from mesh.errors import NotFound

BEGINNING = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


class Groups:
    """Groups and their members."""

    def __init__(self, store: AuthStore) -> None:
        self.store = store

    async def list_members(self, group: str, page_size: int, page_token: str) -> tuple[list[UUID], str]:
        """Ids of members, oldest membership first, and the next page's token, empty on the last page.

        Raises NotFound (GROUP_NOT_FOUND), InvalidArgument (INVALID_PAGE_TOKEN).
        """
        size = paging.page_size(page_size)
        rows = await self.store.list_members(group, paging.decode_place(page_token, group) or BEGINNING, size + 1)
        if not rows and not await self.store.group_exists(group):
            raise NotFound("GROUP_NOT_FOUND", "there is no such group")
        page, more = rows[:size], len(rows) > size
        token = paging.encode_place(page[-1].join_time, page[-1].user_id, group) if more else ""
        return [row.user_id for row in page], token
