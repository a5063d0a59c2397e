"""Rows of reviews and of what people think of them. Likes and film scores are counted by triggers on these."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from mesh import clock
from mesh.database import Connection, Database, Row, Rows
from mesh.errors import AlreadyExists, NotFound
from mesh.paging import Place

COLUMNS = "id, movie_id, author_id, text, score, create_time, edit_time, likes, dislikes"
ADD = text(
    f"""INSERT INTO reviews (movie_id, author_id, text, score, create_time)
    VALUES (:movie_id, :author_id, :text, :score, :now)
    ON CONFLICT (author_id, movie_id) DO NOTHING RETURNING {COLUMNS}"""
)
FIND = text(f"SELECT {COLUMNS} FROM reviews WHERE id = :id")
# Always the review before its reactions: in another order two who change both would wait for each other.
HOLD = text(f"SELECT {COLUMNS} FROM reviews WHERE id = :id FOR UPDATE")
CHANGE = text(
    f"""UPDATE reviews SET text = coalesce(:text, text), score = coalesce(:score, score), edit_time = :now
    WHERE id = :id RETURNING {COLUMNS}"""
)
REMOVE = text("DELETE FROM reviews WHERE id = :id")
REACT = text(
    """INSERT INTO reactions (review_id, person_id, value, update_time) VALUES (:review_id, :person_id, :value, :now)
    ON CONFLICT (review_id, person_id) DO UPDATE SET value = excluded.value, update_time = excluded.update_time"""
)
TAKE_BACK = text("DELETE FROM reactions WHERE review_id = :review_id AND person_id = :person_id")
LIST_NEWEST = text(
    f"""SELECT {COLUMNS} FROM reviews
    WHERE movie_id = :movie_id AND (create_time, id) < (:before_time, :before_id)
    ORDER BY create_time DESC, id DESC LIMIT :size"""
)
LIST_MOST_LIKED = text(
    f"""SELECT {COLUMNS} FROM reviews
    WHERE movie_id = :movie_id AND (likes, id) < (:before_likes, :before_id)
    ORDER BY likes DESC, id DESC LIMIT :size"""
)
FILM_SCORE = text("SELECT reviews_count, score_sum FROM film_scores WHERE movie_id = :movie_id")


class ReviewStore:
    """Reviews and the reactions to them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, connection: Connection, movie_id: UUID, author_id: UUID, text: str, score: int) -> Row:
        """A new review. Raises AlreadyExists (REVIEW_EXISTS)."""
        values = {"movie_id": movie_id, "author_id": author_id, "text": text, "score": score, "now": clock.now()}
        row = (await connection.execute(ADD, values)).one_or_none()
        if row is None:
            raise AlreadyExists("REVIEW_EXISTS", "the caller has reviewed this film already")
        return row

    async def get(self, review_id: UUID) -> Row:
        """A review with its likes and dislikes. Raises NotFound (REVIEW_NOT_FOUND)."""
        return one_review(await self.database.read(FIND, {"id": review_id}))

    async def hold(self, connection: Connection, review_id: UUID) -> Row:
        """As get(); until the transaction ends nobody else changes it or what is thought of it."""
        return one_review(await connection.execute(HOLD, {"id": review_id}))

    async def change(self, connection: Connection, review_id: UUID, text: str | None, score: int | None) -> Row:
        """A review that is held, after a change; None leaves what there is."""
        values = {"id": review_id, "text": text, "score": score, "now": clock.now()}
        return (await connection.execute(CHANGE, values)).one()

    async def remove(self, connection: Connection, review_id: UUID) -> None:
        """Deletes a review that is held, and the reactions to it."""
        await connection.execute(REMOVE, {"id": review_id})

    async def react(self, connection: Connection, review_id: UUID, person_id: UUID, value: int | None) -> Row:
        """A review that is held, after setting or taking back (None) what a person thinks of it."""
        values = {"review_id": review_id, "person_id": person_id, "value": value, "now": clock.now()}
        await connection.execute(TAKE_BACK if value is None else REACT, values)
        return one_review(await connection.execute(FIND, {"id": review_id}))

    async def list_newest(self, movie_id: UUID, before: Place, size: int) -> Sequence[Row]:
        """A film's reviews that are older than a place, the newest first."""
        values = {"movie_id": movie_id, "before_time": before[0], "before_id": before[1], "size": size}
        return (await self.database.read(LIST_NEWEST, values)).all()

    async def list_most_liked(self, movie_id: UUID, before: tuple[int, UUID], size: int) -> Sequence[Row]:
        """A film's reviews behind a place, the most liked first."""
        values = {"movie_id": movie_id, "before_likes": before[0], "before_id": before[1], "size": size}
        return (await self.database.read(LIST_MOST_LIKED, values)).all()

    async def film_score(self, movie_id: UUID) -> tuple[int, int]:
        """How many reviews a film has, and the sum of their scores."""
        row = (await self.database.read(FILM_SCORE, {"movie_id": movie_id})).one_or_none()
        return (row.reviews_count, row.score_sum) if row else (0, 0)


def one_review(found: Rows) -> Row:
    """The review that was found. Raises NotFound (REVIEW_NOT_FOUND)."""
    row = found.one_or_none()
    if row is None:
        raise NotFound("REVIEW_NOT_FOUND", "there is no such review")
    return row
