"""What happened, and how far it has been told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from booking_svc.schema.base import Base
from mesh.privileges import APPEND_ONLY


class BookingEvent(Base):
    """What happened, append-only: the ledger of places, the timeline, and what people are told."""

    __tablename__ = "booking_events"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    announcement_id: Mapped[UUID] = mapped_column(ForeignKey("announcements.id"))
    booking_id: Mapped[UUID | None]
    places_delta: Mapped[int]
    kind: Mapped[str]
    cause: Mapped[str]
    actor_id: Mapped[UUID]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    create_time: Mapped[datetime]

    __table_args__ = (Index("events_of_announcement", "announcement_id", "booking_id", "id"), {"info": APPEND_ONLY})


class FanOut(Base):
    """How far the telling of an event to very many has come."""

    __tablename__ = "fan_outs"

    event_id: Mapped[UUID] = mapped_column(ForeignKey("booking_events.id"), primary_key=True)
    source: Mapped[str]
    page_token: Mapped[str]
