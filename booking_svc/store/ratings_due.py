"""SQL of whom a person may still rate."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from booking_svc.schema import LONGEST
from booking_svc.store.moments import interval
from booking_svc.store.ratings import MAY_RATE, NOW, WINDOW
from mesh import clock
from mesh.database import Database, Row
from mesh.paging import BEGINNING, Place


def side(mine: str, rated: str, *, of_host: bool) -> str:
    """Those whom a person may rate as one of a booking's two, by the time that is left."""
    return f"""(
        SELECT b.id, b.announcement_id, a.title, {rated} AS rated_id, {of_host} AS of_host, a.end_time,
            a.end_time + {WINDOW} AS until
        FROM bookings b JOIN announcements a ON a.id = b.announcement_id
        WHERE {mine} = :person AND {MAY_RATE} AND {LATELY} AND (a.end_time, b.id) > (:after_time, :after_id)
        AND NOT EXISTS (
            SELECT FROM ratings AS own
            WHERE own.announcement_id = a.id AND own.rater_id = :person AND own.rated_id = {rated}
        )
        ORDER BY a.end_time, b.id LIMIT :count
    )"""


# What an index of a host's evenings knows of them: when they began.
LATELY = f"a.event_time > {NOW} - {WINDOW} - {interval(LONGEST)} AND a.event_time <= {NOW}"
LIST = text(
    f"""SELECT * FROM (
        {side("b.guest_id", "a.author_id", of_host=True)} UNION ALL {side("a.author_id", "b.guest_id", of_host=False)}
    ) AS due ORDER BY end_time, id LIMIT :count"""
)


class RatingsDueStore:
    """Whom people may still rate."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def list(self, person: UUID, after: Place | None, count: int) -> Sequence[Row]:
        """At most `count` of those whom a person may still rate, the least time left first."""
        after_time, after_id = after or BEGINNING
        values = {"person": person, "after_time": after_time, "after_id": after_id, "count": count, "now": clock.now()}
        return (await self.database.read(LIST, values)).all()
