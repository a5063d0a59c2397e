"""SQL of reports of ratings and of what moderators decide about them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from booking_svc.store import scores
from booking_svc.store.ratings import COLUMNS
from booking_svc.store.scores import listed
from mesh import clock
from mesh.database import Connection, Database, Row

Reported = tuple[bool, datetime, UUID]
"""Where a reported rating stands in their list: whether it is decided, when it was reported first, its id."""
LARGEST = 10
"""Most reports that are shown of one rating."""
# Both hold the rating: what moderators decide right now is decided before or after somebody reports it.
LOCK_LISTED = text(f"SELECT r.id FROM ratings AS r WHERE r.id = :rating_id AND {listed('r')} FOR NO KEY UPDATE")
LOCK = text(
    f"""SELECT {COLUMNS} FROM ratings AS r JOIN announcements AS a ON a.id = r.announcement_id
    WHERE r.id = :rating_id FOR NO KEY UPDATE OF r"""
)
# Whose report was decided has been heard: only what others say opens the case again.
REPORT = text(
    """WITH said AS (
        INSERT INTO reports (rating_id, reporter_id, reason, open, create_time)
        VALUES (:rating_id, :reporter_id, :reason, true, :now)
        ON CONFLICT (rating_id, reporter_id) DO UPDATE SET reason = excluded.reason WHERE reports.open
        RETURNING rating_id
    )
    INSERT INTO reported (rating_id, closed, create_time) SELECT rating_id, false, :now FROM said
    ON CONFLICT (rating_id) DO UPDATE SET closed = false WHERE reported.closed"""
)
LIST_REPORTED = text(
    f"""SELECT {COLUMNS}, reported.closed, reported.create_time AS report_time,
        (SELECT count(*) FROM reports WHERE reports.rating_id = r.id) AS reports_count, (
            SELECT json_agg(json_build_object('reporter_id', p.reporter_id, 'reason', p.reason, 'open', p.open,
                'time', p.create_time) ORDER BY p.open DESC, p.create_time, p.reporter_id)
            FROM (
                SELECT * FROM reports WHERE reports.rating_id = r.id
                ORDER BY open DESC, create_time, reporter_id LIMIT {LARGEST}
            ) AS p
        ) AS reports
    FROM reported JOIN ratings AS r ON r.id = reported.rating_id JOIN announcements AS a ON a.id = r.announcement_id
    WHERE (reported.closed, reported.create_time, reported.rating_id) > (:closed, :after_time, :after_id)
    AND r.rater_id <> :moderator AND r.rated_id <> :moderator
    ORDER BY reported.closed, reported.create_time, reported.rating_id LIMIT :count"""
)
CLOSE = text(
    """WITH heard AS (UPDATE reports SET open = false WHERE rating_id = :rating_id AND open)
    UPDATE reported SET closed = true WHERE rating_id = :rating_id AND NOT closed RETURNING rating_id"""
)
RECORD = text(
    """INSERT INTO moderations (rating_id, moderator_id, action, reason, create_time)
    VALUES (:rating_id, :moderator_id, :action, :reason, :now) RETURNING id"""
)
COLUMNS_OF_MODERATION = "id, rating_id, moderator_id, action, reason, create_time"
GET = text(f"SELECT {COLUMNS_OF_MODERATION} FROM moderations WHERE id = :id")
LIST = text(f"SELECT {COLUMNS_OF_MODERATION} FROM moderations WHERE id < :before ORDER BY id DESC LIMIT :count")
LIST_OF_RATING = text(
    f"""SELECT {COLUMNS_OF_MODERATION} FROM moderations WHERE rating_id = :rating_id AND id < :before
    ORDER BY id DESC LIMIT :count"""
)


class ModerationStore:
    """Reports and decisions as they are."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def list_reported(self, moderator: UUID, after: Reported, count: int) -> Sequence[Row]:
        """At most `count` reported ratings behind a place in the list, with their reports, for this moderator."""
        closed, time, rating_id = after
        values = {"closed": closed, "after_time": time, "after_id": rating_id, "moderator": moderator, "count": count}
        return (await self.database.read(LIST_REPORTED, {**values, "now": clock.now()})).all()

    async def get(self, moderation_id: UUID) -> Row:
        """A decision that exists."""
        return (await self.database.read(GET, {"id": moderation_id})).one()

    async def list(self, rating_id: UUID | None, before: UUID, count: int) -> Sequence[Row]:
        """At most `count` decisions older than one, newest first; about one rating if it is given."""
        values = {"rating_id": rating_id, "before": before, "count": count}
        return (await self.database.read(LIST if rating_id is None else LIST_OF_RATING, values)).all()


class Case:
    """A rating that a transaction holds, and what is done about it."""

    def __init__(self, connection: Connection, rating_id: UUID, now: datetime) -> None:
        self.connection = connection
        self.rating_id = rating_id
        self.now = now
        self.values = {"rating_id": rating_id, "now": now}

    async def is_listed(self) -> bool:
        """Whether everybody may read it; if so, it is held."""
        return (await self.connection.execute(LOCK_LISTED, self.values)).first() is not None

    async def lock(self) -> Row | None:
        """The rating, held; None while it is sealed."""
        rating = (await self.connection.execute(LOCK, self.values)).one_or_none()
        return rating if rating is not None and rating.revealed else None

    async def report(self, reporter: UUID, reason: str) -> None:
        """Writes what somebody says is wrong with it, unless moderators have decided about his report."""
        await self.connection.execute(REPORT, {**self.values, "reporter_id": reporter, "reason": reason})

    async def hide(self) -> None:
        """Takes it off the lists, the mean and the count."""
        await scores.hide(self.connection, self.rating_id, self.now)

    async def restore(self) -> None:
        """Puts it there again."""
        await scores.restore(self.connection, self.rating_id, self.now)

    async def close(self) -> bool:
        """Ends its open reports; False if there are none."""
        return (await self.connection.execute(CLOSE, self.values)).first() is not None

    async def record(self, moderator: UUID, action: str, reason: str) -> UUID:
        """Writes down what was decided, by whom and why; returns the decision's id."""
        decision = {"moderator_id": moderator, "action": action, "reason": reason}
        decided: UUID = (await self.connection.execute(RECORD, {**self.values, **decision})).scalar()
        return decided
