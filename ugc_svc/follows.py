"""Who follows whom."""

from collections.abc import Collection, Sequence
from functools import partial
from uuid import UUID

from mesh import caller
from mesh.database import Database
from ugc_svc import pages
from ugc_svc.approaches import approaching
from ugc_svc.peers import Peers
from ugc_svc.store.follows import FollowStore

NOBODY = UUID(int=0)


class Follows:
    """People who follow people. One whom the followed person has blocked follows in his own eyes only."""

    def __init__(self, database: Database, store: FollowStore, peers: Peers) -> None:
        self.database = database
        self.store = store
        self.peers = peers

    async def begin(self, follower_id: UUID, followed_id: UUID) -> None:
        """Follows, once. Raises as approaching()."""
        async with approaching(self.database, self.peers, follower_id, followed_id) as (connection, known):
            await self.store.add(connection, follower_id, followed_id, hidden=known.is_blocked)

    async def end(self, follower_id: UUID, followed_id: UUID) -> None:
        """Ends following; that there was none is no error."""
        await self.store.remove(follower_id, followed_id)

    async def list_followers(self, user_id: UUID, page_size: int, page_token: str) -> tuple[list[UUID], str]:
        """A page of a person's followers, as the caller sees them, and the next page's token.

        Raises InvalidArgument (INVALID_PAGE_TOKEN).
        """
        identity = caller.current().caller
        viewer_id = NOBODY if identity.service else identity.user_id or NOBODY
        read = partial(self.store.list_followers, user_id, viewer_id)
        return await pages.page(read, page_size, page_token, "followers", user_id)

    async def list_following(self, user_id: UUID, page_size: int, page_token: str) -> tuple[list[UUID], str]:
        """A page of those whom a person follows and the next page's token. Raises as list_followers()."""
        read = partial(self.store.list_following, user_id)
        return await pages.page(read, page_size, page_token, "following", user_id)

    async def list_own_following(self, user_id: UUID, page_size: int, page_token: str) -> tuple[list[UUID], str]:
        """As list_following(), as the person himself sees it."""
        read = partial(self.store.list_own_following, user_id)
        return await pages.page(read, page_size, page_token, "own following", user_id)

    async def list_followed_among(self, follower_id: UUID, ids: Collection[UUID]) -> Sequence[UUID]:
        """Which of these people a person follows."""
        return await self.store.list_followed_among(follower_id, ids)
