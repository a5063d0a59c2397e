"""All SQL of the service. Statements are built once, when the module is imported."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text

from mesh import clock, idempotency
from mesh.database import Database, Row, once_more_on_deadlock
from mesh.errors import NotFound
from mesh.paging import Place

CODE_BYTES = 9
"""Twelve characters: nobody finds a link by guessing."""

# The code of the link to a target, made if there is none. A target that is made by somebody else at this very moment is
# not to be seen yet, so the conflict is turned into an update: that waits for him, and returns what he made. It changes
# no key: that would hold up those who refer to the link, and they may hold what we need next.
ADD_LINK = text(
    """WITH known AS (
        SELECT code FROM links WHERE target_hash = :target_hash
    ), made AS (
        INSERT INTO links (code, target, target_hash, create_time, expire_time)
        SELECT :code, :target, CAST(:target_hash AS bytea), CAST(:now AS timestamptz), CAST(:expire_time AS timestamptz)
        WHERE NOT EXISTS (SELECT FROM known)
        ON CONFLICT (target_hash) DO UPDATE SET create_time = links.create_time RETURNING code
    )
    SELECT code FROM known UNION ALL SELECT code FROM made"""
)
FIND_TARGET = text("SELECT target, expire_time FROM links WHERE code = :code")

# Links in the order of their targets, notices in that of their recipients, whose inboxes they lock: two who publish of
# the same things at once must not wait in a ring.
PUBLISH = text(
    """WITH wanted AS (
        SELECT * FROM unnest(CAST(:target_hashes AS bytea[]), CAST(:targets AS text[]), CAST(:codes AS text[]))
            AS wanted (target_hash, target, code)
    ), known AS (
        SELECT links.target_hash, links.code FROM links WHERE target_hash = ANY(CAST(:target_hashes AS bytea[]))
    ), made AS (
        INSERT INTO links (code, target, target_hash, create_time)
        SELECT code, target, target_hash, CAST(:now AS timestamptz) FROM wanted
        WHERE NOT EXISTS (SELECT FROM known WHERE known.target_hash = wanted.target_hash) ORDER BY target_hash
        ON CONFLICT (target_hash) DO UPDATE SET create_time = links.create_time RETURNING target_hash, code
    ), link AS (
        SELECT * FROM known UNION ALL SELECT * FROM made
    )
    INSERT INTO notices
        (recipient_id, event_id, kind, announcement_id, booking_id, title, text, link_code, occur_time)
    SELECT told.recipient_id, told.event_id, told.kind, told.announcement_id, told.booking_id, told.title, told.text,
        link.code, told.occur_time
    FROM unnest(
        CAST(:recipient_ids AS uuid[]), CAST(:event_ids AS uuid[]), CAST(:kinds AS text[]),
        CAST(:announcement_ids AS uuid[]), CAST(:booking_ids AS uuid[]), CAST(:titles AS text[]),
        CAST(:texts AS text[]), CAST(:occur_times AS timestamptz[]), CAST(:hashes AS bytea[])
    ) AS told (recipient_id, event_id, kind, announcement_id, booking_id, title, text, occur_time, target_hash)
    JOIN link ON link.target_hash = told.target_hash
    ORDER BY told.recipient_id, told.occur_time
    ON CONFLICT (event_id, recipient_id) DO NOTHING"""
)
COLUMNS = "id, kind, title, text, link_code, occur_time, read_time"


def listing(condition: str) -> TextClause:
    """A page of notices; the count comes with every page, also with an empty one."""
    return text(
        f"""SELECT counted.unread_count, page.* FROM (
            SELECT count(*) AS unread_count FROM notices WHERE recipient_id = :recipient_id AND read_time IS NULL
        ) AS counted LEFT JOIN LATERAL (
            SELECT {COLUMNS} FROM notices
            WHERE recipient_id = :recipient_id AND {condition} AND (occur_time, id) < (:before_time, :before_id)
            ORDER BY occur_time DESC, id DESC LIMIT :size
        ) AS page ON true ORDER BY page.occur_time DESC, page.id DESC"""
    )


LIST = listing("true")
LIST_UNREAD = listing("read_time IS NULL")
MARK_READ = text(
    f"""UPDATE notices SET read_time = coalesce(read_time, :now)
    WHERE id = :id AND recipient_id = :recipient_id RETURNING {COLUMNS}"""
)
# Locked in one order: the same person may mark all on two devices at once.
MARK_ALL_READ = text(
    """UPDATE notices SET read_time = :now WHERE id IN (
        SELECT id FROM notices WHERE recipient_id = :recipient_id AND read_time IS NULL ORDER BY id FOR UPDATE
    )"""
)


# A stream goes on behind the first words of the notice that its reader has last: he may not have its newer ones.
FIND_PLACE = text("SELECT arrival FROM notices WHERE id = :id AND recipient_id = :recipient_id")
FIND_LAST_PLACES = text(
    "SELECT recipient_id, last_place FROM inboxes WHERE recipient_id = ANY(CAST(:recipient_ids AS uuid[]))"
)
LIST_NEWS = text(
    f"""SELECT reader.number, notice.* FROM unnest(
        CAST(:recipient_ids AS uuid[]), CAST(:places AS bigint[])
    ) WITH ORDINALITY AS reader (recipient_id, place, number) CROSS JOIN LATERAL (
        SELECT {COLUMNS}, place FROM notices
        WHERE notices.recipient_id = reader.recipient_id AND notices.place > reader.place
        ORDER BY notices.place LIMIT :size
    ) AS notice ORDER BY reader.number, notice.place"""
)


class Told(NamedTuple):
    """A notice to be added."""

    recipient_id: UUID
    event_id: UUID
    kind: str
    announcement_id: UUID
    booking_id: UUID | None
    title: str
    text: str
    occur_time: datetime
    target: str
    """Where its link leads."""


class LinkStore:
    """Short links."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, target: str, expire_time: datetime | None) -> str:
        """The code of the link to a target; the same target gets the same one while both expire at the same time."""
        parameters = {
            "target": target,
            "target_hash": target_hash(target, expire_time),
            "code": new_code(),
            "now": clock.now(),
            "expire_time": expire_time,
        }
        return str((await idempotency.run(self.database, ADD_LINK, parameters)).scalar())

    async def find(self, code: str) -> Row | None:
        """Where a link leads and until when, if there is one."""
        return (await self.database.read(FIND_TARGET, {"code": code})).one_or_none()


class NoticeStore:
    """Everybody's inbox."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, notices: Sequence[Told]) -> None:
        """Adds notices and their links; a recipient who has one of the same event gets no other."""
        targets = {target_hash(notice.target): notice.target for notice in notices}
        hashes = sorted(targets)
        columns = zip(*notices, strict=True)
        recipients, events, kinds, announcements, bookings, titles, texts, occurred, leads_to = columns
        parameters = {
            "target_hashes": hashes,
            "targets": [targets[each] for each in hashes],
            "codes": [new_code() for _ in hashes],
            "now": clock.now(),
            "recipient_ids": recipients,
            "event_ids": events,
            "kinds": kinds,
            "announcement_ids": announcements,
            "booking_ids": bookings,
            "titles": titles,
            "texts": texts,
            "occur_times": occurred,
            "hashes": [target_hash(target) for target in leads_to],
        }
        await once_more_on_deadlock(lambda: self.database.run(PUBLISH, parameters))

    async def list(self, recipient_id: UUID, before: Place, size: int, unread_only: bool) -> tuple[Sequence[Row], int]:
        """Notices before a place, newest first, and how many of all of them are unread."""
        values = {"recipient_id": recipient_id, "before_time": before[0], "before_id": before[1], "size": size}
        rows = (await self.database.read(LIST_UNREAD if unread_only else LIST, values)).all()
        return [row for row in rows if row.id is not None], rows[0].unread_count

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

    async def mark_read(self, recipient_id: UUID, notice_id: UUID) -> Row:
        """A person's notice, read. Raises NotFound (NOTICE_NOT_FOUND)."""
        values = {"id": notice_id, "recipient_id": recipient_id, "now": clock.now()}
        async with idempotency.claiming(self.database) as connection:
            row = (await connection.execute(MARK_READ, values)).one_or_none()
            if row is None:
                raise NotFound("NOTICE_NOT_FOUND", "the caller has no such notice")
        return row

    async def mark_all_read(self, recipient_id: UUID) -> None:
        """Marks everything a person has not read."""
        await idempotency.run(self.database, MARK_ALL_READ, {"recipient_id": recipient_id, "now": clock.now()})


def target_hash(target: str, expire_time: datetime | None = None) -> bytes:
    """What a link is found by. A target holds no space."""
    told = f"{target} {expire_time.isoformat()}" if expire_time else target
    return hashlib.sha256(told.encode()).digest()


def new_code() -> str:
    """The code of a new link."""
    return secrets.token_urlsafe(CODE_BYTES)
