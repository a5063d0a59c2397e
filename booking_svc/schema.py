"""Tables, the promises that PostgreSQL keeps, and rules that need one row only.

Hot paths read plain rows instead of ORM objects. They have the same attributes, so the rules here take either.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Double,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mesh.idempotency import KeptKey
from mesh.privileges import APPEND_ONLY

HOST_SLOT = UUID(int=0)
"""The slot of an evening that one hosts: hosting two rooms at once is allowed, everything else clashes."""
NOBODY = UUID(int=0)
"""Who did what came by itself: promotions and expiry."""
RATING_WINDOW = timedelta(days=14)
LONGEST = timedelta(days=1)
"""No evening lasts longer: what began earlier is over, which lets lists start at an index."""


class Will(StrEnum):
    """What the author wants of an announcement. Its status also depends on the places and the time."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


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


class Action(StrEnum):
    """What moderators do with a rating."""

    HIDE = "HIDE"
    RESTORE = "RESTORE"
    DISMISS = "DISMISS"


class Status(StrEnum):
    """What the contract calls an announcement's status."""

    CREATED = "Created"
    ALIVE = "Alive"
    CLOSED = "Closed"
    DONE = "Done"
    CANCELLED = "Cancelled"


def one_of(column: str, values: Iterable[StrEnum]) -> str:
    """The condition that a column holds one of some enum's values."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


UNCOUNTED = text("count_time IS NULL AND NOT hidden")
SEARCHED = """search_key(CASE WHEN address_for_guests_only THEN city ELSE event_location || chr(10) || city END)"""


class Base(DeclarativeBase):
    """All tables of the service; times are instants."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: TIMESTAMP(timezone=True),
        str: Text(),
        UUID: Uuid(),
        dict[str, Any]: JSONB(),
        float: Double(),
    }


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


class Block(Base):
    """Whether a person blocks another, as ugc told last. It stays when the block is lifted, so that nothing that comes
    late renews it."""

    __tablename__ = "blocks"

    blocker_id: Mapped[UUID] = mapped_column(primary_key=True)
    blocked_id: Mapped[UUID] = mapped_column(primary_key=True)
    blocked: Mapped[bool]
    change_time: Mapped[datetime]
    """When it was decided, by ugc's clock."""

    __table_args__ = (Index("by_blocked", "blocked_id", postgresql_where=text("blocked")),)


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


class NotHeld(Base):
    """A guest's word that an evening did not take place."""

    __tablename__ = "not_held"

    announcement_id: Mapped[UUID] = mapped_column(ForeignKey("announcements.id"))
    guest_id: Mapped[UUID]
    create_time: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("announcement_id", "guest_id"),)


class IdempotencyKey(KeptKey, Base):
    """Keys of writes that succeeded, with their answers."""


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


def author_status(state: str) -> bool | None:
    """The author's half of the documented pair."""
    if state in SEATED:
        return True
    return False if state in (State.DECLINED, State.CANCELLED) else None


def guest_status(state: str) -> bool:
    """The guest's half of the documented pair."""
    return state != State.WITHDRAWN
