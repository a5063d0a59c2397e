"""All SQL of the service. Statements are built once, when the module is imported."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text

from mesh import clock, idempotency
from mesh.database import Database, Row, Rows
from mesh.errors import AlreadyExists, NotFound
from mesh.paging import Place
from ugc_svc.schema import DISLIKE, LIKE

ADD_REVIEW = text(
    """INSERT INTO reviews (movie_id, author_id, text, score, create_time)
    VALUES (:movie_id, :author_id, :text, :score, :now)
    ON CONFLICT (author_id, movie_id) DO NOTHING
    RETURNING id, movie_id, author_id, text, score, create_time, 0 AS likes, 0 AS dislikes"""
)
FIND_REVIEW = text(
    f"""SELECT id, movie_id, author_id, text, score, create_time, counted.likes, counted.dislikes
    FROM reviews, LATERAL (
        SELECT count(*) FILTER (WHERE value = {LIKE}) AS likes, count(*) FILTER (WHERE value = {DISLIKE}) AS dislikes
        FROM reactions WHERE review_id = reviews.id
    ) AS counted WHERE id = :id"""
)
# Reads the review it belongs to, so that a reaction to none adds none instead of breaking a foreign key.
REACT = text(
    """INSERT INTO reactions (review_id, person_id, value, update_time)
    SELECT id, :person_id, :value, :now FROM reviews WHERE id = :review_id
    ON CONFLICT (review_id, person_id) DO UPDATE SET value = excluded.value, update_time = excluded.update_time"""
)
TAKE_BACK = text("DELETE FROM reactions WHERE review_id = :review_id AND person_id = :person_id")

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

FOLLOW = text(
    """INSERT INTO follows (follower_id, followed_id, create_time) VALUES (:follower_id, :followed_id, :now)
    ON CONFLICT DO NOTHING"""
)
UNFOLLOW = text("DELETE FROM follows WHERE follower_id = :follower_id AND followed_id = :followed_id")
LIST_FOLLOWERS = text(
    """SELECT follower_id AS id, create_time FROM follows
    WHERE followed_id = :followed_id AND (create_time, follower_id) > (:after_time, :after_id)
    ORDER BY create_time, follower_id LIMIT :size"""
)
LIST_FOLLOWING = text(
    """SELECT followed_id AS id, create_time FROM follows
    WHERE follower_id = :follower_id AND (create_time, followed_id) > (:after_time, :after_id)
    ORDER BY create_time, followed_id LIMIT :size"""
)
LIST_FOLLOWED_AMONG = text(
    "SELECT followed_id FROM follows WHERE follower_id = :follower_id AND followed_id = ANY(CAST(:ids AS uuid[]))"
)


class ReviewStore:
    """Reviews and the reactions to them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, movie_id: UUID, author_id: UUID, text: str, score: int) -> Row:
        """A new review. Raises AlreadyExists (REVIEW_EXISTS)."""
        values = {"movie_id": movie_id, "author_id": author_id, "text": text, "score": score, "now": clock.now()}
        async with idempotency.claiming(self.database) as connection:
            row = (await connection.execute(ADD_REVIEW, values)).one_or_none()
            if row is None:
                raise AlreadyExists("REVIEW_EXISTS", "the caller has reviewed this film already")
            await idempotency.settle(connection, row.id)
        return row

    async def get(self, review_id: UUID) -> Row:
        """A review with its likes and dislikes. Raises NotFound (REVIEW_NOT_FOUND)."""
        return one_review(await self.database.read(FIND_REVIEW, {"id": review_id}))

    async def react(self, review_id: UUID, person_id: UUID, value: int | None) -> Row:
        """The review, after setting or taking back (None) what a person thinks of it. Raises as get()."""
        values = {"review_id": review_id, "person_id": person_id, "value": value, "now": clock.now()}
        async with idempotency.claiming(self.database) as connection:
            await connection.execute(TAKE_BACK if value is None else REACT, values)
            review = one_review(await connection.execute(FIND_REVIEW, {"id": review_id}))
            await idempotency.settle(connection, review_id)
        return review


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

    async def list(self, movie_id: UUID, after: Place, size: int) -> Sequence[Row]:
        """Subscribers behind a place, oldest first."""
        values = {"movie_id": movie_id, "after_time": after[0], "after_id": after[1], "size": size}
        return (await self.database.read(LIST_SUBSCRIBERS, values)).all()


class FollowStore:
    """Who follows whom."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, follower_id: UUID, followed_id: UUID) -> None:
        """Follows, once."""
        values = {"follower_id": follower_id, "followed_id": followed_id, "now": clock.now()}
        await idempotency.run(self.database, FOLLOW, values)

    async def remove(self, follower_id: UUID, followed_id: UUID) -> None:
        """Ends following, if there was any."""
        values = {"follower_id": follower_id, "followed_id": followed_id}
        await idempotency.run(self.database, UNFOLLOW, values)

    async def list_followers(self, followed_id: UUID, after: Place, size: int) -> Sequence[Row]:
        """Followers behind a place, oldest first."""
        values = {"followed_id": followed_id, "after_time": after[0], "after_id": after[1], "size": size}
        return (await self.database.read(LIST_FOLLOWERS, values)).all()

    async def list_following(self, follower_id: UUID, after: Place, size: int) -> Sequence[Row]:
        """Those whom a person follows behind a place, the longest followed first."""
        values = {"follower_id": follower_id, "after_time": after[0], "after_id": after[1], "size": size}
        return (await self.database.read(LIST_FOLLOWING, values)).all()

    async def list_followed_among(self, follower_id: UUID, ids: Collection[UUID]) -> Sequence[UUID]:
        """Which of these people a person follows."""
        values = {"follower_id": follower_id, "ids": list(ids)}
        return (await self.database.read(LIST_FOLLOWED_AMONG, values)).column()


def one_review(found: Rows) -> Row:
    """The review that was found. Raises NotFound (REVIEW_NOT_FOUND)."""
    row = found.one_or_none()
    if row is None:
        raise NotFound("REVIEW_NOT_FOUND", "there is no such review")
    return row
