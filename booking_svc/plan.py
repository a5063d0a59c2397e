"""What somebody will be told because time passes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from booking_svc.store.plan import After, PlanStore
from mesh import paging
from mesh.database import Row

FIRST: After = (*paging.BEGINNING, "")


class Plan:
    """Reminders that are to come."""

    def __init__(self, store: PlanStore) -> None:
        self.store = store

    async def list(self, person: UUID, size: int, token: str) -> tuple[Sequence[Row], str]:
        """A page of what is to come, and the next page's token. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
        scope, size = ("plan", person), paging.page_size(size)
        rows = await self.store.list(person, place(paging.decode(token, 3, *scope)), size + 1)
        return paging.cut(rows, size, lambda last: paging.encode(key(last), *scope))


def key(row: Row) -> tuple[str, str, str]:
    """Where a row stands in the list."""
    return row.time.isoformat(), str(row.subject), row.kind


def place(found: Sequence[str] | None) -> After:
    """The place that a token names. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
    if found is None:
        return FIRST
    try:
        return datetime.fromisoformat(found[0]), UUID(found[1]), found[2]
    except ValueError:
        raise paging.foreign() from None
