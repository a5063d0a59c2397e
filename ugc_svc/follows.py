"""Who follows whom."""

from collections.abc import Collection, Sequence
from uuid import UUID

from mesh.errors import FailedPrecondition
from ugc_svc import pages
from ugc_svc.peers import Peers
from ugc_svc.store import FollowStore


class Follows:
    """People who follow people; two who follow each other are friends."""

    def __init__(self, store: FollowStore, peers: Peers) -> None:
        self.store = store
        self.peers = peers

    async def begin(self, follower_id: UUID, followed_id: UUID) -> None:
        """Follows, once.

        Raises FailedPrecondition (SELF_REFERENCE), NotFound (USER_NOT_FOUND), Unavailable (PEER_UNAVAILABLE).
        """
        if follower_id == followed_id:
            raise FailedPrecondition("SELF_REFERENCE", "nobody follows himself")
        await self.peers.require_user(followed_id)
        await self.store.add(follower_id, followed_id)

    async def end(self, follower_id: UUID, followed_id: UUID) -> None:
        """Ends following; that there was none is no error."""
        await self.store.remove(follower_id, followed_id)

    async def list_followers(self, user_id: UUID, page_size: int, page_token: str) -> tuple[list[UUID], str]:
        """A page of a person's followers and the next page's token. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
        scope = ("followers", user_id)
        size = pages.size(page_size)
        rows = await self.store.list_followers(user_id, pages.place(page_token, *scope), size + 1)
        return pages.cut(rows, size, *scope)

    async def list_following(self, user_id: UUID, page_size: int, page_token: str) -> tuple[list[UUID], str]:
        """A page of those whom a person follows and the next page's token. Raises InvalidArgument
        (INVALID_PAGE_TOKEN).
        """
        scope = ("following", user_id)
        size = pages.size(page_size)
        rows = await self.store.list_following(user_id, pages.place(page_token, *scope), size + 1)
        return pages.cut(rows, size, *scope)

    async def list_followed_among(self, follower_id: UUID, ids: Collection[UUID]) -> Sequence[UUID]:
        """Which of these people a person follows."""
        return await self.store.list_followed_among(follower_id, ids)
