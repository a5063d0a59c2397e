"""SQL of what happens by itself when evenings begin."""

from datetime import datetime

from sqlalchemy import text

from booking_svc.schema import NOBODY
from booking_svc.store.events import TELL
from mesh.database import Connection

LOCK_BEGUN = text(
    """SELECT id FROM announcements WHERE NOT begun AND will IN ('PUBLISHED', 'CLOSED') AND event_time <= :now
    ORDER BY event_time LIMIT :count FOR NO KEY UPDATE SKIP LOCKED"""
)
# What nobody decided until the evening began ends with it, and its guest may go elsewhere.
EXPIRE = text(
    f"""WITH expired AS (
        UPDATE bookings SET state = 'EXPIRED', update_time = :now, promoted = false
        WHERE announcement_id = ANY(:ids) AND state IN ('PENDING', 'WAITLISTED')
        RETURNING id, announcement_id, guest_id
    ), freed AS (
        DELETE FROM engagements USING expired
        WHERE engagements.announcement_id = expired.announcement_id AND engagements.person_id = expired.guest_id
    ), begun AS (
        UPDATE announcements SET begun = true WHERE id = ANY(:ids)
    ), told AS (
        INSERT INTO booking_events (announcement_id, booking_id, places_delta, kind, cause, actor_id, create_time)
        SELECT announcement_id, id, 0, 'booking_status', 'expired', :actor, :now FROM expired ORDER BY id RETURNING id
    )
    SELECT enqueue_job('{TELL}', string_agg(uuid_send(id), ''::bytea)) FROM told HAVING count(*) > 0"""
)


async def expire(connection: Connection, now: datetime, count: int) -> int:
    """Ends what was not decided at up to `count` evenings that have begun; returns how many evenings."""
    begun = (await connection.execute(LOCK_BEGUN, {"now": now, "count": count})).column()
    if begun:
        await connection.execute(EXPIRE, {"ids": begun, "now": now, "actor": NOBODY})
    return len(begun)
