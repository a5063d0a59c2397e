"""Evenings, and where they stand."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from booking_svc.schema.base import Base, one_of

LONGEST = timedelta(days=1)
"""No evening lasts longer: what began earlier is over, which lets lists start at an index."""
RATING_WINDOW = timedelta(days=14)
SEARCHED = """search_key(CASE WHEN address_for_guests_only THEN city ELSE event_location || chr(10) || city END)"""


class Will(StrEnum):
    """What the author wants of an announcement. Its status also depends on the places and the time."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class Status(StrEnum):
    """What the contract calls an announcement's status."""

    CREATED = "Created"
    ALIVE = "Alive"
    CLOSED = "Closed"
    DONE = "Done"
    CANCELLED = "Cancelled"


class Announcement(Base):
    """An evening that a host announces."""

    __tablename__ = "announcements"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    author_id: Mapped[UUID]
    movie_id: Mapped[UUID]
    will: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    sub_only: Mapped[bool]
    is_free: Mapped[bool]
    accept_at_once: Mapped[bool]
    tickets_count: Mapped[int]
    places_taken: Mapped[int] = mapped_column(server_default="0")
    event_time: Mapped[datetime]
    duration_minutes: Mapped[int]
    """The film's running time when the evening was announced."""
    end_time: Mapped[datetime] = mapped_column(Computed("minutes_later(event_time, duration_minutes)", persisted=True))
    event_location: Mapped[str]
    city: Mapped[str] = mapped_column(server_default="")
    address_for_guests_only: Mapped[bool] = mapped_column(server_default="false")
    location_key: Mapped[str] = mapped_column(Computed(SEARCHED, persisted=True))
    """What a search by location looks at: nobody finds out by it where a hidden address is."""
    time_zone: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")
    create_time: Mapped[datetime]
    update_time: Mapped[datetime]
    publish_time: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(server_default="")
    late_minutes: Mapped[int | None]
    """How many minutes were left when its author called it off, or moved it, late, while guests had places."""
    begun: Mapped[bool] = mapped_column(server_default="false")
    """Whether what was not decided when it began has expired."""
    move_time: Mapped[datetime | None]
    """When it was last moved to another time after it was published."""
    reminded_24h: Mapped[datetime | None]
    """The event_time of which people were reminded a day before: once it is moved they are to be reminded anew."""
    reminded_1h: Mapped[datetime | None]
    """As above, an hour before."""
    told_over: Mapped[bool] = mapped_column(server_default="false")
    """Whether people were told that it is over."""

    __table_args__ = (
        CheckConstraint("places_taken BETWEEN 0 AND tickets_count", name="no_place_is_sold_twice"),
        CheckConstraint("tickets_count BETWEEN 1 AND 1000", name="has_places"),
        CheckConstraint("duration_minutes BETWEEN 1 AND 1440", name="ends_within_a_day"),
        CheckConstraint(one_of("will", Will), name="known_will"),
        Index(
            "one_announcement_per_film_and_time",
            "author_id",
            "movie_id",
            "event_time",
            unique=True,
            postgresql_where=text("will <> 'CANCELLED'"),
        ),
        Index("published", "event_time", "id", postgresql_where=text("publish_time IS NOT NULL")),
        Index("to_begin", "event_time", postgresql_where=text("NOT begun AND will IN ('PUBLISHED', 'CLOSED')")),
        Index(
            "to_remind_24h",
            "event_time",
            postgresql_where=text("reminded_24h IS DISTINCT FROM event_time AND will IN ('PUBLISHED', 'CLOSED')"),
        ),
        Index(
            "to_remind_1h",
            "event_time",
            postgresql_where=text("reminded_1h IS DISTINCT FROM event_time AND will IN ('PUBLISHED', 'CLOSED')"),
        ),
        Index("to_end", "end_time", postgresql_where=text("NOT told_over AND will IN ('PUBLISHED', 'CLOSED')")),
        Index("by_author", "author_id", "event_time", "id"),
        Index("by_movie", "movie_id", "event_time", "id"),
        Index("by_location", "location_key", postgresql_using="gin", postgresql_ops={"location_key": "gin_trgm_ops"}),
    )


def status(announcement: Any, now: datetime) -> Status:
    """The documented status. Closed comes by itself when full, and goes when a place is freed; it comes for good when
    the evening begins, because nobody can apply any more; Done when it is over."""
    if announcement.will == Will.CANCELLED:
        return Status.CANCELLED
    if announcement.will == Will.DRAFT:
        return Status.CREATED
    if now >= announcement.end_time:
        return Status.DONE
    full = announcement.places_taken >= announcement.tickets_count
    if announcement.will == Will.CLOSED or full or now >= announcement.event_time:
        return Status.CLOSED
    return Status.ALIVE


def places_left(announcement: Any) -> int:
    """Places that are not promised to anybody."""
    return int(announcement.tickets_count - announcement.places_taken)


def is_ended(announcement: Any, now: datetime) -> bool:
    """Whether nothing about it can be changed any more. A draft whose time has passed can still be cancelled."""
    return status(announcement, now) in (Status.CANCELLED, Status.DONE)


def has_begun(announcement: Any, now: datetime) -> bool:
    """Whether people are there by now, or were. Drafts and what was called off never begin."""
    return announcement.will in (Will.PUBLISHED, Will.CLOSED) and now >= announcement.event_time


def rating_closes(announcement: Any) -> datetime:
    """Until when the people of an evening may rate each other."""
    closes: datetime = announcement.end_time + RATING_WINDOW
    return closes
