"""SQL that finds out whom to tell of what because time has passed, and notes that it was done."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import TextClause, text

from booking_svc.store.moments import MOMENTS, TAKES_PLACE, Moment
from mesh.database import Connection, Row

EVENINGS, PEOPLE = 100, 2000
"""Most evenings, and about how many people, that are told together."""
LOCK = 4_242_001
"""Whoever has it sweeps; the other processes leave it to him."""
TAKE_TURN = text("SELECT pg_try_advisory_xact_lock(:lock)")


def due_statement(moment: Moment) -> TextClause:
    """The first evenings for which it has come, each with the guests to tell and whether to tell its host."""
    return text(
        f"""WITH soonest AS (
            SELECT a.* FROM announcements a WHERE {moment.due} AND {TAKES_PLACE} ORDER BY a.{moment.column} LIMIT :count
        ), counted AS (
            SELECT soonest.*, sum(places_taken) OVER so_far - places_taken AS people_before
            FROM soonest WINDOW so_far AS (ORDER BY {moment.column}, id)
        )
        SELECT a.id AS announcement_id, a.author_id, a.movie_id, a.title, a.event_time, a.end_time, a.event_location,
            a.city, a.address_for_guests_only, a.time_zone, a.version,
            {moment.is_told("a.publish_time")} AS host_is_told, ARRAY(
                SELECT b.guest_id FROM bookings b WHERE b.announcement_id = a.id AND {moment.states}
                AND {moment.is_told("b.accept_time")} ORDER BY b.id
            ) AS guests
        FROM counted a WHERE a.people_before < :people ORDER BY a.{moment.column}, a.id"""
    )


def note_statement(moment: Moment) -> TextClause:
    """Locks the rows in one order. An evening that was moved meanwhile stays due: noted is the time that it had."""
    return text(
        f"""WITH locked AS (
            SELECT id FROM announcements WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE
        )
        UPDATE announcements SET {moment.told}
        FROM locked JOIN unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) AS told (id, event_time) USING (id)
        WHERE announcements.id = locked.id"""
    )


DUE = {moment.kind: due_statement(moment) for moment in MOMENTS}
NOTE = {moment.kind: note_statement(moment) for moment in MOMENTS}


class Turn:
    """What one process finds and notes while it sweeps, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def take(self) -> bool:
        """Whether it is this process's turn; it has it until the transaction ends."""
        return bool((await self.connection.execute(TAKE_TURN, {"lock": LOCK})).scalar())

    async def due(self, kind: str, now: datetime) -> Sequence[Row]:
        """The first evenings for which a moment has come."""
        values = {"now": now, "count": EVENINGS, "people": PEOPLE}
        return (await self.connection.execute(DUE[kind], values)).all()

    async def note(self, kind: str, evenings: Sequence[Row]) -> None:
        """Notes that people were told."""
        ids = [evening.announcement_id for evening in evenings]
        times = [evening.event_time for evening in evenings]
        await self.connection.execute(NOTE[kind], {"ids": ids, "times": times})
