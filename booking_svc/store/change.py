"""SQL that changes evenings and bookings, all of it inside one transaction."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Executable, insert, text, update

from booking_svc.schema import LIVE, Announcement, one_of
from booking_svc.store import bookings, engagements
from booking_svc.store.announcements import COLUMNS
from booking_svc.store.bookings import Application
from booking_svc.store.events import FAN_OUT, TELL
from booking_svc.store.ratings import reveal
from mesh import clock, idempotency, jobs
from mesh.database import Connection, Database, Row
from mesh.errors import AlreadyExists, NotFound

LOCK_ANNOUNCEMENT = text(f"SELECT {COLUMNS} FROM announcements a WHERE a.id = :id FOR NO KEY UPDATE")
FIND_ANNOUNCEMENT_OF = text("SELECT announcement_id FROM bookings WHERE id = :id")
BOOKING_COLUMNS = "id, announcement_id, guest_id, state, tickets, accept_time, promoted"
LOCK_BOOKINGS = text(
    f"""SELECT {BOOKING_COLUMNS} FROM bookings WHERE announcement_id = :announcement_id AND id = ANY(:ids)
    ORDER BY id FOR NO KEY UPDATE"""
)
LOCK_LIVE = text(
    f"""SELECT {BOOKING_COLUMNS} FROM bookings WHERE announcement_id = :announcement_id AND {one_of("state", LIVE)}
    ORDER BY id FOR NO KEY UPDATE"""
)
LOCK_WAITING = text(
    f"""SELECT {BOOKING_COLUMNS} FROM bookings WHERE announcement_id = :announcement_id AND state = 'WAITLISTED'
    ORDER BY id FOR NO KEY UPDATE"""
)
PLACES_OFFERED = text(
    """SELECT coalesce(sum(tickets), 0) FROM bookings
    WHERE announcement_id = :announcement_id AND state = 'PENDING' AND promoted"""
)
MOVE_PLACES = text(
    """UPDATE announcements SET places_taken = places_taken + :delta
    WHERE id = :id AND places_taken + :delta BETWEEN 0 AND tickets_count RETURNING places_taken"""
)
MOVE_BOOKING = text(
    """UPDATE bookings SET state = :new, update_time = :now, promoted = :promoted, decline_reason = :reason,
        accept_time = CASE WHEN :new = 'ACCEPTED' THEN CAST(:now AS timestamptz) ELSE accept_time END,
        guest_late_minutes = CASE :new WHEN 'ACCEPTED' THEN NULL
            WHEN 'WITHDRAWN' THEN coalesce(CAST(:late AS integer), guest_late_minutes) ELSE guest_late_minutes END,
        host_late_minutes = CASE :new WHEN 'ACCEPTED' THEN NULL
            WHEN 'WITHDRAWN' THEN host_late_minutes ELSE coalesce(CAST(:late AS integer), host_late_minutes) END
    WHERE id = :id AND state = :old RETURNING id"""
)
CANCEL_ALL = text(
    f"""UPDATE bookings SET state = 'CANCELLED', update_time = :now, promoted = false
    WHERE announcement_id = :id AND {one_of("state", LIVE)}"""
)
RECORD = text(
    """INSERT INTO booking_events
        (announcement_id, booking_id, places_delta, kind, cause, actor_id, detail, create_time)
    VALUES (:announcement_id, :booking_id, :places_delta, :kind, :cause, :actor_id, :detail, :now)
    RETURNING id"""
)


@asynccontextmanager
async def changing(database: Database) -> AsyncIterator["Change"]:
    """A transaction that takes the call's idempotency key, if it has one. Rolls back when anything is raised."""
    async with idempotency.claiming(database) as connection:
        yield Change(connection)


class Change:
    """What can be done in the transaction. Locks are taken in one order: the announcement, then bookings by id."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.now = clock.now()

    async def lock_announcement(self, announcement_id: UUID) -> Row:
        """The announcement, not to be changed by others. Raises NotFound (ANNOUNCEMENT_NOT_FOUND)."""
        row = (await self.connection.execute(LOCK_ANNOUNCEMENT, {"id": announcement_id})).one_or_none()
        if row is None:
            raise NotFound("ANNOUNCEMENT_NOT_FOUND", "there is no such announcement")
        # Others may have held it for a while: what happens from here on happens after what they did.
        self.now = clock.now()
        return row

    async def lock_booking(self, booking_id: UUID) -> tuple[Row, Row]:
        """A booking's announcement and the booking. Raises NotFound (BOOKING_NOT_FOUND)."""
        announcement_id = (await self.connection.execute(FIND_ANNOUNCEMENT_OF, {"id": booking_id})).scalar()
        if announcement_id is None:
            raise NotFound("BOOKING_NOT_FOUND", "there is no such booking")
        announcement = await self.lock_announcement(announcement_id)
        (booking,) = await self.lock_bookings(announcement_id, [booking_id])
        return announcement, booking

    async def lock_bookings(self, announcement_id: UUID, ids: Sequence[UUID]) -> Sequence[Row]:
        """Bookings of an announcement in the order of their ids; those that it does not have are left out."""
        return await self.rows(LOCK_BOOKINGS, announcement_id, ids=ids)

    async def lock_live_bookings(self, announcement_id: UUID) -> Sequence[Row]:
        """The pending, waiting and accepted bookings of an announcement."""
        return await self.rows(LOCK_LIVE, announcement_id)

    async def lock_waiting_bookings(self, announcement_id: UUID) -> Sequence[Row]:
        """Those who wait for a place, first come first."""
        return await self.rows(LOCK_WAITING, announcement_id)

    async def rows(self, statement: Executable, announcement_id: UUID, **values: Any) -> Sequence[Row]:
        """What a statement about an announcement returns."""
        return (await self.connection.execute(statement, {"announcement_id": announcement_id, **values})).all()

    async def places_offered(self, announcement_id: UUID) -> int:
        """Free places that those who waited have been offered and that their host has not given them yet."""
        offered = await self.connection.execute(PLACES_OFFERED, {"announcement_id": announcement_id})
        return int(offered.scalar())

    async def add_announcement(self, values: dict[str, Any]) -> UUID:
        """A new announcement. Raises AlreadyExists (ANNOUNCEMENT_EXISTS)."""
        row = {**values, "create_time": self.now, "update_time": self.now}
        statement = insert(Announcement).values(row).returning(Announcement.id)
        try:
            announcement_id: UUID = (await self.connection.execute(statement)).scalar()
        except asyncpg.IntegrityConstraintViolationError as error:
            raise refused(error) from None
        return announcement_id

    async def edit_announcement(self, announcement_id: UUID, values: dict[str, Any]) -> None:
        """Changes columns and grows the version. Raises AlreadyExists (ANNOUNCEMENT_EXISTS)."""
        statement = update(Announcement).where(Announcement.id == announcement_id)
        changed = {**values, "update_time": self.now, "version": Announcement.version + 1}
        try:
            await self.connection.execute(statement.values(changed))
        except asyncpg.IntegrityConstraintViolationError as error:
            raise refused(error) from None

    async def apply(self, application: Application) -> Row | None:
        """As bookings.apply(). Holds the announcement first, so that the statement begins with what is there."""
        await self.connection.execute(LOCK_ANNOUNCEMENT, {"id": application.announcement_id})
        return (await bookings.apply(self.connection.execute, [application]))[0]

    async def move_booking(
        self,
        booking_id: UUID,
        old: str,
        new: str,
        *,
        promoted: bool = False,
        reason: str = "",
        late: int | None = None,
    ) -> bool:
        """Moves a booking from one state to another, once; False if its guest has another live one for the evening.

        `late` minutes before the evening: the guest's lateness if he withdraws, else the host's.
        """
        parameters = {
            "id": booking_id,
            "old": old,
            "new": new,
            "now": self.now,
            "promoted": promoted,
            "reason": reason,
            "late": late,
        }
        try:
            return (await self.connection.execute(MOVE_BOOKING, parameters)).first() is not None
        except asyncpg.IntegrityConstraintViolationError:
            return False

    async def move_places(self, announcement_id: UUID, delta: int) -> bool:
        """Takes or frees places; False if there are not as many."""
        moved = await self.connection.execute(MOVE_PLACES, {"id": announcement_id, "delta": delta})
        return moved.first() is not None

    async def cancel_bookings(self, announcement_id: UUID) -> None:
        """Cancels all live bookings and frees everybody's time."""
        await self.connection.execute(CANCEL_ALL, {"id": announcement_id, "now": self.now})
        await engagements.free_all(self.connection, announcement_id)

    async def reveal_ratings(self, announcement_id: UUID) -> None:
        """Shows an evening's ratings if nobody is left who may still rate."""
        await reveal(self.connection, [announcement_id], self.now)

    async def record(
        self,
        kind: str,
        cause: str,
        actor_id: UUID,
        announcement_id: UUID,
        *,
        booking_id: UUID | None = None,
        places_delta: int = 0,
        detail: dict[str, Any] | None = None,
        tell: bool = True,
    ) -> None:
        """Writes what happened and, unless it concerns nobody, the job that tells of it."""
        parameters = {
            "announcement_id": announcement_id,
            "booking_id": booking_id,
            "places_delta": places_delta,
            "kind": kind,
            "cause": cause,
            "actor_id": actor_id,
            "detail": detail or {},
            "now": self.now,
        }
        event_id = (await self.connection.execute(RECORD, parameters)).scalar()
        if tell:
            job = FAN_OUT if kind == "announcement_published" else TELL
            await jobs.enqueue(self.connection, job, event_id.bytes)

    async def settle(self, resource_id: UUID) -> None:
        """Notes what a repeated request is to be answered with."""
        await idempotency.settle(self.connection, resource_id)


def refused(error: "asyncpg.IntegrityConstraintViolationError") -> Exception:
    """The refusal behind a broken constraint; other defects stay what they are."""
    if error.constraint_name == "one_announcement_per_film_and_time":
        return AlreadyExists("ANNOUNCEMENT_EXISTS", "the host has announced this film for this very time")
    defect: Exception = error
    return defect
