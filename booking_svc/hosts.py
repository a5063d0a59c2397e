"""Hosts, for guests who have picked a film and look for somebody who shows it."""

from collections.abc import Sequence
from uuid import UUID

from booking_svc.peers import Follows
from booking_svc.store.hosts import HostStore
from mesh import caller as calling
from mesh import paging
from mesh.caller import Caller
from mesh.database import Row
from mesh.errors import Unavailable


class Hosts:
    """People with evenings to come."""

    def __init__(self, store: HostStore, follows: Follows) -> None:
        self.store = store
        self.follows = follows

    async def list(self, caller: Caller, movie: UUID | None, size: int, token: str) -> tuple[Sequence[Row], str]:
        """A page of hosts, of a film's evenings if one is given, and the next page's token.

        Private evenings of hosts whom the caller follows are left out while ugc does not answer, which he is told.
        Raises InvalidArgument (INVALID_PAGE_TOKEN).
        """
        assert caller.user_id is not None
        after, size = paging.decode_place(token, movie), paging.page_size(size)
        followed: set[UUID] = set()
        try:
            async for page in self.follows.following(caller.user_id):
                followed.update(page)
        except Unavailable:
            calling.degraded("ugc")
        rows = await self.store.list(caller, movie, followed, after, size + 1)
        return paging.cut(rows, size, lambda last: paging.encode_place(last.event_time, last.author_id, movie))
