"""Who wants to hear of evenings with a film."""

from functools import partial
from uuid import UUID

from ugc_svc import pages
from ugc_svc.peers import Peers
from ugc_svc.store.subscriptions import SubscriptionStore


class Subscriptions:
    """Subscriptions to films."""

    def __init__(self, store: SubscriptionStore, peers: Peers) -> None:
        self.store = store
        self.peers = peers

    async def begin(self, user_id: UUID, movie_id: UUID) -> None:
        """Subscribes, once. Raises NotFound (MOVIE_NOT_FOUND), Unavailable (PEER_UNAVAILABLE)."""
        await self.peers.require_movie(movie_id)
        await self.store.add(movie_id, user_id)

    async def end(self, user_id: UUID, movie_id: UUID) -> None:
        """Ends a subscription; that there was none is no error. A film that is gone can still be left."""
        await self.store.remove(movie_id, user_id)

    async def list_subscribers(self, movie_id: UUID, page_size: int, page_token: str) -> tuple[list[UUID], str]:
        """A page of a film's subscribers and the next page's token. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
        read = partial(self.store.list_subscribers, movie_id)
        return await pages.page(read, page_size, page_token, "subscribers", movie_id)

    async def list_subscriptions(self, user_id: UUID, page_size: int, page_token: str) -> tuple[list[UUID], str]:
        """A page of a person's films and the next page's token. Raises as list_subscribers()."""
        read = partial(self.store.list_subscriptions, user_id)
        return await pages.page(read, page_size, page_token, "subscriptions", user_id)
