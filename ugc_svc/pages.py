"""Pages of ids, oldest first. The other services read long lists, so they get longer pages."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from mesh import caller, paging
from mesh.database import Row
from mesh.paging import Place

LARGEST_FOR_SERVICES = 1000


def size(asked: int) -> int:
    """How many rows a page has for the current caller."""
    largest = LARGEST_FOR_SERVICES if caller.current().caller.service else paging.LARGEST_SIZE
    return paging.page_size(asked, largest)


async def page(
    read: Callable[[Place, int], Awaitable[Sequence[Row]]], asked: int, token: str, *scope: object
) -> tuple[list[UUID], str]:
    """The ids of a page and the next page's token; `read` returns `id` and `create_time` of rows behind a place.

    Raises InvalidArgument (INVALID_PAGE_TOKEN).
    """
    most = size(asked)
    rows = await read(paging.decode_place(token, *scope) or paging.BEGINNING, most + 1)
    cut, next_token = paging.cut(rows, most, lambda last: paging.encode_place(last.create_time, last.id, *scope))
    return [row.id for row in cut], next_token
