"""Films and how they are found."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from mesh import paging
from mesh.database import Row
from movie_svc.search import Search
from movie_svc.store.movies import MovieStore


class Movies:
    """The catalogue."""

    def __init__(self, store: MovieStore, search: Search) -> None:
        self.store = store
        self.search = search

    async def get(self, movie_id: UUID) -> Row:
        """A film. Raises NotFound (MOVIE_NOT_FOUND)."""
        return await self.store.get(movie_id)

    async def titles(self, movie_id: UUID) -> Sequence[Row]:
        """What a film is called elsewhere, at most 1,000 titles."""
        return await self.store.list_titles(movie_id)

    async def get_many(self, ids: Collection[UUID]) -> Sequence[Row]:
        """Those of the films that exist, in no order."""
        return await self.store.get_many(ids)

    async def list(self, wanted: dict[str, Any], page_size: int, page_token: str) -> tuple[Sequence[Row], str]:
        """Films by title, those of a search the best first; and the next page's token, empty on the last page.

        `wanted` may hold query (what somebody typed), bookable, genre, year, year_from, year_to and person.
        Raises InvalidArgument (INVALID_PAGE_TOKEN).
        """
        if query := wanted.pop("query", ""):
            return await self.search.find(query, wanted, page_size, page_token)
        size, scope = paging.page_size(page_size), sorted(wanted.items())
        rows = await self.store.list(wanted, position(page_token, scope), size + 1)
        return paging.cut(rows, size, lambda last: paging.encode((last.title_key, str(last.id)), "movies", scope))


def position(page_token: str, scope: Sequence[tuple[str, Any]]) -> tuple[str, UUID] | None:
    """Behind which film the page begins. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
    key = paging.decode(page_token, 2, "movies", scope)
    if key is None:
        return None
    try:
        return key[0], UUID(key[1])
    except ValueError:
        raise paging.foreign() from None
