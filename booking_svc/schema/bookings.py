"""Places at evenings, and where each stands."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from booking_svc.schema.base import Base, one_of


class State(StrEnum):
    """Where a booking stands."""

    PENDING = "PENDING"
    WAITLISTED = "WAITLISTED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    ATTENDED = "ATTENDED"
    NO_SHOW = "NO_SHOW"


LIVE = (State.PENDING, State.WAITLISTED, State.ACCEPTED)
"""Bookings that hold their guest's time."""
SEATED = (State.ACCEPTED, State.ATTENDED, State.NO_SHOW)
"""Bookings that hold places."""


class Booking(Base):
    """A guest's application for places at an evening, and what became of it."""

    __tablename__ = "bookings"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    announcement_id: Mapped[UUID] = mapped_column(ForeignKey("announcements.id"))
    guest_id: Mapped[UUID]
    state: Mapped[str]
    tickets: Mapped[int]
    create_time: Mapped[datetime]
    update_time: Mapped[datetime]
    accept_time: Mapped[datetime | None]
    promoted: Mapped[bool] = mapped_column(server_default="false")
    """Whether a place was offered to it that it had waited for, and its host has not said yes or no yet."""
    decline_reason: Mapped[str] = mapped_column(server_default="")
    guest_late_minutes: Mapped[int | None]
    """How many minutes were left when its guest gave the place up late; nothing any more once it is accepted again."""
    host_late_minutes: Mapped[int | None]
    """As above, when the host took the place away."""

    __table_args__ = (
        CheckConstraint("tickets > 0", name="wants_places"),
        CheckConstraint(one_of("state", State), name="known_state"),
        Index(
            "one_live_booking_per_guest",
            "announcement_id",
            "guest_id",
            unique=True,
            postgresql_where=text(one_of("state", LIVE)),
        ),
        Index("by_announcement", "announcement_id", "id"),
        Index("waiting", "announcement_id", "id", postgresql_where=text("state = 'WAITLISTED'")),
        Index("by_guest", "guest_id", "id"),
        Index("let_down_late", "announcement_id", postgresql_where=text("host_late_minutes IS NOT NULL")),
    )


def author_status(state: str) -> bool | None:
    """The author's half of the documented pair."""
    if state in SEATED:
        return True
    return False if state in (State.DECLINED, State.CANCELLED) else None


def guest_status(state: str) -> bool:
    """The guest's half of the documented pair."""
    return state != State.WITHDRAWN
