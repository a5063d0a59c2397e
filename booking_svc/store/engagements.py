"""SQL of people's time. All of it runs in the transaction that has locked the evening."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text

from booking_svc.schema import HOST_SLOT
from mesh.database import Connection

HOLD = text(
    """INSERT INTO engagements (person_id, announcement_id, slot, during)
    VALUES (:person_id, :announcement_id, :slot, tstzrange(:begins, :ends)) ON CONFLICT DO NOTHING RETURNING slot"""
)
FREE = text("DELETE FROM engagements WHERE announcement_id = :announcement_id AND person_id = :person_id")
FREE_ALL = text("DELETE FROM engagements WHERE announcement_id = :announcement_id")
CLASHING = text(
    """SELECT DISTINCT mine.person_id FROM engagements mine
    JOIN engagements other ON other.person_id = mine.person_id AND other.announcement_id <> mine.announcement_id
        AND other.slot <> mine.slot AND other.during && tstzrange(:begins, :ends)
    WHERE mine.announcement_id = :announcement_id ORDER BY 1"""
)
RESCHEDULE = text("UPDATE engagements SET during = tstzrange(:begins, :ends) WHERE announcement_id = :announcement_id")


async def hold(connection: Connection, person_id: UUID, announcement: Any, slot: UUID = HOST_SLOT) -> bool:
    """Keeps a person's time for an evening; False if he is elsewhere then."""
    parameters = {**span(announcement), "person_id": person_id, "slot": slot}
    return (await connection.execute(HOLD, parameters)).first() is not None


async def free(connection: Connection, person_id: UUID, announcement_id: UUID) -> None:
    """Gives a person's time back."""
    await connection.execute(FREE, {"person_id": person_id, "announcement_id": announcement_id})


async def free_all(connection: Connection, announcement_id: UUID) -> None:
    """Gives everybody's time back."""
    await connection.execute(FREE_ALL, {"announcement_id": announcement_id})


async def clashing(connection: Connection, announcement: Any) -> Sequence[UUID]:
    """Who of an evening's people is elsewhere at its (new) time."""
    return (await connection.execute(CLASHING, span(announcement))).column()


async def reschedule(connection: Connection, announcement: Any) -> bool:
    """Moves everybody's time to the evening's; False if somebody has just become busy then."""
    try:
        await connection.execute(RESCHEDULE, span(announcement))
    except asyncpg.IntegrityConstraintViolationError:
        return False
    return True


def span(announcement: Any) -> dict[str, Any]:
    """An evening's time as parameters."""
    return {
        "announcement_id": announcement.id,
        "begins": announcement.event_time,
        "ends": announcement.end_time,
    }
