"""Mails that are to be sent, and what became of them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from mesh import clock, idempotency
from mesh.database import Connection, Database, Row
from mesh.errors import FailedPrecondition, NotFound

KEPT = timedelta(days=7)
"""How long we remember what was sent."""

# PostgreSQL's own clock rules over tries: servers and networks do not get well sooner because ours was moved.
CLAIM = "SELECT * FROM deliveries WHERE state = 'pending' AND {} LIMIT 1 FOR UPDATE SKIP LOCKED"
CLAIM_DUE = text(CLAIM.format("due_time <= now() ORDER BY due_time"))
CLAIM_HELD = text(CLAIM.format("hold_time <= :now ORDER BY hold_time"))
# After the claim: who tells of more while the mail waits locks it, so these are the last words.
READ_NOTICE = text(
    """SELECT notices.*, coalesce(preferences.email, true) AS wanted FROM notices
    LEFT JOIN preferences ON preferences.user_id = notices.recipient_id AND preferences.kind = notices.kind
    WHERE notices.id = :id"""
)
# The last time that a guest was told where he stands with an evening.
FIND_STANDING = text(
    """SELECT kind, facts FROM notices WHERE recipient_id = :recipient_id AND announcement_id = :announcement_id
        AND kind = ANY(ARRAY['booking_status', 'announcement_cancelled', 'reminder_24h', 'reminder_1h'])
        AND NOT is_host AND occur_time < :occur_time ORDER BY occur_time DESC, id DESC LIMIT 1"""
)
COUNT_EARLIER = text(
    """SELECT count(*) FROM notices WHERE recipient_id = :recipient_id AND announcement_id = :announcement_id
        AND NOT is_host AND (occur_time, id) < (:occur_time, CAST(:id AS uuid))"""
)
FIND_NEWS = text(
    """SELECT EXISTS (
        SELECT FROM notices WHERE recipient_id = :recipient_id AND announcement_id = :announcement_id
            AND occur_time > :occur_time AND id <> :id
            AND (kind = 'announcement_cancelled' OR (kind = 'booking_status' AND NOT is_host
                    AND facts->>'cause' = ANY(ARRAY['revoked', 'withdrawn', 'moved', 'declined']))
                OR (kind = 'announcement_changed' AND facts->>'event_time' <> CAST(:event_time AS text)))
    )"""
)
FINISH = text(
    """UPDATE deliveries SET state = :state, attempts = attempts + :tried, problem = :problem, hold_time = NULL,
        due_time = now() + :delay, finish_time = CASE WHEN CAST(:state AS text) = 'pending' THEN NULL ELSE now() END,
        address = CASE WHEN CAST(:state AS text) = 'pending' THEN address END,
        secret = CASE WHEN CAST(:state AS text) = 'pending' THEN secret END
    WHERE id = :id"""
)
COLUMNS = "id, notice_id, recipient_id, kind, state, attempts, problem, create_time, due_time"
LIST = text(
    f"""SELECT {COLUMNS} FROM deliveries WHERE (CAST(:states AS text[]) = '{{}}' OR state = ANY(:states))
    AND id < :before ORDER BY id DESC LIMIT :size"""
)
RETRY = text(
    f"""UPDATE deliveries SET state = 'pending', attempts = 0, due_time = now(), finish_time = NULL
    WHERE id = :id AND state = 'dead' RETURNING {COLUMNS}"""
)
GET = text(f"SELECT {COLUMNS} FROM deliveries WHERE id = :id")
# By the moment in their ids, which are PostgreSQL's own.
WAITING = text(
    """SELECT count(*), coalesce(extract(epoch FROM now() - min(uuid_extract_timestamp(id))), 0)::float8
    FROM deliveries WHERE state = 'pending'"""
)
FORGET = text(
    """DELETE FROM deliveries WHERE id IN (
        SELECT id FROM deliveries WHERE state IN ('sent', 'skipped') AND finish_time < now() - CAST(:kept AS interval)
        LIMIT 10000
    )"""
)


class Outcome(NamedTuple):
    """What became of an attempt."""

    state: str
    problem: str = ""
    tried: bool = True
    """Whether it counts as an attempt."""
    delay: timedelta = timedelta()
    """When pending: how long to wait."""


class Claim:
    """A mail that nobody else sends while the transaction lasts."""

    def __init__(self, connection: Connection, delivery: Row, notice: Row) -> None:
        self.connection = connection
        self.delivery = delivery
        self.notice = notice

    async def finish(self, outcome: Outcome) -> None:
        """Notes what became of it."""
        values = {**outcome._asdict(), "tried": int(outcome.tried), "id": self.delivery.id}
        await self.connection.execute(FINISH, values)

    async def standing(self) -> Row | None:
        """The last notice before this one that told the guest where he stands."""
        return (await self.connection.execute(FIND_STANDING, self.values())).one_or_none()

    async def earlier(self) -> int:
        """How many notices of the evening the guest had before this one."""
        values = {**self.values(), "id": self.notice.id}
        return int((await self.connection.execute(COUNT_EARLIER, values)).scalar())

    async def is_overtaken(self, *, moved: bool = False) -> bool:
        """Whether the recipient was told since that the evening is off, or not for him; or moved, if that counts."""
        event_time = self.notice.facts["event_time"] if moved else None
        values = {**self.values(), "id": self.notice.id, "event_time": event_time}
        return bool((await self.connection.execute(FIND_NEWS, values)).scalar())

    def values(self) -> dict[str, object]:
        """The place of the notice among what its recipient was told of the evening."""
        notice = self.notice
        return {
            "recipient_id": notice.recipient_id,
            "announcement_id": notice.announcement_id,
            "occur_time": notice.occur_time,
        }


class DeliveryStore:
    """Everybody's mails."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @asynccontextmanager
    async def claim(self) -> AsyncIterator[Claim | None]:
        """A mail that is due, if there is one; ours until the end, or until this process dies."""
        async with self.database.transaction() as connection:
            delivery = (await connection.execute(CLAIM_DUE)).first()
            if delivery is None:
                delivery = (await connection.execute(CLAIM_HELD, {"now": clock.now()})).first()
            if delivery is None:
                yield None
            else:
                notice = (await connection.execute(READ_NOTICE, {"id": delivery.notice_id})).one()
                yield Claim(connection, delivery, notice)

    async def list(self, states: Sequence[str], before: UUID, size: int) -> Sequence[Row]:
        """Deliveries before a place, newest first; of all states if none is named."""
        return (await self.database.read(LIST, {"states": list(states), "before": before, "size": size})).all()

    async def retry(self, delivery_id: UUID) -> Row:
        """A delivery that was given up, to be tried at once.

        Raises NotFound (DELIVERY_NOT_FOUND), FailedPrecondition (DELIVERY_NOT_DEAD).
        """
        async with idempotency.claiming(self.database) as connection:
            row = (await connection.execute(RETRY, {"id": delivery_id})).one_or_none()
            if row is None:
                await refuse(connection, delivery_id)
        assert row is not None
        return row

    async def get(self, delivery_id: UUID) -> Row:
        """A delivery. Raises NotFound (DELIVERY_NOT_FOUND)."""
        row = (await self.database.read(GET, {"id": delivery_id})).one_or_none()
        if row is None:
            raise NotFound("DELIVERY_NOT_FOUND", "there is no such delivery")
        return row

    async def waiting(self) -> tuple[int, float]:
        """How many mails wait, and for how many seconds the oldest of them."""
        count, oldest = (await self.database.read(WAITING)).one()
        return count, oldest

    async def forget(self) -> None:
        """Forgets what was sent long ago."""
        await self.database.run(FORGET, {"kept": KEPT})


async def refuse(connection: Connection, delivery_id: UUID) -> None:
    """Says why a delivery cannot be tried again."""
    row = (await connection.execute(GET, {"id": delivery_id})).one_or_none()
    if row is None:
        raise NotFound("DELIVERY_NOT_FOUND", "there is no such delivery")
    raise FailedPrecondition("DELIVERY_NOT_DEAD", f"the delivery is {row.state}", state=row.state)
