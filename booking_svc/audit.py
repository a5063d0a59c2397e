"""The proof that no place is sold twice: everything is added up again."""

import time
from typing import NamedTuple
from uuid import UUID

from booking_svc.store.audit import AuditStore
from mesh import paging
from mesh.database import Row

PAGE = 5000
SECONDS = 4.0
"""How long one call adds up; what is left has to be asked for, because no call waits at the edge for longer than 10."""
SCOPE = "audit"


class Report(NamedTuple):
    """What an audit found."""

    announcements: int
    events: int
    differences: list[Row]
    next_page_token: str


class Audit:
    """Recomputes places from the ledger and from the bookings."""

    def __init__(self, store: AuditStore) -> None:
        self.store = store

    async def run(self, token: str) -> Report:
        """Looks at every announcement, a few thousand at one moment; stops for a token when it takes too long.

        Raises InvalidArgument (INVALID_PAGE_TOKEN).
        """
        until = time.monotonic() + SECONDS
        announcements, events, after = 0, 0, paging.decode_id(token, SCOPE) or UUID(int=0)
        differences: list[Row] = []
        while page := await self.store.list(after, PAGE):
            announcements += len(page)
            events += sum(int(row.events) for row in page)
            differences += [row for row in page if differs(row)]
            after = page[-1].id
            if time.monotonic() > until:
                return Report(announcements, events, differences, paging.encode_id(after, SCOPE))
        return Report(announcements, events, differences, "")


def differs(row: Row) -> bool:
    """Whether an announcement's places do not add up."""
    consistent = row.places_taken == row.by_events == row.by_bookings and row.places_taken <= row.tickets_count
    return not consistent or bool(row.booking_ids)
