"""What moderators decide about films: which ones evenings may be announced for, and what is wrong in the catalogue."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from mesh import clock, idempotency, paging
from mesh.database import Database, Row
from mesh.errors import FailedPrecondition, NotFound
from movie_svc.store.moderation import Change, ModerationStore

LATEST = UUID(int=2**128 - 1)


class Moderation:
    """The bookable group and corrections."""

    def __init__(self, database: Database, store: ModerationStore) -> None:
        self.database = database
        self.store = store

    async def decide(self, actor_id: UUID, movie_id: UUID, decided: Mapping[str, Any], reason: str) -> Row:
        """The film with these values of columns; what it had already is no change, but a moderator's word from now on.

        Raises NotFound (MOVIE_NOT_FOUND), FailedPrecondition (MOVIE_NOT_BOOKABLE).
        """
        async with idempotency.claiming(self.database) as connection:
            before = await self.store.lock(connection, movie_id)
            if before is None:
                raise NotFound("MOVIE_NOT_FOUND", "the catalogue has no such film")
            if decided.get("bookable") and before.running_time is None:
                raise FailedPrecondition("MOVIE_NOT_BOOKABLE", "nobody knows how long this film runs")
            after = await self.store.set(connection, movie_id, decided)
            for name in decided:
                if before[name] != after[name]:
                    change = Change(actor_id, movie_id, name, told(before[name]), told(after[name]), reason)
                    await self.store.record(connection, change, clock.now())
            await idempotency.settle(connection, movie_id)
        return after

    async def list_changes(self, movie_id: UUID | None, page_size: int, page_token: str) -> tuple[Sequence[Row], str]:
        """A page of changes, newest first, and the next page's token. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
        scope = ("movie_changes", movie_id)
        size = paging.page_size(page_size)
        before = paging.decode_id(page_token, *scope) or LATEST
        rows = await self.store.list(movie_id, before, size + 1)
        return paging.cut(rows, size, lambda last: paging.encode_id(last.id, *scope))


def told(value: object) -> str:
    """A column's value as text."""
    return str(value).lower() if isinstance(value, bool) else str("" if value is None else value)
