"""SQL that writes and reads single ratings."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text

from booking_svc.schema import RATING_WINDOW, State, one_of
from booking_svc.store.moments import TAKES_PLACE, interval
from booking_svc.store.scores import count, listed
from mesh import clock, idempotency
from mesh.database import Connection, Database, Row
from mesh.paging import Place

PRESENT = (State.ACCEPTED, State.ATTENDED)
"""Bookings whose guest was accepted and is not marked absent: he may rate, and be rated."""
SINGLY = 3
"""So many guests of an evening have to have rated before their ratings are listed one by one."""
WINDOW = interval(RATING_WINDOW)
NOW = "CAST(:now AS timestamptz)"
COLUMNS = f"""r.id, r.booking_id, r.announcement_id, r.rater_id, r.rated_id, r.of_host, r.score, r.text, r.private_note,
    r.create_time, r.update_time, r.hidden, r.reveal_time <= {NOW} AS revealed, a.sub_only"""


def of_pair(booking: str, evening: str) -> str:
    """The condition that a rating `said` is by one of a booking's two of the other."""
    both = f"({booking}.guest_id, {evening}.author_id)"
    return f"said.announcement_id = {evening}.id AND said.rater_id IN {both} AND said.rated_id IN {both}"


MAY_RATE = f"""{one_of("b.state", PRESENT)} AND {TAKES_PLACE} AND a.end_time <= {NOW} AND {NOW} < a.end_time + {WINDOW}
    AND NOT EXISTS (SELECT FROM ratings AS said WHERE {of_pair("b", "a")} AND said.reveal_time <= {NOW})"""
"""Whether the two of a booking `b` of an evening `a` may rate each other now.

Who can read already what the other says of him has nothing to say any more: else a host could mark a guest absent, read
his rating, mark him present again and pay him back.
"""
# Of those who rate at once, or mark who came, the second has to see the first.
LOCK = text(
    """SELECT FROM announcements WHERE id IN (SELECT announcement_id FROM bookings WHERE id = ANY(:booking_ids))
    ORDER BY id FOR NO KEY UPDATE"""
)
# One statement rates for many.
ADD = text(
    f"""WITH asked AS (
        SELECT * FROM unnest(
            CAST(:booking_ids AS uuid[]), CAST(:rater_ids AS uuid[]), CAST(:scores AS integer[]),
            CAST(:texts AS text[]), CAST(:notes AS text[])
        ) AS asked (booking_id, rater_id, score, text, note)
    )
    INSERT INTO ratings (announcement_id, booking_id, rater_id, rated_id, of_host, score, text, private_note,
        create_time, update_time, reveal_time, list_time)
    SELECT a.id, b.id, asked.rater_id, CASE asked.rater_id WHEN b.guest_id THEN a.author_id ELSE b.guest_id END,
        asked.rater_id = b.guest_id, asked.score, asked.text, asked.note, {NOW}, {NOW}, a.end_time + {WINDOW},
        a.end_time + {WINDOW}
    FROM asked JOIN bookings b ON b.id = asked.booking_id JOIN announcements a ON a.id = b.announcement_id
    WHERE asked.rater_id IN (b.guest_id, a.author_id) AND {MAY_RATE}
    ON CONFLICT ON CONSTRAINT one_rating_per_pair_and_evening DO NOTHING RETURNING id, announcement_id"""
)
# All ratings of an evening at once, as soon as nobody who may rate is silent: between the host and each guest who is
# present both have spoken, or one has and the other could read it.
REVEAL = text(
    f"""WITH heard AS (
        SELECT a.id, (SELECT count(*) FROM ratings AS said WHERE said.announcement_id = a.id AND said.of_host) AS guests
        FROM announcements a WHERE a.id = ANY(CAST(:ids AS uuid[])) AND NOT EXISTS (
            SELECT FROM bookings b WHERE b.announcement_id = a.id AND {one_of("b.state", PRESENT)} AND (
                SELECT count(*) < 2 AND coalesce(min(said.reveal_time) > {NOW}, true)
                FROM ratings AS said WHERE {of_pair("b", "a")}
            )
        )
    )
    UPDATE ratings SET reveal_time = least(reveal_time, {NOW}),
        list_time = CASE WHEN of_host AND heard.guests < {SINGLY} THEN list_time ELSE least(list_time, {NOW}) END
    FROM heard WHERE ratings.announcement_id = heard.id AND ratings.list_time > {NOW} RETURNING ratings.id"""
)
RATED_BY_HOST = text("SELECT rated_id FROM ratings WHERE announcement_id = :announcement_id AND rater_id = :host")
LIST_BY_ID = text(
    f"SELECT {COLUMNS} FROM ratings r JOIN announcements a ON a.id = r.announcement_id WHERE r.id = ANY(:ids)"
)
FIND_OWN = text(
    f"""SELECT b.guest_id, a.author_id, b.state, a.end_time, r.id AS rating_id, EXISTS (
        SELECT FROM ratings AS said WHERE {of_pair("b", "a")} AND said.reveal_time <= {NOW}
    ) AS too_late
    FROM bookings b JOIN announcements a ON a.id = b.announcement_id LEFT JOIN ratings r
        ON r.announcement_id = a.id AND r.rater_id = :rater
        AND r.rated_id = CASE b.guest_id WHEN :rater THEN a.author_id ELSE b.guest_id END
    WHERE b.id = :booking_id"""
)
# What was counted at this very moment stays as it is, whatever the time was when this began.
EDIT = text(
    f"""UPDATE ratings SET score = coalesce(CAST(:score AS integer), score), text = coalesce(CAST(:text AS text), text),
        private_note = coalesce(CAST(:note AS text), private_note), update_time = {NOW}
    WHERE id = :id AND reveal_time > {NOW} AND count_time IS NULL RETURNING id"""
)
FIND_VISIT = text(
    f"""SELECT a.author_id, a.publish_time, a.sub_only, (
        SELECT b.id FROM bookings b WHERE b.announcement_id = a.id AND b.guest_id = :guest
        AND {one_of("b.state", PRESENT)} LIMIT 1
    ) AS booking_id FROM announcements a WHERE a.id = :announcement_id"""
)


@cache
def list_statement(one_side: bool, continued: bool) -> TextClause:
    """The list's statement: PostgreSQL plans each shape for itself."""
    side = "AND r.of_host = :of_host" if one_side else ""
    after = "AND (r.create_time, r.id) < (:after_time, :after_id)" if continued else ""
    return text(
        f"""SELECT {COLUMNS} FROM ratings r JOIN announcements a ON a.id = r.announcement_id
        WHERE r.rated_id = :person AND {listed("r")} {side} {after}
        ORDER BY r.create_time DESC, r.id DESC LIMIT :count"""
    )


class Word(NamedTuple):
    """What one of a booking's two says of the other."""

    booking_id: UUID
    rater_id: UUID
    score: int
    text: str
    private_note: str


async def add(connection: Connection, words: Sequence[Word]) -> list[Row | None]:
    """The new rating of each in its place, None where something stood against it; reveals what is to be revealed.

    No booking may be rated twice by one person in one call.
    """
    booking_ids, rater_ids, scores, texts, notes = zip(*words, strict=True)
    await connection.execute(LOCK, {"booking_ids": booking_ids})
    # Others may have held the evenings for a while: what happens from here on happens after what they did.
    now = clock.now()
    values = {"booking_ids": booking_ids, "rater_ids": rater_ids, "scores": scores, "texts": texts, "notes": notes}
    added = (await connection.execute(ADD, {**values, "now": now})).all()
    if not added:
        return [None] * len(words)
    await reveal(connection, {row.announcement_id for row in added}, now)
    rows = (await connection.execute(LIST_BY_ID, {"ids": [row.id for row in added], "now": now})).all()
    written = {(row.booking_id, row.rater_id): row for row in rows}
    return [written.get((word.booking_id, word.rater_id)) for word in words]


async def reveal(connection: Connection, announcement_ids: Any, now: datetime) -> None:
    """Reveals and counts the ratings of those evenings where nobody is left who may still rate.

    The evenings must be locked.
    """
    found = (await connection.execute(REVEAL, {"ids": list(announcement_ids), "now": now})).column()
    await count(connection, found, now)


async def rated_by_host(connection: Connection, announcement: Any) -> set[UUID]:
    """Whom of an evening's guests its host has rated."""
    values = {"announcement_id": announcement.id, "host": announcement.author_id}
    return set((await connection.execute(RATED_BY_HOST, values)).column())


class RatingStore:
    """What people say of each other. `planned` is the same database, for statements that need one plan only."""

    def __init__(self, database: Database, planned: Database) -> None:
        self.database = database
        self.planned = planned

    async def add(self, words: Sequence[Word]) -> list[Row | None]:
        """As add(), in a transaction of its own."""
        async with self.planned.transaction() as connection:
            return await add(connection, words)

    async def find_own(self, booking_id: UUID, rater: UUID) -> Row | None:
        """A booking with what decides about rating it, and the id of the rater's rating if there is one."""
        values = {"booking_id": booking_id, "rater": rater, "now": clock.now()}
        return (await self.database.read(FIND_OWN, values)).one_or_none()

    async def find_visit(self, announcement_id: UUID, guest: UUID) -> Row | None:
        """An evening, and the booking by which a person was there, if he was."""
        values = {"announcement_id": announcement_id, "guest": guest}
        return (await self.database.read(FIND_VISIT, values)).one_or_none()

    async def edit(self, rating_id: UUID, score: int | None, words: str | None, note: str | None) -> bool:
        """Changes what is given; False if it is revealed."""
        async with idempotency.claiming(self.database) as connection:
            values = {"id": rating_id, "score": score, "text": words, "note": note, "now": clock.now()}
            edited = (await connection.execute(EDIT, values)).first() is not None
            if edited:
                await idempotency.settle(connection, rating_id)
            return edited

    async def get(self, rating_id: UUID) -> Row:
        """A rating that exists."""
        return (await self.database.read(LIST_BY_ID, {"ids": [rating_id], "now": clock.now()})).one()

    async def list(self, person: UUID, of_host: bool | None, after: Place | None, size: int) -> Sequence[Row]:
        """At most `size` of the ratings of a person that may be seen one by one, newest first."""
        after_time, after_id = after or (None, None)
        values = {
            "person": person,
            "of_host": of_host,
            "after_time": after_time,
            "after_id": after_id,
            "now": clock.now(),
            "count": size,
        }
        statement = list_statement(of_host is not None, after is not None)
        return (await self.database.read(statement, values)).all()
