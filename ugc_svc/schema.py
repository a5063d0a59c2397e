"""Tables, and the promises that PostgreSQL keeps."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
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
    edit_time: Mapped[datetime | None]
    likes: Mapped[int] = mapped_column(server_default="0")
    """How many there are among the reactions; a trigger counts these two in whatever transaction changes those."""
    dislikes: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 10", name="score_in_range"),
        CheckConstraint("likes >= 0 AND dislikes >= 0", name="counts_are_counts"),
        Index("reviews_of_movie", "movie_id", "create_time", "id"),
        Index("reviews_by_likes", "movie_id", "likes", "id"),
        UniqueConstraint("author_id", "movie_id", name="one_review_per_author_and_film"),
    )


class Reaction(Base):
    """What a person thinks of a review."""

    __tablename__ = "reactions"

    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(SmallInteger)
    """LIKE or DISLIKE."""
    update_time: Mapped[datetime]

    __table_args__ = (CheckConstraint(f"value IN ({LIKE}, {DISLIKE})", name="like_or_dislike"),)


class FilmScore(Base):
    """What a film was given in its reviews; a trigger counts it in whatever transaction changes those."""

    __tablename__ = "film_scores"

    movie_id: Mapped[UUID] = mapped_column(primary_key=True)
    reviews_count: Mapped[int]
    score_sum: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("reviews_count >= 0 AND score_sum >= reviews_count", name="sums_are_sums"),)


class Subscription(Base):
    """A person wants to hear of evenings with a film."""

    __tablename__ = "subscriptions"

    movie_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    create_time: Mapped[datetime]

    __table_args__ = (
        Index("subscribers_of_movie", "movie_id", "create_time", "user_id"),
        Index("movies_of_subscriber", "user_id", "create_time", "movie_id"),
    )


class Follow(Base):
    """A person follows another."""

    __tablename__ = "follows"

    follower_id: Mapped[UUID] = mapped_column(primary_key=True)
    followed_id: Mapped[UUID] = mapped_column(primary_key=True)
    create_time: Mapped[datetime]
    hidden: Mapped[bool] = mapped_column(server_default="false")
    """The followed person has blocked the follower, who alone sees that he follows: it has no effect."""

    __table_args__ = (
        CheckConstraint("follower_id <> followed_id", name="nobody_follows_himself"),
        Index("followers_of_person", "followed_id", "create_time", "follower_id"),
        Index("followed_by_person", "follower_id", "create_time", "followed_id"),
    )


class FriendRequest(Base):
    """A person asks another to be friends."""

    __tablename__ = "friend_requests"

    sender_id: Mapped[UUID] = mapped_column(primary_key=True)
    receiver_id: Mapped[UUID] = mapped_column(primary_key=True)
    create_time: Mapped[datetime]
    hidden: Mapped[bool] = mapped_column(server_default="false")
    """The receiver has blocked the sender, who alone sees that he asks."""

    __table_args__ = (
        CheckConstraint("sender_id <> receiver_id", name="nobody_asks_himself"),
        Index("requests_to_person", "receiver_id", "create_time", "sender_id"),
        Index("requests_of_person", "sender_id", "create_time", "receiver_id"),
    )


class Friendship(Base):
    """Two people are friends: one row for both, whoever asked."""

    __tablename__ = "friendships"

    lower_id: Mapped[UUID] = mapped_column(primary_key=True)
    higher_id: Mapped[UUID] = mapped_column(primary_key=True)
    create_time: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("lower_id < higher_id", name="one_row_per_pair"),
        Index("friends_of_lower", "lower_id", "create_time", "higher_id"),
        Index("friends_of_higher", "higher_id", "create_time", "lower_id"),
    )


class Privacy(Base):
    """What a person lets others see of him; nothing without a row."""

    __tablename__ = "privacy"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    show_evenings_to_friends: Mapped[bool]


class Block(Base):
    """A person blocks another. A row stays when the block ends: booking is told of changes in any order."""

    __tablename__ = "blocks"

    blocker_id: Mapped[UUID] = mapped_column(primary_key=True)
    blocked_id: Mapped[UUID] = mapped_column(primary_key=True)
    blocked: Mapped[bool]
    change_time: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("blocker_id <> blocked_id", name="nobody_blocks_himself"),
        Index("blocked_by_person", "blocker_id", "change_time", "blocked_id", postgresql_where=text("blocked")),
    )


class IdempotencyKey(KeptKey, Base):
    """Keys of writes that succeeded, with their answers."""
