"""What people report of ratings, and what moderators do about it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from booking_svc.schema.base import Base, one_of
from mesh.privileges import APPEND_ONLY


class Action(StrEnum):
    """What moderators do with a rating."""

    HIDE = "HIDE"
    RESTORE = "RESTORE"
    DISMISS = "DISMISS"


class Reported(Base):
    """A rating that people have reported, and whether moderators have decided about all that was said of it."""

    __tablename__ = "reported"

    rating_id: Mapped[UUID] = mapped_column(ForeignKey("ratings.id"), primary_key=True)
    closed: Mapped[bool]
    create_time: Mapped[datetime]
    """When it was reported first."""

    __table_args__ = (Index("open_first", "closed", "create_time", "rating_id"),)


class Report(Base):
    """What one person says is wrong with a rating."""

    __tablename__ = "reports"

    rating_id: Mapped[UUID] = mapped_column(ForeignKey("ratings.id"))
    reporter_id: Mapped[UUID]
    reason: Mapped[str]
    open: Mapped[bool]
    """Whether moderators have not decided yet."""
    create_time: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("rating_id", "reporter_id"),)


class Moderation(Base):
    """What a moderator decided about a rating; append-only: what was done can always be looked up."""

    __tablename__ = "moderations"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    rating_id: Mapped[UUID] = mapped_column(ForeignKey("ratings.id"))
    moderator_id: Mapped[UUID]
    action: Mapped[str]
    reason: Mapped[str]
    create_time: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(one_of("action", Action), name="known_action"),
        Index("moderations_of_rating", "rating_id", "id"),
        {"info": APPEND_ONLY},
    )
