"""Everybody's inbox."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text

from mesh import clock, idempotency, tracing
from mesh.database import Connection, Database, Row
from mesh.errors import NotFound
from mesh.paging import Place
from notify_svc.store.links import new_code, target_hash

# Links in the order of their targets: two who publish of the same things at once must not wait in a ring.
# A notice that its recipient does not want to see in the inbox is there for the mail, and read already.
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
    ), told AS (
        SELECT told.*, coalesce(preference.inbox, true) AS shown, coalesce(preference.email, told.mailed) AS wants_mail
        FROM unnest(
            CAST(:recipient_ids AS uuid[]), CAST(:is_hosts AS boolean[]), CAST(:event_ids AS uuid[]),
            CAST(:kinds AS text[]), CAST(:schedule_versions AS text[]), CAST(:announcement_ids AS uuid[]),
            CAST(:booking_ids AS uuid[]), CAST(:titles AS text[]), CAST(:texts AS text[]),
            CAST(:occur_times AS timestamptz[]), CAST(:hashes AS bytea[]), CAST(:mailed AS boolean[]),
            CAST(:facts_at AS int[]), CAST(:edits AS jsonb[]), CAST(:hold_times AS timestamptz[])
        ) AS told (recipient_id, is_host, event_id, kind, schedule_version, announcement_id, booking_id, title, text,
            occur_time, target_hash, mailed, facts_at, edits, hold_time)
        LEFT JOIN preferences AS preference
            ON preference.user_id = told.recipient_id AND preference.kind = told.kind
    ), added AS (
        INSERT INTO notices (recipient_id, is_host, event_id, kind, schedule_version, announcement_id, booking_id,
            subject_id, title, text, link_code, occur_time, facts, edits, shown, read_time)
        SELECT told.recipient_id, told.is_host, told.event_id, told.kind, told.schedule_version, told.announcement_id,
            told.booking_id, coalesce(told.booking_id, told.announcement_id), told.title, told.text, link.code,
            told.occur_time, (CAST(:facts AS jsonb[]))[told.facts_at], told.edits, told.shown,
            CASE WHEN told.shown THEN NULL ELSE CAST(:now AS timestamptz) END
        FROM told JOIN link ON link.target_hash = told.target_hash
        ORDER BY told.recipient_id, told.occur_time
        ON CONFLICT (recipient_id, subject_id, kind, schedule_version) DO NOTHING
        RETURNING id, recipient_id, is_host, kind, schedule_version, announcement_id, booking_id
    )
    INSERT INTO deliveries (notice_id, recipient_id, kind, create_time, hold_time, due_time, trace)
    SELECT DISTINCT ON (added.id) added.id, added.recipient_id, added.kind, CAST(:now AS timestamptz),
        told.hold_time,
        now() + coalesce(told.hold_time - CAST(:now AS timestamptz), interval '0'), CAST(:trace AS text)
    FROM added JOIN told USING (recipient_id, is_host, kind, schedule_version, announcement_id)
    WHERE told.wants_mail AND told.mailed IS NOT NULL
    ON CONFLICT DO NOTHING"""
)
COLUMNS = "id, kind, title, text, link_code, occur_time, read_time"


def listing(condition: str) -> TextClause:
    """A page of notices; the count comes with every page, also with an empty one."""
    return text(
        f"""SELECT counted.unread_count, page.* FROM (
            SELECT count(*) AS unread_count FROM notices WHERE recipient_id = :recipient_id AND read_time IS NULL
        ) AS counted LEFT JOIN LATERAL (
            SELECT {COLUMNS} FROM notices
            WHERE recipient_id = :recipient_id AND shown AND {condition}
                AND (occur_time, id) < (:before_time, :before_id)
            ORDER BY occur_time DESC, id DESC LIMIT :size
        ) AS page ON true ORDER BY page.occur_time DESC, page.id DESC"""
    )


LIST = listing("true")
LIST_UNREAD = listing("read_time IS NULL")
MARK_READ = text(
    f"""UPDATE notices SET read_time = coalesce(read_time, :now)
    WHERE id = :id AND recipient_id = :recipient_id AND shown RETURNING {COLUMNS}"""
)
# Locked in one order: the same person may mark all on two devices at once.
MARK_ALL_READ = text(
    """UPDATE notices SET read_time = :now WHERE id IN (
        SELECT id FROM notices WHERE recipient_id = :recipient_id AND read_time IS NULL ORDER BY id FOR UPDATE
    )"""
)
# Edits of one evening come one after the other; the lock is there before the first notice of it is.
LOCK_EDITS = text(
    """SELECT pg_advisory_xact_lock(hashtextextended('edits ' || announcement_id, 0)) FROM (
        SELECT announcement_id FROM unnest(CAST(:announcement_ids AS text[])) AS announcement_id ORDER BY 1
    ) AS sorted"""
)
FIND_EDITS = text(
    """SELECT id, recipient_id, is_host, schedule_version, edits FROM notices
    WHERE recipient_id = ANY(CAST(:recipient_ids AS uuid[])) AND edits IS NOT NULL
        AND announcement_id = ANY(CAST(:announcement_ids AS uuid[])) AND kind = 'announcement_changed'
    ORDER BY id"""
)
# What is told anew is unread again.
RETELL = text(
    """UPDATE notices SET title = told.title, text = told.text, occur_time = told.occur_time, facts = told.facts,
        edits = told.edits, read_time = CASE WHEN shown THEN NULL ELSE read_time END
    FROM unnest(
        CAST(:ids AS uuid[]), CAST(:titles AS text[]), CAST(:texts AS text[]), CAST(:occur_times AS timestamptz[]),
        CAST(:facts AS jsonb[]), CAST(:edits AS jsonb[])
    ) AS told (id, title, text, occur_time, facts, edits)
    WHERE notices.id = told.id"""
)
# A mail that still waits is written when it is sent, so it says the new words. One that is being sent right now is
# locked; like one that is gone, it is followed by another.
MAIL_AGAIN = text(
    """WITH waiting AS (
        SELECT notice_id FROM deliveries
        WHERE notice_id = ANY(CAST(:ids AS uuid[])) AND state = 'pending' FOR UPDATE SKIP LOCKED
    )
    INSERT INTO deliveries (notice_id, recipient_id, kind, revision, create_time, due_time, trace)
    SELECT DISTINCT ON (notice_id) notice_id, recipient_id, kind, revision + 1, CAST(:now AS timestamptz), now(),
        CAST(:trace AS text)
    FROM deliveries WHERE notice_id = ANY(CAST(:ids AS uuid[])) AND notice_id NOT IN (SELECT notice_id FROM waiting)
    ORDER BY notice_id, revision DESC"""
)


class Told(NamedTuple):
    """A notice to be added."""

    recipient_id: UUID
    is_host: bool
    event_id: UUID
    kind: str
    schedule_version: str
    announcement_id: UUID
    booking_id: UUID | None
    title: str
    text: str
    occur_time: datetime
    target: str
    """Where its link leads."""
    mailed: bool | None
    """Whether it is sent as a mail, too, unless its recipient has said otherwise; None is never."""
    facts: Mapping[str, Any]
    edits: Mapping[str, Any] | None = None
    """The changes that it tells of together, by the event."""
    hold_time: datetime | None = None
    """When the mail goes out, if not at once."""


class Retold(NamedTuple):
    """A notice that says something else from now on."""

    id: UUID
    title: str
    text: str
    occur_time: datetime
    facts: Mapping[str, Any]
    edits: Mapping[str, Any]


class NoticeStore:
    """Everybody's inbox."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, notices: Sequence[Told], connection: Connection | None = None) -> None:
        """Adds notices, their links and their mails.

        A recipient who has one of the same subject, kind and schedule_version gets no other.
        """
        if not notices:
            return
        run = connection.execute if connection else self.database.run
        await run(PUBLISH, publishing(notices))

    @asynccontextmanager
    async def editing(self, announcement_ids: Collection[UUID]) -> AsyncIterator[Connection]:
        """A transaction in which nobody else tells of edits of these evenings."""
        async with self.database.transaction() as connection:
            await connection.execute(LOCK_EDITS, {"announcement_ids": [str(each) for each in announcement_ids]})
            yield connection

    async def edits(
        self, connection: Connection, recipient_ids: Collection[UUID], announcement_ids: Collection[UUID]
    ) -> Sequence[Row]:
        """What these people were told of edits of these evenings."""
        values = {"recipient_ids": list(recipient_ids), "announcement_ids": list(announcement_ids)}
        return (await connection.execute(FIND_EDITS, values)).all()

    async def retell(self, connection: Connection, notices: Sequence[Retold]) -> None:
        """Puts other words into notices, and into their mails."""
        if not notices:
            return
        ids, titles, texts, times, facts, edits = zip(*notices, strict=True)
        values = {"ids": ids, "titles": titles, "texts": texts, "occur_times": times, "facts": facts, "edits": edits}
        await connection.execute(RETELL, values)
        await connection.execute(MAIL_AGAIN, {"ids": ids, "now": clock.now(), "trace": tracing.traceparent()})

    async def list(self, recipient_id: UUID, before: Place, size: int, unread_only: bool) -> tuple[Sequence[Row], int]:
        """Notices before a place, newest first, and how many of all of them are unread."""
        values = {"recipient_id": recipient_id, "before_time": before[0], "before_id": before[1], "size": size}
        rows = (await self.database.read(LIST_UNREAD if unread_only else LIST, values)).all()
        return [row for row in rows if row.id is not None], rows[0].unread_count

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


def publishing(notices: Sequence[Told]) -> dict[str, Any]:
    """The parameters of PUBLISH. Facts that many notices share are sent once."""
    targets = {target_hash(notice.target): notice.target for notice in notices}
    hashes = sorted(targets)
    shared = {id(notice.facts): notice.facts for notice in notices}
    places = {identity: place for place, identity in enumerate(shared, start=1)}
    return {
        "target_hashes": hashes,
        "targets": [targets[each] for each in hashes],
        "codes": [new_code() for _ in hashes],
        "now": clock.now(),
        "trace": tracing.traceparent(),
        "recipient_ids": [notice.recipient_id for notice in notices],
        "is_hosts": [notice.is_host for notice in notices],
        "event_ids": [notice.event_id for notice in notices],
        "kinds": [notice.kind for notice in notices],
        "schedule_versions": [notice.schedule_version for notice in notices],
        "announcement_ids": [notice.announcement_id for notice in notices],
        "booking_ids": [notice.booking_id for notice in notices],
        "titles": [notice.title for notice in notices],
        "texts": [notice.text for notice in notices],
        "occur_times": [notice.occur_time for notice in notices],
        "hashes": [target_hash(notice.target) for notice in notices],
        "mailed": [notice.mailed for notice in notices],
        "facts": list(shared.values()),
        "facts_at": [places[id(notice.facts)] for notice in notices],
        "edits": [notice.edits for notice in notices],
        "hold_times": [notice.hold_time for notice in notices],
    }
