"""SQL that foretells what somebody will be told."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from booking_svc.schema import HOST_SLOT
from booking_svc.store.moments import MOMENTS, TAKES_PLACE
from mesh import clock
from mesh.database import Database, Row

After = tuple[datetime, UUID, str]
"""Time, subject and kind of the last row of the page before."""
OVERDUE = timedelta(days=1)
"""For how long it is foretold that an evening is over while notify does not answer."""
PLANNED = " UNION ALL ".join(
    f"""SELECT '{moment.kind}' AS kind, a.id AS subject, {moment.time} AS time FROM mine AS a
    WHERE {moment.pending} AND {moment.is_told("a.joined")}"""
    for moment in MOMENTS
)
# Whoever hosts an evening that is to come, or has a place at it, is engaged then.
LIST = text(
    f"""WITH mine AS (
        SELECT a.*, coalesce(b.accept_time, a.publish_time) AS joined
        FROM engagements e JOIN announcements a ON a.id = e.announcement_id LEFT JOIN bookings b ON b.id = e.slot
        WHERE e.person_id = :person AND e.during && tstzrange(:earliest, NULL) AND {TAKES_PLACE}
        AND (e.slot = '{HOST_SLOT}' OR b.state = 'ACCEPTED')
    ), planned AS ({PLANNED})
    SELECT kind, subject, time FROM planned WHERE (time, subject, kind) > (:after_time, :after_subject, :after_kind)
    ORDER BY time, subject, kind LIMIT :count"""
)


class PlanStore:
    """What is to come."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def list(self, person: UUID, after: After, count: int) -> Sequence[Row]:
        """At most `count` notices that a person will get, soonest first."""
        now = clock.now()
        after_time, after_subject, after_kind = after
        values = {
            "person": person,
            "now": now,
            "earliest": now - OVERDUE,
            "after_time": after_time,
            "after_subject": after_subject,
            "after_kind": after_kind,
            "count": count,
        }
        return (await self.database.read(LIST, values)).all()
