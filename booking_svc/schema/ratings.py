"""What the people of an evening say, of each other and of whether it took place."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from booking_svc.schema.base import Base

UNCOUNTED = text("count_time IS NULL AND NOT hidden")


class Rating(Base):
    """What a person who was there says of another: a guest of the host, or the host of a guest."""

    __tablename__ = "ratings"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    announcement_id: Mapped[UUID] = mapped_column(ForeignKey("announcements.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("bookings.id"))
    rater_id: Mapped[UUID]
    rated_id: Mapped[UUID]
    of_host: Mapped[bool]
    score: Mapped[int] = mapped_column(SmallInteger)
    text: Mapped[str]
    private_note: Mapped[str] = mapped_column(server_default="")
    create_time: Mapped[datetime]
    update_time: Mapped[datetime]
    reveal_time: Mapped[datetime]
    """When the 14 days for rating are over, or, if that is sooner, when all of the evening who may rate have rated."""
    list_time: Mapped[datetime]
    """When it is listed: what guests say of their host waits until three have said something, or for the 14 days."""
    hidden: Mapped[bool] = mapped_column(server_default="false")
    """Whether moderators have hidden it."""
    count_time: Mapped[datetime | None]
    """When it was added to its standing; never while it is sealed or hidden."""

    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 10", name="score_in_range"),
        CheckConstraint("rater_id <> rated_id", name="nobody_rates_himself"),
        CheckConstraint(
            "count_time IS NULL OR (count_time >= reveal_time AND NOT hidden)", name="counts_once_revealed"
        ),
        CheckConstraint("list_time >= reveal_time", name="listed_once_revealed"),
        UniqueConstraint("announcement_id", "rater_id", "rated_id", name="one_rating_per_pair_and_evening"),
        Index("by_rated", "rated_id", "create_time", "id"),
        Index(
            "uncounted_by_rated",
            "rated_id",
            "of_host",
            "reveal_time",
            postgresql_where=UNCOUNTED,
            postgresql_include=["score"],
        ),
        Index("to_count", "reveal_time", "id", postgresql_where=UNCOUNTED),
    )


class Standing(Base):
    """What a person's counted ratings add up to, as a host or as a guest; no row is none."""

    __tablename__ = "standings"

    person_id: Mapped[UUID]
    of_host: Mapped[bool]
    ratings_count: Mapped[int]
    ratings_sum: Mapped[int]
    lower_bound: Mapped[float] = mapped_column(Computed("lower_bound(ratings_count, ratings_sum)", persisted=True))
    """What the mean is at least, with 95 % confidence; 0 when nobody has rated, 2.9 for a bare 10 from one guest.

    The lower end of the Wilson score interval, with the mean as a share of what is possible: E. B. Wilson, "Probable
    Inference, the Law of Succession, and Statistical Inference", 1927.
    """

    __table_args__ = (
        PrimaryKeyConstraint("person_id", "of_host"),
        CheckConstraint("ratings_count >= 0", name="counts_up"),
        CheckConstraint("ratings_sum BETWEEN ratings_count AND 10 * ratings_count", name="mean_in_range"),
        Index(
            "best_hosts",
            text("lower_bound DESC"),
            "person_id",
            postgresql_where=text("of_host AND ratings_count > 0"),
        ),
    )


class NotHeld(Base):
    """A guest's word that an evening did not take place."""

    __tablename__ = "not_held"

    announcement_id: Mapped[UUID] = mapped_column(ForeignKey("announcements.id"))
    guest_id: Mapped[UUID]
    create_time: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("announcement_id", "guest_id"),)
