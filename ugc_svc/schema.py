"""Tables, and the promises that PostgreSQL keeps."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, Uuid, func
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mesh.idempotency import KeptKey

LIKE = 1
DISLIKE = -1


class Base(DeclarativeBase):
    """All tables of the service; times are instants."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: TIMESTAMP(timezone=True), str: Text(), UUID: Uuid()}


class Review(Base):
    """What a person thinks of a film."""

    __tablename__ = "reviews"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    movie_id: Mapped[UUID]
    author_id: Mapped[UUID]
    text: Mapped[str]
    score: Mapped[int] = mapped_column(SmallInteger)
    create_time: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 10", name="score_in_range"),
        UniqueConstraint("author_id", "movie_id", name="one_review_per_author_and_film"),
    )


class Reaction(Base):
    """What a person thinks of a review. Counted when asked for: counters drift and make one row hot."""

    __tablename__ = "reactions"

    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(SmallInteger)
    """LIKE or DISLIKE."""
    update_time: Mapped[datetime]

    __table_args__ = (CheckConstraint(f"value IN ({LIKE}, {DISLIKE})", name="like_or_dislike"),)


class Subscription(Base):
    """A person wants to hear of evenings with a film."""

    __tablename__ = "subscriptions"

    movie_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    create_time: Mapped[datetime]

    __table_args__ = (Index("subscribers_of_movie", "movie_id", "create_time", "user_id"),)


class Follow(Base):
    """A person follows another; two who follow each other are friends."""

    __tablename__ = "follows"

    follower_id: Mapped[UUID] = mapped_column(primary_key=True)
    followed_id: Mapped[UUID] = mapped_column(primary_key=True)
    create_time: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("follower_id <> followed_id", name="nobody_follows_himself"),
        Index("followers_of_person", "followed_id", "create_time", "follower_id"),
        Index("followed_by_person", "follower_id", "create_time", "followed_id"),
    )


class IdempotencyKey(KeptKey, Base):
    """Keys of reviews, reactions, subscriptions and follows."""
