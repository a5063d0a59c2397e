"""Who asks whom to be friends, and who are."""

from collections.abc import Collection, Sequence
from functools import partial
from uuid import UUID

from mesh.database import Database
from mesh.errors import NotFound
from ugc_svc import pages
from ugc_svc.approaches import approaching
from ugc_svc.peers import Peers
from ugc_svc.store import pairs
from ugc_svc.store.friends import FriendStore


class Friends:
    """Friends are both ways: one asks, the other accepts. Who asks one who blocks him asks in his own eyes only."""

    def __init__(self, database: Database, store: FriendStore, peers: Peers) -> None:
        self.database = database
        self.store = store
        self.peers = peers

    async def ask(self, sender_id: UUID, receiver_id: UUID) -> None:
        """Asks, once; both are friends when the other has asked as well. Raises as approaching()."""
        async with approaching(self.database, self.peers, sender_id, receiver_id) as (connection, known):
            if known.is_asked:
                # Also by a request from the time of a block that has ended: its sender still sees it.
                await self.store.befriend(connection, sender_id, receiver_id)
            elif not known.are_friends:
                await self.store.ask(connection, sender_id, receiver_id, hidden=known.is_blocked)

    async def accept(self, receiver_id: UUID, sender_id: UUID) -> None:
        """Accepts; a friend is accepted already. Raises NotFound (FRIEND_REQUEST_NOT_FOUND)."""
        async with pairs.deciding(self.database, receiver_id, sender_id) as connection:
            known = await pairs.between(connection, receiver_id, sender_id)
            if known.is_asked_openly:
                await self.store.befriend(connection, receiver_id, sender_id)
            elif not known.are_friends:
                raise NotFound("FRIEND_REQUEST_NOT_FOUND", "this person does not ask to be the caller's friend")

    async def end_request(self, person_id: UUID, other_id: UUID) -> None:
        """Declines the other's request or takes one's own back; that there is none is no error."""
        await self.store.end_requests(person_id, other_id)

    async def unfriend(self, person_id: UUID, other_id: UUID) -> None:
        """Ends a friendship; that there is none is no error."""
        await self.store.unfriend(person_id, other_id)

    async def list_requests(
        self, person_id: UUID, page_size: int, page_token: str, *, outgoing: bool
    ) -> tuple[list[UUID], str]:
        """A page of those who ask a person, or whom he asks, and the next page's token.

        Raises InvalidArgument (INVALID_PAGE_TOKEN).
        """
        read = partial(self.store.list_requests, person_id, outgoing=outgoing)
        return await pages.page(read, page_size, page_token, "friend requests", person_id, outgoing)

    async def list_friends(self, person_id: UUID, page_size: int, page_token: str) -> tuple[list[UUID], str]:
        """A page of a person's friends and the next page's token. Raises as list_requests()."""
        read = partial(self.store.list_friends, person_id)
        return await pages.page(read, page_size, page_token, "friends", person_id)

    async def list_open_among(self, person_id: UUID, ids: Collection[UUID]) -> Sequence[UUID]:
        """Which of these people are a person's friends and show their evenings to friends."""
        return await self.store.list_open_friends_among(person_id, ids)
