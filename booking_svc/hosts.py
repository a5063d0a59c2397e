"""Hosts, for guests who have picked a film and look for somebody who shows it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from booking_svc.peers import Follows
from booking_svc.store.hosts import HostStore, Rank
from mesh import paging
from mesh.caller import Caller
from mesh.database import Row

RATING = ("order by", "rating")
ABOVE_ALL = 11.0
"""No score is higher."""


class Hosts:
    """People with evenings to come."""

    def __init__(self, store: HostStore, follows: Follows) -> None:
        self.store = store
        self.follows = follows

    async def list(
        self, caller: Caller, movie: UUID | None, by_rating: bool, size: int, token: str
    ) -> tuple[Sequence[Row], str]:
        """A page of hosts, of a film's evenings if one is given, and the next page's token.

        Private evenings of hosts whom the caller follows are left out while ugc does not answer, which he is told.
        Raises InvalidArgument (INVALID_PAGE_TOKEN).
        """
        assert caller.user_id is not None
        size, followed = paging.page_size(size), await self.follows.known_following(caller.user_id)
        if by_rating:
            rank = decode_rank(token, movie)
            rows = await self.store.list_best(caller, movie, followed, rank, size + 1)
            return paging.cut(rows, size, lambda last: encode_rank(last, movie))
        after = paging.decode_place(token, movie)
        rows = await self.store.list_soonest(caller, movie, followed, after, size + 1)
        return paging.cut(rows, size, lambda last: paging.encode_place(last.event_time, last.author_id, movie))


def encode_rank(last: Row, movie: UUID | None) -> str:
    """The token that goes on behind a host in the list of the best."""
    time = paging.BEGINNING[0] if last.bound else last.event_time
    return paging.encode((repr(last.bound), time.isoformat(), str(last.author_id)), *RATING, movie)


def decode_rank(token: str, movie: UUID | None) -> Rank:
    """What encode_rank() was given; before the first host for an empty token. Raises InvalidArgument."""
    key = paging.decode(token, 3, *RATING, movie)
    if key is None:
        return Rank(ABOVE_ALL, *paging.BEGINNING)
    try:
        return Rank(float(key[0]), datetime.fromisoformat(key[1]).astimezone(UTC), UUID(key[2]))
    except (ValueError, OverflowError):
        raise paging.foreign() from None
