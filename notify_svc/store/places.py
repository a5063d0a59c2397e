"""How far the live streams have read in the inboxes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from mesh.database import Database, Row
from mesh.errors import NotFound
from notify_svc.store.notices import COLUMNS

# A stream goes on behind the first words of the notice that its reader has last: he may not have its newer ones.
FIND_PLACE = text("SELECT arrival FROM notices WHERE id = :id AND recipient_id = :recipient_id AND shown")
FIND_LAST_PLACES = text(
    "SELECT recipient_id, last_place FROM inboxes WHERE recipient_id = ANY(CAST(:recipient_ids AS uuid[]))"
)
LIST_NEWS = text(
    f"""SELECT reader.number, notice.* FROM unnest(
        CAST(:recipient_ids AS uuid[]), CAST(:places AS bigint[])
    ) WITH ORDINALITY AS reader (recipient_id, place, number) CROSS JOIN LATERAL (
        SELECT {COLUMNS}, place FROM notices
        WHERE notices.recipient_id = reader.recipient_id AND notices.place > reader.place AND shown
        ORDER BY notices.place LIMIT :size
    ) AS notice ORDER BY reader.number, notice.place"""
)


class PlaceStore:
    """Everybody's inbox, in the order in which notices came into it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def get_place(self, recipient_id: UUID, notice_id: UUID) -> int:
        """Behind which place a person goes on who has this notice. Raises NotFound (NOTICE_NOT_FOUND)."""
        values = {"id": notice_id, "recipient_id": recipient_id}
        place = (await self.database.read(FIND_PLACE, values)).scalar()
        if place is None:
            raise NotFound("NOTICE_NOT_FOUND", "the caller has no such notice")
        return int(place)

    async def last_places(self, recipient_ids: Sequence[UUID]) -> dict[UUID, int]:
        """The last place that each of these people's notices have taken; without those who never had a notice."""
        rows = (await self.database.read(FIND_LAST_PLACES, {"recipient_ids": recipient_ids})).all()
        return {row.recipient_id: row.last_place for row in rows}

    async def list_news(self, readers: Sequence[tuple[UUID, int]], size: int) -> Sequence[Sequence[Row]]:
        """For each person the first notices behind a place, in the order of their places."""
        recipient_ids, places = zip(*readers, strict=True)
        values = {"recipient_ids": recipient_ids, "places": places, "size": size}
        found: Sequence[Any] = [[] for _ in readers]
        for row in (await self.database.read(LIST_NEWS, values)).all():
            found[row.number - 1].append(row)
        return found
