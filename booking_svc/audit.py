"""The proof that no place is sold twice: everything is added up again."""

from typing import NamedTuple
from uuid import UUID

from booking_svc.store.audit import AuditStore
from mesh.database import Row

PAGE = 5000
MOST = 1000
"""Differences that are reported; with so many it does not matter how many more there are."""


class Report(NamedTuple):
    """What an audit found."""

    announcements: int
    events: int
    differences: list[Row]


class Audit:
    """Recomputes places from the ledger and from the bookings."""

    def __init__(self, store: AuditStore) -> None:
        self.store = store

    async def run(self) -> Report:
        """Looks at every announcement, a few thousand at one moment."""
        announcements, events, after = 0, 0, UUID(int=0)
        differences: list[Row] = []
        while page := await self.store.list(after, PAGE):
            announcements += len(page)
            events += sum(int(row.events) for row in page)
            differences += [row for row in page if differs(row)]
            after = page[-1].id
        return Report(announcements, events, differences[:MOST])


def differs(row: Row) -> bool:
    """Whether an announcement's places do not add up."""
    consistent = row.places_taken == row.by_events == row.by_bookings and row.places_taken <= row.tickets_count
    return not consistent or bool(row.booking_ids)
