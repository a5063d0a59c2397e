"""Rows of who wants to hear of a film."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from mesh import clock, idempotency
from mesh.database import Database, Row
from mesh.paging import Place

SUBSCRIBE = text(
    """INSERT INTO subscriptions (movie_id, user_id, create_time) VALUES (:movie_id, :user_id, :now)
    ON CONFLICT DO NOTHING"""
)
UNSUBSCRIBE = text("DELETE FROM subscriptions WHERE movie_id = :movie_id AND user_id = :user_id")
LIST_SUBSCRIBERS = text(
    """SELECT user_id AS id, create_time FROM subscriptions
    WHERE movie_id = :movie_id AND (create_time, user_id) > (:after_time, :after_id)
    ORDER BY create_time, user_id LIMIT :size"""
)
LIST_SUBSCRIPTIONS = text(
    """SELECT movie_id AS id, create_time FROM subscriptions
    WHERE user_id = :user_id AND (create_time, movie_id) > (:after_time, :after_id)
    ORDER BY create_time, movie_id LIMIT :size"""
)


class SubscriptionStore:
    """Who wants to hear of a film."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, movie_id: UUID, user_id: UUID) -> None:
        """Subscribes, once."""
        values = {"movie_id": movie_id, "user_id": user_id, "now": clock.now()}
        await idempotency.run(self.database, SUBSCRIBE, values)

    async def remove(self, movie_id: UUID, user_id: UUID) -> None:
        """Ends a subscription, if there is one."""
        values = {"movie_id": movie_id, "user_id": user_id}
        await idempotency.run(self.database, UNSUBSCRIBE, values)

    async def list_subscribers(self, movie_id: UUID, after: Place, size: int) -> Sequence[Row]:
        """A film's subscribers behind a place, oldest first."""
        values = {"movie_id": movie_id, "after_time": after[0], "after_id": after[1], "size": size}
        return (await self.database.read(LIST_SUBSCRIBERS, values)).all()

    async def list_subscriptions(self, user_id: UUID, after: Place, size: int) -> Sequence[Row]:
        """A person's films behind a place, oldest first."""
        values = {"user_id": user_id, "after_time": after[0], "after_id": after[1], "size": size}
        return (await self.database.read(LIST_SUBSCRIPTIONS, values)).all()
