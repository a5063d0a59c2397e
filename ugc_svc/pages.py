"""Pages of people, oldest first. The other services read long lists, so they get longer pages."""

from collections.abc import Sequence
from uuid import UUID

from mesh import caller, paging
from mesh.database import Row
from mesh.paging import Place

LARGEST_FOR_SERVICES = 1000


def size(asked: int) -> int:
    """How many rows a page has for the current caller."""
    largest = LARGEST_FOR_SERVICES if caller.current().caller.service else paging.LARGEST_SIZE
    return paging.page_size(asked, largest)


def place(token: str, *scope: object) -> Place:
    """Where a page begins. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
    return paging.decode_place(token, *scope) or paging.BEGINNING


def cut(rows: Sequence[Row], size: int, *scope: object) -> tuple[list[UUID], str]:
    """The ids of a page and the next page's token, from a list that was asked for one row more than the page has."""
    page, token = paging.cut(rows, size, lambda last: paging.encode_place(last.create_time, last.id, *scope))
    return [row.id for row in page], token
