"""People's time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from booking_svc.schema.base import Base

HOST_SLOT = UUID(int=0)
"""The slot of an evening that one hosts: hosting two rooms at once is allowed, everything else clashes."""


class Engagement(Base):
    """When a person is busy: one row for every live booking and every evening hosted."""

    __tablename__ = "engagements"

    person_id: Mapped[UUID]
    announcement_id: Mapped[UUID] = mapped_column(ForeignKey("announcements.id"))
    slot: Mapped[UUID]
    """The booking's id, or HOST_SLOT."""
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE())

    __table_args__ = (
        PrimaryKeyConstraint("announcement_id", "person_id"),
        ExcludeConstraint(
            ("person_id", "="), ("during", "&&"), ("slot", "<>"), using="gist", name="nobody_is_in_two_places_at_once"
        ),
    )
